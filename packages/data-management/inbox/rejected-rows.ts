/** The rejected rows of an upload, whole, from its own file: the catalogue keeps only their beginnings. */
import { LineSplitter } from '@splitcart/shared/lines.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Upload } from '../ledger/uploads.ts'
import type { Place } from './folder/folder-claims.ts'
import { inboxOf } from './folder/folder-inbox.ts'
import type { Inbox } from './inbox.ts'
import { bytesOf } from './stored.ts'

/** The rows on the given lines, without their newlines, as they were sent. Throws `not_found` when the file is no longer here. */
export async function* rejectedRows(
  place: Place & Readonly<{ inbox?: Inbox | undefined }>,
  upload: Upload,
  lines: ReadonlySet<number>,
): AsyncGenerator<Buffer> {
  await using opened = await inboxOf(place).open(upload)
  if (opened === undefined)
    throw new Problem(
      'not_found',
      `the file of ${upload.filename} is no longer here; the sender has the rows next to its archived file`,
    )
  // Too long a line is a reject as well, and is wanted whole here.
  const splitter = new LineSplitter(Number.MAX_SAFE_INTEGER)
  for await (const portion of bytesOf(place.disk, opened.stored))
    for (const { number, bytes } of splitter.push(Buffer.from(portion))) if (lines.has(number)) yield bytes
  const last = splitter.end()
  if (last !== undefined && lines.has(last.number)) yield last.bytes
}
