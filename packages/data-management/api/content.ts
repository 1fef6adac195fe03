/** The file of an upload, decoded, as a download: from wherever it lies by now. */
import { Readable } from 'node:stream'
import { codeOf } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { create } from 'content-disposition'
import type { FastifyReply } from 'fastify'
import type { Receiving } from '../inbox/accept.ts'
import { inboxOf } from '../inbox/folder/folder-inbox.ts'
import type { Opened } from '../inbox/inbox.ts'
import { bytesOf } from '../inbox/stored.ts'
import type { Upload } from '../ledger/uploads.ts'

// The loader may put a file away between the look and the opening.
const LOOKS_MAX = 3

/** Answers with the file. Throws `not_found` when it is no longer here. */
export async function contentOf(inbox: Receiving, upload: Upload, reply: FastifyReply): Promise<FastifyReply> {
  const portions = await openContent(inbox, upload)
  return reply
    .type('application/jsonl')
    .header('content-length', upload.bytes)
    .header('content-disposition', create(upload.filename))
    .send(Readable.from(portions, { objectMode: false }))
}

/** The bytes of an upload, from wherever they lie. Throws `not_found` when they are no longer here. */
export async function openContent(inbox: Receiving, upload: Upload): Promise<AsyncGenerator<Buffer>> {
  for (let looks = 1; ; looks++) {
    const opened = await inboxOf(inbox).open(upload)
    if (opened === undefined) throw new Problem('not_found', 'its file is no longer here: it was pruned or removed')
    const portions = bytesOf(inbox.disk, opened.stored)
    try {
      return copied(await portions.next(), portions, opened)
    } catch (error) {
      await opened[Symbol.asyncDispose]()
      if (codeOf(error) !== 'ENOENT' || looks === LOOKS_MAX) throw error
    }
  }
}

/** The first portion and the others. Copied, because what is read next is read into the same place. */
async function* copied(
  first: IteratorResult<Buffer>,
  portions: AsyncGenerator<Buffer>,
  opened: Opened,
): AsyncGenerator<Buffer> {
  try {
    for (let next = first; !next.done; next = await portions.next()) yield Buffer.from(next.value)
  } finally {
    await portions.return(undefined)
    await opened[Symbol.asyncDispose]()
  }
}
