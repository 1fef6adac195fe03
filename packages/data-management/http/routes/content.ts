/** Sends the decoded file of an upload as a download, from wherever it is stored now. */
import { Readable } from 'node:stream'
import { create } from 'content-disposition'
import type { FastifyReply } from 'fastify'
import type { ReceivingContext } from '../../inbox/accept.ts'
import { openContent } from '../../inbox/open-content.ts'
import type { Upload } from '../../ledger/uploads.ts'

/** Answers with the file of an upload. Throws `not_found` if it is no longer stored. */
export async function sendContent(inbox: ReceivingContext, upload: Upload, reply: FastifyReply): Promise<FastifyReply> {
  const chunks = await openContent(inbox, upload)
  return reply
    .type('application/jsonl')
    .header('content-length', upload.bytes)
    .header('content-disposition', create(upload.filename))
    .send(Readable.from(chunks, { objectMode: false }))
}
