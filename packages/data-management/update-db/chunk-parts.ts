/** Chunks of a file in parts of so many lines: a portion of more would be mostly what is kept of each, for these are lines of a few bytes. */
import type { Buffer } from 'node:buffer'

const LINES_MAX = 4096
const NEWLINE = 0x0a

/** The parts of a chunk that hold so many newlines. */
export function* partsOf(chunk: Buffer): Generator<Buffer> {
  let from = 0
  let newlines = 0
  for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) {
    if (++newlines % LINES_MAX !== 0) continue
    yield chunk.subarray(from, at + 1)
    from = at + 1
  }
  if (from < chunk.length) yield chunk.subarray(from)
}
