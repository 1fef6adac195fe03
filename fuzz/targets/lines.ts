/** The line splitter, against a split of the whole content at once. The first two bytes say where it is cut and how long a line may be. */
import { countLines, LineSplitter } from '@splitcart/shared/lines.ts'
import type { Target } from '../target.ts'
import { unlessEqual } from './problem-answer.ts'

type Shown = readonly [number: number, bytes: string, tooLong: boolean]

const KEPT_OF_A_LONG_LINE = 1024

function read(input: Buffer) {
  const [cut = 0, limit = 0] = input
  return { content: input.subarray(2), size: 1 + cut, lineBytesMax: limit < 128 ? 1 + limit : 16 * limit }
}

function answer(input: Buffer): string {
  const { content, size, lineBytesMax } = read(input)
  const splitter = new LineSplitter(lineBytesMax)
  const count = { lines: 0, open: false }
  const shown: Shown[] = []
  for (let from = 0; from < content.length; from += size) {
    // Copied, and written over afterwards: no line may live on memory that is the reader's.
    const chunk = Buffer.from(content.subarray(from, from + size))
    countLines(count, chunk)
    for (const line of splitter.push(chunk)) shown.push([line.number, line.bytes.toString('latin1'), line.tooLong])
    chunk.fill(0x0a)
  }
  const last = splitter.end()
  if (last !== undefined) shown.push([last.number, last.bytes.toString('latin1'), last.tooLong])
  return JSON.stringify([count.lines + (count.open ? 1 : 0), shown])
}

function expected(input: Buffer): string {
  const { content, lineBytesMax } = read(input)
  const texts = content.toString('latin1').split('\n')
  if (texts.at(-1) === '') texts.pop()
  const shown = texts.map((text, index): Shown => {
    const kept = text.length > lineBytesMax ? text.slice(0, KEPT_OF_A_LONG_LINE) : text
    return [index + 1, index === 0 ? kept.replace(/^\u00ef\u00bb\u00bf/, '') : kept, text.length > lineBytesMax]
  })
  return JSON.stringify([texts.length, shown])
}

export function lines(): Target {
  return {
    about: 'the line splitter, against a split of the whole content',
    bytesMax: 8192,
    words: ['\n', '\n\n', '\r\n', '\u00ef\u00bb\u00bf', '\u00e2\u0080\u00a8', 'a line'],
    answer,
    faultOf: (input, given) => unlessEqual(given, expected(input)),
    kindOf: (given) => {
      const [count, shown] = JSON.parse(given) as [number, Shown[]]
      return `${Math.min(count, 20)} ${shown.filter(([, , tooLong]) => tooLong).length > 0} ${shown.some(([, text]) => text === '')}`
    },
    // A line that is exactly as long as it may be counts as too long.
    withMistake: (input, given) => {
      const [count, shown] = JSON.parse(given) as [number, Shown[]]
      const { lineBytesMax } = read(input)
      return JSON.stringify([
        count,
        shown.map(([n, text, tooLong]) => [n, text, tooLong || (n > 2 && text.length === lineBytesMax)]),
      ])
    },
    msMax: 500,
  }
}
