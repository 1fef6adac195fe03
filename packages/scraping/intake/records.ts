/**
 * Reads records from the output of any program as a stream: JSON Lines, a JSON array, or CSV with a header line. Memory
 * holds one record, however long the input is.
 */
import { isBlank, LINE_BYTES_MAX, readLines } from '@splitcart/shared/lines.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { JSONParser } from '@streamparser/json'
import { parse } from 'csv-parse'

export const FORMATS = ['jsonl', 'json', 'csv'] as const

export type Format = (typeof FORMATS)[number]

/** A record, and its position in the input, for people: `line 7`, `element 7`. */
export type InputRecord = Readonly<{ at: string; fields: Readonly<Record<string, unknown>> }>

/** The input; format and delimiter are detected from its first bytes if not given. */
export type Input = Readonly<{ chunks: AsyncIterable<Buffer>; format?: Format; delimiter?: string }>

const BRACKET = 0x5b
const BRACE = 0x7b
const MARK = [0xef, 0xbb, 0xbf]

/** Yields the records. Throws `input_unreadable` at the first invalid one; earlier ones may have been yielded. */
export async function* recordsOf({ chunks, format, delimiter }: Input): AsyncGenerator<InputRecord> {
  const { first, all } = await peek(chunks)
  const found = format ?? formatOf(first)
  if (found === 'jsonl') yield* fromLines(all)
  else if (found === 'json') yield* fromArray(all)
  else yield* fromCsv(all, delimiter ?? delimiterIn(first))
}

function formatOf(first: Buffer): Format {
  const byte = first.find((each) => each > 0x20)
  if (byte === BRACKET) return 'json'
  return byte === BRACE ? 'jsonl' : 'csv'
}

/** Whether the bytes suffice to detect the format; for CSV a whole line is needed, to detect the delimiter. */
function isTelling(first: Buffer<ArrayBuffer>): boolean {
  const byte = first.length < MARK.length ? undefined : withoutMark(first).find((each) => each > 0x20)
  return (
    byte === BRACKET || byte === BRACE || (byte !== undefined && first.toString('latin1').trimStart().includes('\n'))
  )
}

/** The first bytes, enough to detect the format, and a stream of the whole input; both without byte order mark. */
async function peek(chunks: AsyncIterable<Buffer>) {
  const iterator = chunks[Symbol.asyncIterator]()
  let first = Buffer.alloc(0)
  while (!isTelling(first)) {
    const { value, done } = await iterator.next()
    if (done) break
    first = Buffer.concat([first, value])
    if (first.length > LINE_BYTES_MAX) break
  }
  first = withoutMark(first)
  const all = async function* () {
    if (first.length > 0) yield first
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  }
  return { first, all: all() }
}

function withoutMark(bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  return MARK.every((byte, at) => bytes[at] === byte) ? bytes.subarray(MARK.length) : bytes
}

async function* fromLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<InputRecord> {
  for await (const lines of readLines(chunks))
    for (const { number, bytes, tooLong } of lines) {
      if (isBlank(bytes)) continue
      const at = `line ${number}`
      if (tooLong) throw unreadable(at, `is longer than ${LINE_BYTES_MAX} bytes`)
      yield { at, fields: objectOf(parsed(bytes, at), at) }
    }
}

function parsed(bytes: Buffer, at: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw unreadable(at, `is not JSON (${cause instanceof Error ? cause.message : cause})`)
  }
}

async function* fromArray(chunks: AsyncIterable<Buffer>): AsyncGenerator<InputRecord> {
  const parser = new JSONParser({ paths: ['$.*'], keepStack: false })
  let ready: unknown[] = []
  let number = 0
  parser.onValue = ({ value, stack }) => {
    if (stack.length === 1) ready.push(value)
  }
  let hasEnded = false
  parser.onEnd = () => (hasEnded = true)
  for await (const chunk of chunks) {
    write(parser, chunk, () => number + ready.length)
    for (const value of ready) yield { at: `element ${++number}`, fields: objectOf(value, `element ${number}`) }
    ready = []
  }
  if (!hasEnded) throw unreadable('the end of input', `came before the array was closed, after element ${number}`)
}

function write(parser: JSONParser, chunk: Buffer, before: () => number): void {
  // Only blanks may follow the end of the array.
  if (parser.isEnded && isBlankText(chunk)) return
  try {
    parser.write(chunk)
  } catch (cause) {
    throw unreadable(
      `what follows element ${before()}`,
      `is not JSON (${cause instanceof Error ? cause.message : cause})`,
    )
  }
}

function isBlankText(chunk: Buffer): boolean {
  return chunk.every((byte) => byte <= 0x20)
}

async function* fromCsv(chunks: AsyncIterable<Buffer>, delimiter: string): AsyncGenerator<InputRecord> {
  const parser = parse({
    columns: (names: string[]) => names.map((name) => name.trim()),
    bom: true,
    delimiter,
    skip_empty_lines: true,
    max_record_size: LINE_BYTES_MAX,
    info: true,
  })
  const feeding = feed(chunks, parser)
  try {
    for await (const { record, info } of parser) yield { at: `line ${info.lines}`, fields: record }
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('CSV_'))
      throw unreadable('the CSV', `cannot be read: ${cause.message}`)
    throw cause
  } finally {
    parser.destroy()
  }
  await feeding
}

async function feed(chunks: AsyncIterable<Buffer>, parser: ReturnType<typeof parse>): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (parser.destroyed) return
      if (!parser.write(chunk))
        await new Promise<void>((resolve) => parser.once('drain', resolve).once('close', resolve))
    }
    parser.end()
  } catch (cause) {
    parser.destroy(cause instanceof Error ? cause : new Error(String(cause)))
  }
}

/** Detects the CSV delimiter: in some languages of the system, Excel writes another one instead of a comma. */
function delimiterIn(first: Buffer): string {
  const [names = ''] = first.toString('utf8').trimStart().split(/\r?\n/)
  const count = (character: string) => names.split(character).length
  return [';', '\t'].find((character) => count(character) > count(',')) ?? ','
}

function objectOf(value: unknown, at: string): InputRecord['fields'] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as InputRecord['fields']
  throw unreadable(at, 'is no object')
}

function unreadable(at: string, what: string): Problem {
  return new Problem('input_unreadable', `${at} ${what}`)
}
