/**
 * Splits a chunk of a file into parts of at most `LINES_MAX` lines; each part becomes a batch. A chunk has more only if
 * its lines are very short: its batch, with some numbers per line, would be much larger than the chunk itself.
 */
import type { Buffer } from 'node:buffer'

const LINES_MAX = 2048
const NEWLINE = 0x0a

/** A part of a chunk, and how many newlines it has. */
export type ChunkPart = Readonly<{ bytes: Buffer; newlines: number }>

/** The parts of a chunk, each with at most `LINES_MAX` newlines. They share its memory. */
export function* splitChunk(chunk: Buffer): Generator<ChunkPart> {
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
