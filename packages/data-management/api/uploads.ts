/** `GET /api/uploads`, `/api/uploads/{id}` and what belongs to one: its rejected rows, what loading it would change, its file. */
import { Readable } from 'node:stream'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { previewOf } from '../catalogue/hold-preview.ts'
import { rejectsOf } from '../catalogue/rejects.ts'
import type { Upload } from '../ledger/uploads.ts'
import { senderOf } from './authentication.ts'
import { contentOf } from './content.ts'
import { answerIn } from './description.ts'
import { MAY_CHANGE, MAY_READ } from './parameters.ts'
import { rejectLine } from './reject-line.ts'
import type { Services } from './services.ts'
import { detailed, maySeeAll, visibleUpload } from './upload-view.ts'
import {
  PREVIEW_RESPONSE,
  type PreviewView,
  UPLOAD_SCHEMA,
  UPLOADS_QUERY,
  UPLOADS_RESPONSE,
  type UploadPage,
  type UploadsQuery,
} from './uploads-schema.ts'

const ANY_SCOPE = { scopes: ['read', 'upload', 'admin'] } as const
type OfOne = { Params: { id: string } }

/** Adds the routes. A key without the scope `read` sees what it sent itself. */
export function uploadsRoutes(server: FastifyInstance, { inbox, catalogue }: Services): void {
  const { uploads } = inbox.ledger
  const list = { summary: 'Uploads, the newest first', querystring: UPLOADS_QUERY, response: { 200: UPLOADS_RESPONSE } }
  server.get<{ Querystring: UploadsQuery }>('/api/uploads', { config: ANY_SCOPE, schema: list }, async (request) => {
    const { before, state, q, limit } = request.query
    const keyId = maySeeAll(request) ? request.query.key : senderOf(request).keyId
    const found = await uploads.list({ ...given({ before, state, keyId, named: q }), limit })
    const next = found.length === limit ? found.at(-1)!.id : null
    const views = maySeeAll(request) ? await detailed(inbox, found) : await receiptsFor(request, found)
    return { uploads: views, next } satisfies UploadPage
  })

  const one = { summary: 'One upload', response: { 200: UPLOAD_SCHEMA } }
  server.get<OfOne>('/api/uploads/:id', { config: ANY_SCOPE, schema: one }, async (request) => {
    const upload = await visibleUpload(inbox, request)
    return (maySeeAll(request) ? await detailed(inbox, [upload]) : await receiptsFor(request, [upload]))[0]
  })

  const rejects = {
    summary: 'The rejected rows of an upload, as JSON Lines',
    response: answerIn('application/x-ndjson', 'One reject a line'),
  }
  server.get<OfOne>('/api/uploads/:id/rejects', { config: ANY_SCOPE, schema: rejects }, async (request, reply) => {
    const { sha256 } = await visibleUpload(inbox, request)
    const lines = Readable.from(rejectsOf(catalogue.database, sha256)).map(rejectLine)
    return reply.type('application/x-ndjson').send(lines)
  })

  const preview = { summary: 'What loading a held file would change', response: { 200: PREVIEW_RESPONSE } }
  server.get<OfOne>('/api/uploads/:id/preview', { config: MAY_READ, schema: preview }, async (request) => {
    const { id, sha256 } = await visibleUpload(inbox, request)
    return { upload_id: id, preview: (await previewOf(catalogue.database, sha256)) ?? null } satisfies PreviewView
  })

  const content = {
    summary: 'The file of an upload, decoded, as it was received',
    response: answerIn('application/jsonl', 'The file'),
  }
  // To HEAD all of it would be read, for nothing.
  const options = { config: MAY_CHANGE, schema: content, exposeHeadRoute: false }
  server.get<OfOne>('/api/uploads/:id/content', options, async (request, reply) =>
    contentOf(inbox, await visibleUpload(inbox, request as FastifyRequest<OfOne>), reply),
  )

  function receiptsFor(request: FastifyRequest, found: readonly Upload[]): Promise<Receipt[]> {
    const { keyId } = senderOf(request)
    return Promise.all(found.map((upload) => inbox.ledger.receiptFor(upload, keyId, false)))
  }
}

/** The parameters that were given. */
function given<T extends object>(parameters: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)) as never
}
