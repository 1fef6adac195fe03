/** `GET /api/uploads`, and `/api/uploads/{id}` with rejected rows, the preview of its load, and its file. */
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { findPreview } from '../../catalogue/hold-preview.ts'
import { rejectsPage } from '../../catalogue/rejects.ts'
import type { SortedQuery, SortPosition, UploadSort } from '../../ledger/sorted-uploads.ts'
import type { UploadQuery } from '../../ledger/uploads.ts'
import { principalOf } from '../auth/authentication.ts'
import { cursorKeyIn, cursorOf } from '../edge/cursor.ts'
import { responseWithMediaType } from '../edge/openapi.ts'
import { MAY_READ } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWithQuery, askerOf, type LineBatch, queryLines, streamOf } from '../threads/answering.ts'
import type { QueryContext } from '../threads/query-context.ts'
import { sendContent } from './content.ts'
import { rejectLine } from './reject-line.ts'
import { receiptForSender } from './upload.ts'
import { downloadableUpload, maySeeAll, visibleUpload, withDetails } from './upload-view.ts'
import {
  PREVIEW_RESPONSE,
  type PreviewView,
  REQUESTED_RESPONSE,
  type RequestedPage,
  UPLOAD_SCHEMA,
  UPLOADS_QUERY,
  UPLOADS_RESPONSE,
  type UploadPage,
  type UploadsQuery,
} from './uploads-schema.ts'

const ANY_SCOPE = { scopes: ['read', 'upload', 'admin'] } as const
const IDS_MAX = 100
type WithId = { Params: { id: string } }

/** Adds the routes. A key without the scope `read` sees only its own uploads. */
export function uploadsRoutes(server: FastifyInstance, services: Services): void {
  const { inbox } = services
  const list = { summary: 'Uploads, the newest first', querystring: UPLOADS_QUERY, response: { 200: UPLOADS_RESPONSE } }
  server.get<{ Querystring: UploadsQuery }>(
    '/api/uploads',
    { config: ANY_SCOPE, schema: list },
    async (request, reply) => {
      const seesAll = maySeeAll(request)
      const sorted = sortedQueryOf(request.query)
      if (sorted !== undefined) {
        if (!seesAll)
          throw new Problem('scope_missing', 'querystring/sort is of the uploads of all: it needs the scope read')
        return answerWithQuery(services, request, reply, ['sortedUploads', sorted])
      }
      const sender = principalOf(request).keyId
      const query = ledgerQuery(request.query, seesAll ? undefined : sender)
      return answerWithQuery(services, request, reply, ['uploads', seesAll ? { query } : { query, sender }])
    },
  )

  const one = { summary: 'One upload', response: { 200: UPLOAD_SCHEMA } }
  server.get<WithId>('/api/uploads/:id', { config: ANY_SCOPE, schema: one }, async (request) => {
    const upload = await visibleUpload(inbox, request)
    if (!maySeeAll(request)) return await receiptForSender(inbox, upload, principalOf(request).keyId, false)
    const [view] = await withDetails(inbox, [upload])
    return inbox.dictionaries?.withDictionaryUntil(view!) ?? view
  })

  const rejects = {
    summary: 'The rejected rows of an upload, as JSON Lines',
    response: responseWithMediaType('application/x-ndjson', 'One reject a line'),
  }
  server.get<WithId>('/api/uploads/:id/rejects', { config: ANY_SCOPE, schema: rejects }, async (request, reply) => {
    const { sha256 } = await visibleUpload(inbox, request)
    const lines = queryLines(services, ['rejectsOfUpload', { sha256 }], askerOf(request, reply, inbox.now()))
    return reply.type('application/x-ndjson').send(await streamOf(lines))
  })

  const preview = { summary: 'What loading a held file would change', response: { 200: PREVIEW_RESPONSE } }
  server.get<WithId>('/api/uploads/:id/preview', { config: MAY_READ, schema: preview }, async (request, reply) => {
    const { id, sha256 } = await visibleUpload(inbox, request)
    return answerWithQuery(services, request, reply, ['preview', { id, sha256 }])
  })
}

