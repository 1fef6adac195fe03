/** The complete rejected rows of an upload, read from its file: the catalogue keeps only the start of each. */
import { LineSplitter } from '@splitcart/shared/lines.ts'
import type { Upload } from '../ledger/uploads.ts'
import { openContent } from './open-content.ts'

/**
 * The rows on the given lines (the first is 1), as they were sent, without their newlines. Throws `not_found` if the
 * file is no longer here.
 */
export async function* rejectedRows(
  stores: Parameters<typeof openContent>[0],
  upload: Upload,
  lines: ReadonlySet<number>,
): AsyncGenerator<Buffer> {
  const detail = `the file of ${upload.filename} is no longer here; the sender has the rows next to its archived file`
  const content = await openContent(stores, upload, detail)
  // No limit: a line that was rejected for its length is wanted complete, too.
  const splitter = new LineSplitter(Number.MAX_SAFE_INTEGER)
  for await (const chunk of content)
    for (const { number, bytes } of splitter.push(chunk)) if (lines.has(number)) yield bytes
  const last = splitter.end()
  if (last !== undefined && lines.has(last.number)) yield last.bytes
}
