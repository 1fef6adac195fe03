/** The bytes of an upload, decoded, wherever they lie by now. */
import { codeOf } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Upload } from '../ledger/uploads.ts'
import { inboxOf } from './folder/folder-inbox.ts'
import type { Opened } from './inbox.ts'
import { bytesOf } from './stored.ts'

// Attempts, because the loader may move a file between finding and opening it.
const LOOKS_MAX = 3

/** The bytes of an upload, from wherever they lie. Throws `not_found`, and says what is lost, when they are no longer here. */
export async function openContent(
  places: Parameters<typeof inboxOf>[0],
  upload: Upload,
  lost = 'its file is no longer here: it was pruned or removed',
): Promise<AsyncGenerator<Buffer>> {
  for (let looks = 1; ; looks++) {
    const opened = await inboxOf(places).open(upload)
    if (opened === undefined) throw new Problem('not_found', lost)
    const chunks = bytesOf(places.disk, opened.stored)
    try {
      return copied(await chunks.next(), chunks, opened)
    } catch (error) {
      await opened[Symbol.asyncDispose]()
      if (codeOf(error) !== 'ENOENT' || looks === LOOKS_MAX) throw error
    }
  }
}

/** The first chunk and the others. Copied, because what is read next is read into the same place. */
async function* copied(
  first: IteratorResult<Buffer>,
  chunks: AsyncGenerator<Buffer>,
  opened: Opened,
): AsyncGenerator<Buffer> {
  try {
    for (let next = first; !next.done; next = await chunks.next()) yield Buffer.from(next.value)
  } finally {
    await chunks.return(undefined)
    await opened[Symbol.asyncDispose]()
  }
}
