/** `GET /api/export/…`: complete exports of the catalogue as streams. */
import { Readable } from 'node:stream'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { EXPORT_FORMATS, EXPORT_NAMES, type ExportFormat, type ExportName } from '../../catalogue/export-formats.ts'
import { readRevision } from '../../catalogue/queries/revision.ts'
import { principalOf } from '../auth/authentication.ts'
import { etagOf, isKnownEtag } from '../edge/etag.ts'
import { DATE, withQuery } from '../edge/parameters.ts'
import { takesGzip } from '../edge/takes-gzip.ts'
import type { Services } from '../services.ts'
import type { ExportRunner } from '../threads/export-threads.ts'

const FORMATS = Object.keys(EXPORT_FORMATS) as ExportFormat[]
const QUERY = { type: 'object', properties: { format: { enum: FORMATS } } } as const
const PRICES_QUERY = { type: 'object', properties: { format: { enum: FORMATS }, on: DATE } } as const

const REAUTHORIZE_MS = 2_000

type HttpRequest = FastifyRequest<{ Querystring: { format?: ExportFormat; on?: string } }>
type ExportServices = Services & Readonly<{ exports: ExportRunner }>

/** Adds the routes. */
export function exportRoutes(server: FastifyInstance, { exports, ...others }: Services): void {
  if (exports === undefined) return
  const services = { ...others, exports }
  for (const what of EXPORT_NAMES) {
    const options = withQuery(what === 'prices' ? PRICES_QUERY : QUERY, {
      summary: `All ${what}, as JSON Lines or CSV`,
      response: RESPONSES,
    })
    server.get(`/api/export/${what}`, options, (request: HttpRequest, reply) => answer(services, what, request, reply))
  }
}

const RESPONSES = {
  200: {
    description: 'One record a line',
    content: Object.fromEntries(Object.values(EXPORT_FORMATS).map((type) => [type.split(';')[0], { schema: {} }])),
  },
  304: { description: 'Nothing has changed since the ETag that If-None-Match names', type: 'null' },
} as const

async function answer(
  services: ExportServices,
  what: ExportName,
  request: HttpRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const order = { what, format: formatOf(request), on: request.query.on }
  const gzip = takesGzip(request)
  // Read before the data: if the data are newer than the ETag, the client fetches them once more than needed.
  const etag = etagOf(
    [order.what, order.format, order.on ?? ''],
    await readRevision(services.catalogue.database),
    services.program?.version ?? '',
  )
  const isUnchanged = isKnownEtag(request.headers['if-none-match'], etag)
  const isRead = !isUnchanged && request.method !== 'HEAD'
  const chunks = isRead ? await services.exports.begin({ ...order, gzip }, principalOf(request).keyId) : undefined
  reply.header('etag', etag).header('vary', 'accept, accept-encoding').header('cache-control', 'private, no-cache')
  if (isUnchanged) return reply.code(304).send()
  reply.type(EXPORT_FORMATS[order.format])
  reply.header('content-disposition', `attachment; filename="${what}.${order.format}"`)
  if (gzip) reply.header('content-encoding', 'gzip')
  if (chunks === undefined) return reply.send()
  return reply.send(Readable.from(whileAuthorized(services, request, chunks), { objectMode: false }))
}

/** Passes the chunks on while the key is valid, which is checked every `REAUTHORIZE_MS`; throws `key_refused`. */
async function* whileAuthorized({ inbox }: Services, request: HttpRequest, chunks: AsyncGenerator<Uint8Array>) {
  const { keyId } = principalOf(request)
  let checkNow = performance.now() + REAUTHORIZE_MS
  for await (const chunk of chunks) {
    yield chunk
    if (performance.now() < checkNow) continue
    checkNow = performance.now() + REAUTHORIZE_MS
    if ((await inbox.ledger.keys.findWorking(keyId, inbox.now())) === undefined) throw new Problem('key_refused')
  }
}

/** The format from the query, else from `Accept`, else JSON Lines. */
function formatOf({ query, headers }: HttpRequest): ExportFormat {
  if (query.format !== undefined) return query.format
  const [first = ''] = (headers.accept ?? '').split(',')
  return first.trim().toLowerCase().startsWith('text/csv') ? 'csv' : 'jsonl'
}
