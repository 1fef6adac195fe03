/** The rejected lines of a file that is being read, for when nothing but they and their number is recorded of it. */
import type { RejectedLine } from '../catalogue/load/row-batch.ts'

/** Each rejected line is on record. A file that has more of them, and more than of rows, is read no further. */
export const REJECTS_MAX = 100_000

/** Most lines of a file are no rows, and there are very many of them. */
export class TooManyRejects extends Error {
  override readonly name = 'TooManyRejects'

  constructor() {
    super(
      `Most of its lines are no rows, more than ${REJECTS_MAX} of them: it was read no further, and nothing of it was loaded.`,
    )
  }
}

// Of a file with more of them, the lines are read once more.
const BYTES_MAX = 4 * 1024 * 1024
const BYTES_OF_LINE = 200

/** Lines, as long as they are few. */
export class KeptRejects {
  #lines: RejectedLine[] | undefined = []
  #bytes = 0

  add(line: RejectedLine): void {
    this.#bytes += BYTES_OF_LINE + (line.raw?.length ?? 0)
    if (this.#bytes > BYTES_MAX) this.#lines = undefined
    this.#lines?.push(line)
  }

  /** All lines that were added; undefined when there were too many. */
  get lines(): readonly RejectedLine[] | undefined {
    return this.#lines
  }
}