/** Adds the routes for files: which ones the server has lost and requests again, and downloads of the others. */
export function uploadFilesRoutes(server: FastifyInstance, services: Services): void {
  const { inbox } = services
  const requested = {
    summary: 'The uploads of this key whose files the server has lost, and takes again',
    response: { 200: REQUESTED_RESPONSE },
  }
  server.get('/api/uploads/requested', { config: ANY_SCOPE, schema: requested }, (request, reply) =>
    answerWithQuery(services, request, reply, ['requested', { sender: principalOf(request).keyId }]),
  )

  const content = {
    summary: 'The file of an upload, decoded, as it was received',
    response: responseWithMediaType('application/jsonl', 'The file'),
  }
  // No HEAD route: it would read the whole file and send nothing. A key without `admin` gets only files that it sent.
  const options = { config: { scopes: ['upload', 'admin'] } as const, schema: content, exposeHeadRoute: false }
  server.get<WithId>('/api/uploads/:id/content', options, async (request, reply) =>
    sendContent(inbox, await downloadableUpload(inbox, request as FastifyRequest<WithId>), reply),
  )
}

/** The ledger query for a request. `sender`: only uploads that this key has sent. */
function ledgerQuery({ before, state, q, key, ids, limit }: UploadsQuery, sender: string | undefined): UploadQuery {
  if (ids !== undefined) return { ...withoutUndefined({ keyId: sender }), ids: ids.split(','), limit: IDS_MAX }
  return { ...withoutUndefined({ before, state, keyId: sender ?? key, nameContains: q }), limit }
}

const NEEDS_SORT = 'querystring/order and querystring/after go with sort'
const NOT_SORTABLE =
  'querystring/sort goes with state: what has a name, was sent by one key or is named by its id is not sorted'

/** The query of a request with `sort`; undefined without it. */
function sortedQueryOf({ sort, order, after, state, limit, ...others }: UploadsQuery): SortedQuery | undefined {
  if (sort === undefined) {
    if ((order ?? after) !== undefined) throw new Problem('request_invalid', NEEDS_SORT)
    return undefined
  }
  if (Object.keys(others).length > 0) throw new Problem('request_invalid', NOT_SORTABLE)
  const isNumber = sort === 'rows' || sort === 'rejected' || sort === 'bytes'
  const last = cursorKeyIn(listName(sort), after, [isNumber ? 0 : '', ''] as SortPosition)
  return { sort, descending: order === 'desc', ...withoutUndefined({ state, after: last }), limit }
}

function listName(sort: UploadSort): string {
  return `uploads by ${sort}`
}

/** A page of sorted uploads. */
export async function sortedUploadPage({ inbox }: QueryContext, query: SortedQuery): Promise<UploadPage> {
  const { uploads, last } = await inbox.ledger.sortedUploads(query)
  const next = uploads.length === query.limit ? cursorOf(listName(query.sort), last ?? null) : null
  return { uploads: await withDetails(inbox, uploads), next } satisfies UploadPage
}

/** The parameters of the query. `sender`: only receipts of this key's uploads; undefined: of all, with details. */
export type UploadsParameters = Readonly<{ query: UploadQuery; sender?: string }>

/** A page of uploads. */
export async function uploadPage({ inbox }: QueryContext, { query, sender }: UploadsParameters): Promise<UploadPage> {
  const found = await inbox.ledger.uploads.list(query)
  const next = found.length === query.limit ? found.at(-1)!.id : null
  if (sender === undefined) return { uploads: await withDetails(inbox, found), next } satisfies UploadPage
  return { uploads: await inbox.ledger.receiptsFor(found, sender), next } satisfies UploadPage
}

/** The uploads of a key whose files the server has lost, and takes again. */
export async function lostUploads({ inbox }: QueryContext, { sender }: { sender: string }): Promise<RequestedPage> {
  const { requestedFiles, identity } = inbox.ledger
  const [found, history] = [await requestedFiles.listFor(sender), await identity.get()]
  return { uploads: await inbox.ledger.receiptsFor(found, sender), next: null, ...(history && { history }) }
}

/** The preview of what loading a held upload would change. */
export async function previewOfUpload({ catalogue }: QueryContext, { id, sha256 }: { id: string; sha256: string }) {
  return { upload_id: id, preview: (await findPreview(catalogue.database, sha256)) ?? null } satisfies PreviewView
}

/** A batch of the rejected rows of an upload as JSON Lines, after line `after`. */
export async function rejectsOfUpload(
  { catalogue }: QueryContext,
  { sha256, after = 0 }: { sha256: string; after?: number },
): Promise<LineBatch<number>> {
  const page = await rejectsPage(catalogue.database, sha256, after)
  return { text: page.rejects.map(rejectLine).join(''), next: page.next }
}

/** The parameters without those that are undefined. */
function withoutUndefined<T extends object>(parameters: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)) as never
}
