/** Opens the content of an upload, wherever its file lies and in whatever form. */
import { codeOf } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Upload } from '../ledger/uploads.ts'
import { inboxOf } from './folder/folder-inbox.ts'
import type { OpenedFile } from './inbox.ts'
import { verifiedContent } from './stored.ts'

// Repeated, because the loader may move a file between finding and opening it.
const ATTEMPTS_MAX = 3

/** Opens the content of an upload. Throws `not_found`, with the text `lost`, if its file is no longer here. */
export async function openContent(
  places: Parameters<typeof inboxOf>[0],
  upload: Upload,
  lost = 'its file is no longer here: it was pruned or removed',
): Promise<AsyncGenerator<Buffer>> {
  for (let attempt = 1; ; attempt++) {
    const opened = await inboxOf(places).open(upload)
    if (opened === undefined) throw new Problem('not_found', lost)
    const chunks = verifiedContent(places.disk, opened.stored)
    try {
      return copiedChunks(await chunks.next(), chunks, opened)
    } catch (error) {
      await opened[Symbol.asyncDispose]()
      if (codeOf(error) !== 'ENOENT' || attempt === ATTEMPTS_MAX) throw error
    }
  }
}

/** All chunks, copied, because the next read reuses the buffer. */
async function* copiedChunks(
  first: IteratorResult<Buffer>,
  chunks: AsyncGenerator<Buffer>,
  opened: OpenedFile,
): AsyncGenerator<Buffer> {
  try {
    for (let next = first; !next.done; next = await chunks.next()) yield Buffer.from(next.value)
  } finally {
    await chunks.return(undefined)
    await opened[Symbol.asyncDispose]()
  }
}
