/** `GET /api/uploads`, `/api/uploads/{id}` and `/api/uploads/{id}/rejects`: what became of what was sent. */

import { isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'
import { Problem } from '@splitcart/shared/problem.ts'
import { RECEIPT_SCHEMA, UPLOAD_STATES, type UploadState } from '@splitcart/shared/receipt.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { StoredReject } from '../catalogue/rejects.ts'
import { rejectsOf } from '../catalogue/rejects.ts'
import { receiptOf, type Upload } from '../ledger/uploads.ts'
import { senderOf } from './authentication.ts'
import type { Services } from './services.ts'

const ANY_SCOPE = { scopes: ['read', 'upload', 'admin'] } as const

const LIST_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    before: { type: 'string', maxLength: 64 },
    state: { enum: UPLOAD_STATES },
    limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
  },
} as const

const LIST_RESPONSE = {
  type: 'object',
  required: ['uploads', 'next'],
  properties: {
    uploads: { type: 'array', items: RECEIPT_SCHEMA },
    next: { anyOf: [{ type: 'null' }, { type: 'string' }] },
  },
} as const

type ListQuery = { before?: string; state?: UploadState; limit: number }

/** Adds the routes. A key without the scope `read` sees what it sent itself. */
export function uploadsRoutes(server: FastifyInstance, { inbox, catalogue }: Services): void {
  const { uploads } = inbox.ledger
  const list = { summary: 'Uploads, the newest first', querystring: LIST_QUERY, response: { 200: LIST_RESPONSE } }
  server.get<{ Querystring: ListQuery }>('/api/uploads', { config: ANY_SCOPE, schema: list }, async (request) => {
    const found = await uploads.list({ ...request.query, ...ownOnly(request) })
    const next = found.length === request.query.limit ? found.at(-1)!.id : null
    return { uploads: found.map((upload) => receiptOf(upload, false)), next }
  })

  const one = { summary: 'One upload', response: { 200: RECEIPT_SCHEMA } }
  server.get<{ Params: { id: string } }>('/api/uploads/:id', { config: ANY_SCOPE, schema: one }, async (request) =>
    receiptOf(await visibleUpload(request), false),
  )

  const rejects = { summary: 'The rejected rows of an upload, as JSON Lines' }
  server.get<{ Params: { id: string } }>(
    '/api/uploads/:id/rejects',
    { config: ANY_SCOPE, schema: rejects },
    async (request, reply) => {
      const { sha256 } = await visibleUpload(request)
      return reply.type('application/x-ndjson').send(Readable.from(rejectLines(rejectsOf(catalogue.database, sha256))))
    },
  )

  async function visibleUpload(request: FastifyRequest<{ Params: { id: string } }>): Promise<Upload> {
    const { keyId } = ownOnly(request)
    const upload = await uploads.find(request.params.id)
    const isVisible = upload !== undefined && (keyId === undefined || (await uploads.hasDelivered(keyId, upload.id)))
    if (!isVisible) throw new Problem('not_found', 'no upload has this id')
    return upload
  }
}

function ownOnly(request: FastifyRequest): { keyId?: string } {
  const { keyId, scopes } = senderOf(request)
  return scopes.has('read') || scopes.has('admin') ? {} : { keyId }
}

function* rejectLines(rejects: Iterable<StoredReject>): Generator<string> {
  for (const { line, code, field, reason, raw } of rejects) {
    const bytes = raw === null ? null : Buffer.from(raw)
    const shown =
      bytes === null
        ? { raw: null }
        : isUtf8(bytes)
          ? { raw: bytes.toString() }
          : { raw_base64: bytes.toString('base64') }
    yield `${JSON.stringify({ line, code, field, reason, ...shown })}\n`
  }
}
