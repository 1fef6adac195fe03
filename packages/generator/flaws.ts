/** Invalid rows at known lines, of kinds found in real files, each with its expected reject code. */
import { LINE_BYTES_MAX } from '@splitcart/shared/lines.ts'
import { NESTING_MAX } from '@splitcart/shared/nesting.ts'
import type { RejectCode } from '@splitcart/shared/row.ts'
import { chance, FOR, hash, pick } from './random.ts'

/** A broken row and the line where it stands; the first line is 1. */
export type Flaw = Readonly<{ line: number; kind: FlawKind }>

export type FlawKind = keyof typeof FLAWS

type Breaker = (line: string) => string | Buffer

const NEWLINE = 0x0a

/** The code for which each kind is rejected. */
export const FLAWS = {
  notJson: 'not_json',
  notUtf8: 'not_utf8',
  notARow: 'not_a_row',
  priceMissing: 'field_missing',
  priceNegative: 'field_value',
  priceInWords: 'field_value',
  priceObject: 'field_type',
  dateImpossible: 'field_value',
  nameEmpty: 'field_missing',
  keyForbidden: 'key_forbidden',
  tooNested: 'too_nested',
  tooLong: 'line_too_long',
} as const satisfies Record<string, RejectCode>

// Each takes a good line of the same scrape, so that the broken one looks as if it belonged there.
const BREAKERS: Readonly<Record<FlawKind, Breaker>> = {
  notJson: (line) => line.slice(0, Math.floor(line.length / 2)),
  notUtf8: (line) => Buffer.from(line.replace('"name": "', '"name": "\u00ff'), 'latin1'),
  notARow: () => '["product", "metadata"]',
  priceMissing: (line) => line.replace('"price_current"', '"price_then"'),
  priceNegative: (line) => line.replace('"price_current": ', '"price_current": -'),
  priceInWords: (line) => line.replace('"price_current": ', '"price_current": "see in store", "price_then": '),
  priceObject: (line) => line.replace('"price_current": ', '"price_current": {}, "price_then": '),
  dateImpossible: (line) => line.replaceAll(/("scraped_date": ")[^"]*/g, '$12025-02-30'),
  nameEmpty: (line) => line.replace('"name": "', '"name": "", "title": "'),
  keyForbidden: (line) => line.replace('"product": {', '"product": {"__proto__": {}, '),
  tooNested: (line) => line.replace('"product": {', `"product": {"deep": ${nested(NESTING_MAX + 1)}, `),
  tooLong: (line) => line.replace('"product": {', `"product": {"notes": "${'long '.repeat(LINE_BYTES_MAX / 5)}", `),
}

/** Distributes flaws of all kinds over a file of `lines` lines; about `share` of the lines get one. */
export function dealFlaws(seed: number, lines: number, share: number): Flaw[] {
  const kinds = Object.keys(FLAWS) as FlawKind[]
  const key = hash(seed, FOR.flaw)
  const flaws: Flaw[] = []
  for (let line = 1; line <= lines; line++)
    if (chance(key, line) < share) flaws.push({ line, kind: pick(kinds, hash(hash(key, line), FOR.flaw)) })
  return flaws
}

/** Inserts broken rows between lines; chunks hold whole lines. No valid row is lost. Throws if lines run out. */
export function* withFlaws(chunks: Iterable<Buffer>, flaws: readonly Flaw[]): Generator<Buffer> {
  const waiting = flaws.toSorted((one, other) => one.line - other.line)
  let number = 1
  let sample = ''
  for (const chunk of chunks) {
    if (sample === '') sample = chunk.toString('utf8', 0, chunk.indexOf(NEWLINE))
    let written = 0
    for (let start = 0; start < chunk.length; start = chunk.indexOf(NEWLINE, start) + 1, number++)
      for (; waiting[0]?.line === number; number++) {
        yield chunk.subarray(written, start)
        yield brokenLine(sample, (waiting.shift() as Flaw).kind)
        written = start
      }
    yield chunk.subarray(written)
  }
  for (; waiting[0]?.line === number; number++) yield brokenLine(sample, (waiting.shift() as Flaw).kind)
  if (waiting.length > 0) throw new RangeError(`the file ends before line ${waiting[0]?.line}`)
}

function brokenLine(sample: string, kind: FlawKind): Buffer {
  const line = BREAKERS[kind](sample)
  return Buffer.concat([typeof line === 'string' ? Buffer.from(line) : line, Buffer.of(NEWLINE)])
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}
