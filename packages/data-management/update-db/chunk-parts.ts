/**
 * Splits chunks of a file into parts of so many lines, of which each becomes a batch. More lines fit into a chunk only
 * if they have a few bytes each: most of their batch would be what is kept for each line.
 */
import type { Buffer } from 'node:buffer'

const LINES_MAX = 2048
const NEWLINE = 0x0a

/** A part of a chunk, and how many newlines it has. */
export type Part = Readonly<{ bytes: Buffer; newlines: number }>

/** The parts of a chunk that hold so many newlines. */
export function* partsOf(chunk: Buffer): Generator<Part> {
  let from = 0
  let newlines = 0
  for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) {
    if (++newlines < LINES_MAX) continue
    yield { bytes: chunk.subarray(from, at + 1), newlines }
    from = at + 1
    newlines = 0
  }
  if (from < chunk.length) yield { bytes: chunk.subarray(from), newlines }
}
