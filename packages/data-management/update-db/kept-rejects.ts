/** Keeps the rejects of a file while it is read: if it is held or fails, only they and the counts are recorded. */
import type { RejectedLine } from '../catalogue/load/row-batch.ts'

/** Bounds the recorded rejects: a file with more, if they are also most of its lines, is not read any further. */
export const REJECTS_MAX = 100_000

/** A file has more than `REJECTS_MAX` rejects, and they are most of its lines. */
export class TooManyRejects extends Error {
  override readonly name = 'TooManyRejects'

  constructor() {
    super(
      `Most of its lines are no rows, more than ${REJECTS_MAX} of them: it was read no further, and nothing of it was loaded.`,
    )
  }
}

// Bounds memory. Beyond it, the rejects of a file are found by reading it a second time.
const BYTES_MAX = 4 * 1024 * 1024
// An estimate of the memory for a rejected line besides its bytes.
const LINE_OVERHEAD_BYTES = 200

/** The rejected lines of one file, as long as they fit into `BYTES_MAX`. */
export class KeptRejects {
  #lines: RejectedLine[] | undefined = []
  #bytes = 0

  /** Keeps a line; drops all lines if they have become too many. */
  add(line: RejectedLine): void {
    this.#bytes += LINE_OVERHEAD_BYTES + (line.raw?.length ?? 0)
    if (this.#bytes > BYTES_MAX) this.#lines = undefined
    this.#lines?.push(line)
  }

  /** All lines that were added; undefined if there were too many. */
  get lines(): readonly RejectedLine[] | undefined {
    return this.#lines
  }
}
