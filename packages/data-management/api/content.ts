/** The file of an upload, decoded, as a download: from wherever it lies by now. */
import { Readable } from 'node:stream'
import { codeOf } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { create } from 'content-disposition'
import type { FastifyReply } from 'fastify'
import type { Inbox } from '../inbox/accept.ts'
import { type Borrowed, borrow } from '../inbox/borrow.ts'
import { bytesOf } from '../inbox/stored.ts'
import type { Upload } from '../ledger/uploads.ts'

// The loader may put a file away between the look and the opening.
const LOOKS_MAX = 3

/** Answers with the file. Throws `not_found` when it is no longer here. */
export async function contentOf(inbox: Inbox, upload: Upload, reply: FastifyReply): Promise<FastifyReply> {
  const portions = await openContent(inbox, upload)
  return reply
    .type('application/jsonl')
    .header('content-length', upload.bytes)
    .header('content-disposition', create(upload.filename))
    .send(Readable.from(portions, { objectMode: false }))
}

/** The bytes of an upload, from wherever they lie. Throws `not_found` when they are no longer here. */
export async function openContent(inbox: Inbox, upload: Upload): Promise<AsyncGenerator<Buffer>> {
  for (let looks = 1; ; looks++) {
    const borrowed = await borrow(inbox, upload)
    if (borrowed === undefined) throw new Problem('not_found', 'its file is no longer here: it was pruned or removed')
    const portions = bytesOf(inbox.disk, borrowed.stored)
    try {
      return copied(await portions.next(), portions, borrowed)
    } catch (error) {
      await borrowed[Symbol.asyncDispose]()
      if (codeOf(error) !== 'ENOENT' || looks === LOOKS_MAX) throw error
    }
  }
}

/** The first portion and the others. Copied, because what is read next is read into the same place. */
async function* copied(
  first: IteratorResult<Buffer>,
  portions: AsyncGenerator<Buffer>,
  borrowed: Borrowed,
): AsyncGenerator<Buffer> {
  try {
    for (let next = first; !next.done; next = await portions.next()) yield Buffer.from(next.value)
  } finally {
    await portions.return(undefined)
    await borrowed[Symbol.asyncDispose]()
  }
}
