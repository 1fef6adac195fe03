/**
 * Rejects: the rows of a file that could not be loaded. The server gives line, code and reason; the row itself is read
 * from the archived file, because the server keeps only the beginning of a long line.
 */
import type { Disk } from '@splitcart/shared/disk.ts'
import { type Line, readLines } from '@splitcart/shared/lines.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { chunksOf } from './chunks.ts'

/** A rejected row, as the server reports it. */
export type Reject = Readonly<{ line: number; code: string; field: string | null; reason: string; raw: string | null }>

/** Parses one line of the server's rejects, or throws `answer_unknown`. */
export function parseReject(bytes: Buffer): Reject {
  let value: Record<string, unknown> | null
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new Problem('answer_unknown', 'a reject is not JSON', { cause })
  }
  const { line, code, field = null, reason, raw } = value ?? {}
  const isReject =
    typeof line === 'number' &&
    Number.isSafeInteger(line) &&
    line >= 1 &&
    typeof code === 'string' &&
    typeof reason === 'string' &&
    (field === null || typeof field === 'string')
  if (!isReject) throw new Problem('answer_unknown', 'a reject has another shape')
  return { line, code, field, reason, raw: typeof raw === 'string' ? raw : null }
}

/** The rejects as lines of JSON, each with its row from the archived file, in one pass over both. */
export async function* rejectedRows(disk: Disk, path: string, rejects: AsyncIterable<Reject>): AsyncGenerator<string> {
  await using rows = new LineFinder(disk, path)
  for await (const { line, code, field, reason, raw } of rejects) {
    const row = (await rows.find(line)) ?? raw
    yield `${JSON.stringify({ line, code, field, reason, row })}\n`
  }
}

/** Finds lines by number; the numbers asked for must increase. */
class LineFinder implements AsyncDisposable {
  readonly #batches: AsyncGenerator<Line[]>
  #batch: Line[] = []

  constructor(disk: Disk, path: string) {
    this.#batches = readLines(chunksOf(disk, path))
  }

  async find(number: number): Promise<string | undefined> {
    while ((this.#batch.at(-1)?.number ?? 0) < number) {
      const next = await this.#batches.next()
      if (next.done) return undefined
      this.#batch = next.value
    }
    const first = this.#batch[0]?.number ?? 0
    return this.#batch[number - first]?.bytes.toString('utf8')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#batches.return(undefined)
  }
}
