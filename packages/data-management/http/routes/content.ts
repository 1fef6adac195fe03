/** The file of an upload, decoded, as a download: from wherever it lies by now. */
import { Readable } from 'node:stream'
import { create } from 'content-disposition'
import type { FastifyReply } from 'fastify'
import type { Receiving } from '../../inbox/accept.ts'
import { openContent } from '../../inbox/open-content.ts'
import type { Upload } from '../../ledger/uploads.ts'

/** Answers with the file. Throws `not_found` when it is no longer here. */
export async function contentOf(inbox: Receiving, upload: Upload, reply: FastifyReply): Promise<FastifyReply> {
  const portions = await openContent(inbox, upload)
  return reply
    .type('application/jsonl')
    .header('content-length', upload.bytes)
    .header('content-disposition', create(upload.filename))
    .send(Readable.from(portions, { objectMode: false }))
}
