/**
 * `/api/upload/resumable/`: tus 1.0.0 (https://tus.io/protocols/resumable-upload), for files sent in several pieces.
 *
 *   POST (opens) ─▶ PATCH, PATCH … ─▶ the last byte: accepted like a POST of the whole file ─▶ 204, Upload-Receipt
 *
 * If all bytes are here but could not be accepted (disk full, server stopped), a PATCH without a body tries again. If
 * the bytes are faulty, the upload is removed, and the client has to start anew.
 */
import { LOADED_KIND_NAMES } from '@splitcart/shared/kinds.ts'
import { Problem, type ProblemCode } from '@splitcart/shared/problem.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { Server, type Upload } from '@tus/server'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { accept, type ReceivingContext, requireDiskSpace } from '../../inbox/accept.ts'
import { type UnfinishedRecord, UnfinishedUploads } from '../../inbox/unfinished.ts'
import { principalOf } from '../auth/authentication.ts'
import { ArrivingBody } from '../edge/arriving-body.ts'
import type { Services } from '../services.ts'
import { parseMetadata } from './resumable-metadata.ts'
import { checkedKind, logAccepted, sendContinue } from './upload.ts'

const PATH = '/api/upload/resumable'
const VERSION = '1.0.0'
const LOCK_DRAIN_MS = 1_000
const EXPIRY_CHECK_MS = HOUR_MS
const MEDIA_TYPE = 'application/offset+octet-stream'

type TusContext = Readonly<{
  inbox: ReceivingContext
  unfinished: UnfinishedUploads
  kinds: readonly string[]
  finishing: Map<string, Promise<string>>
}>

/** A request that the tus library handles, and the error that one of the callbacks below has thrown meanwhile. */
type TusRequest = Readonly<{ request: FastifyRequest<{ Params: Params }>; keyId: string; id: string | undefined }> & {
  error?: unknown
}

type Params = { id?: string }

/** Adds the routes. Register it in a scope of its own: it replaces the body parsers, to read bodies as streams. */
export async function resumableRoutes(
  server: FastifyInstance,
  { inbox, kinds = LOADED_KIND_NAMES }: Services,
  unfinished: UnfinishedUploads,
): Promise<void> {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', (_request, _body, done) => done(null))
  const tusRequests = new WeakMap<Request, TusRequest>()
  const tus = openTus({ inbox, unfinished, kinds, finishing: new Map() }, tusRequests)
  const handle = async (request: FastifyRequest<{ Params: Params }>, reply: FastifyReply) => {
    const { keyId } = principalOf(request)
    reply.header('tus-resumable', VERSION)
    checkHead(request, reply)
    const id = request.params.id === undefined ? undefined : UnfinishedUploads.idOf(keyId, request.params.id)
    const record = id === undefined ? undefined : await findRecord(id, inbox, unfinished)
    if (record?.acceptedAs !== undefined) return answerAccepted({ request, reply, unfinished, record })
    if (request.method === 'POST' || request.method === 'PATCH') await requireDiskSpace(inbox)
    const tusRequest: TusRequest = { request, keyId, id }
    const body = new ArrivingBody(request.raw, inbox.limits, () => sendContinue(request, reply))
    const incoming = webRequest(request, body)
    tusRequests.set(incoming, tusRequest)
    const answer = await tus.handleWeb(incoming)
    if (tusRequest.error !== undefined) throw tusRequest.error
    if (body.lateProblem !== undefined) throw body.lateProblem
    if (answer.status >= 400) throw await tusProblem(answer, inbox)
    return sendAnswer(reply, answer)
  }
  const config = { scopes: ['upload'], takesUploads: true } as const
  const bodyLimit = Number.MAX_SAFE_INTEGER
  const summary = 'Resumable uploads: tus 1.0.0'
  for (const { url, method } of ROUTES)
    server.route<{ Params: Params }>({ url, method, config, bodyLimit, schema: { summary }, handler: handle })
  const removal = setInterval(() => removeExpired(server, unfinished), EXPIRY_CHECK_MS).unref()
  server.addHook('onClose', async () => clearInterval(removal))
}

const ROUTES = [
  { url: `${PATH}/`, method: ['POST', 'OPTIONS'] },
  { url: `${PATH}/:id`, method: ['HEAD', 'PATCH', 'DELETE', 'OPTIONS'] },
]

async function findRecord(
  id: string,
  { ledger }: ReceivingContext,
  unfinished: UnfinishedUploads,
): Promise<UnfinishedRecord> {
  const record = unfinished.recordOf(id)
  const receiptId = record?.acceptedAs
  const isForgotten = receiptId !== undefined && (await ledger.uploads.find(receiptId)) === undefined
  // The ledger was restored from a backup: the bytes have to be sent again.
  if (isForgotten) await unfinished.remove(id)
  if (record === undefined || isForgotten) throw new Problem('not_found', 'no unfinished upload has this id')
  return record
}

function removeExpired({ log }: FastifyInstance, unfinished: UnfinishedUploads): void {
  unfinished.removeExpired().then(
    (ids) => ids.length > 0 && log.warn({ uploads: ids }, 'removed unfinished uploads that nobody finished'),
    (error) => log.error({ err: error }, 'could not remove unfinished uploads'),
  )
}

function openTus(resumable: TusContext, tusRequests: WeakMap<Request, TusRequest>): Server {
  const { inbox, unfinished, kinds } = resumable
  const tusRequestOf = (incoming: unknown) => tusRequests.get(incoming as Request)!
  return new Server({
    path: PATH,
    datastore: unfinished,
    locker: unfinished.locks,
    lockDrainTimeout: LOCK_DRAIN_MS,
    maxSize: inbox.limits.bodyBytesMax,
    namingFunction: (incoming) => UnfinishedUploads.newId(tusRequestOf(incoming).keyId),
    getFileIdFromRequest: (incoming) => tusRequestOf(incoming).id,
    generateUrl: (incoming, { id }) => locationOf(tusRequestOf(incoming).request, id),
    onUploadCreate: async (incoming, upload) => {
      const { kind, dictionarySha256 } = parseMetadata(upload.metadata)
      checkedKind(kind, kinds, principalOf(tusRequestOf(incoming).request))
      // Checked before the bytes are sent: without its dictionary the file could not be decoded.
      if (dictionarySha256 !== undefined) await inbox.dictionaries?.find(dictionarySha256, tusRequestOf(incoming).keyId)
      await inbox.checkBacklog(tusRequestOf(incoming).keyId)
      await requireDiskSpace(inbox, upload.size)
      return {}
    },
    onUploadFinish: async (incoming, upload) => {
      const receipt = await finish(resumable, tusRequestOf(incoming), upload)
      return { headers: { 'Upload-Receipt': receipt } }
    },
    onResponseError: (incoming, error) => {
      if (error instanceof Error && !('status_code' in error)) tusRequestOf(incoming).error = error
      return undefined
    },
  })
}

/** The location of an upload as a relative URL, so that it is valid under any host and path of a proxy. */
function locationOf(request: FastifyRequest, id: string): string {
  const [path = ''] = request.url.split('?')
  const last = id.slice(id.indexOf('/') + 1)
  return path.endsWith('/') ? last : `resumable/${last}`
}

/** Accepts an upload that has all its bytes. Concurrent requests for it share one acceptance. */
function finish(resumable: TusContext, tusRequest: TusRequest, upload: Upload): Promise<string> {
  const { finishing } = resumable
  const begun = finishing.get(upload.id) ?? acceptWhole(resumable, tusRequest, upload)
  finishing.set(upload.id, begun)
  return begun.finally(() => finishing.delete(upload.id))
}

async function acceptWhole(
  { inbox, unfinished, kinds }: TusContext,
  tusRequest: TusRequest,
  { id, size: bodyBytes }: Upload,
): Promise<string> {
  const { request, keyId } = tusRequest
  const body = unfinished.read(id)
  try {
    const record = unfinished.recordOf(id)
    const described = parseMetadata(record?.metadata)
    checkedKind(described.kind, kinds, principalOf(request))
    const sent = { ...described, body, bodyBytes, keyId, checkRequestEnd: async () => {} }
    const { upload, isNew } = await accept(inbox, sent)
    logAccepted(request, { upload, isNew, ms: inbox.now() - Date.parse(record?.creation_date ?? '') })
    await unfinished.settle(id, upload.id)
    return upload.id
  } catch (error) {
    // The same bytes would be refused at every retry, so they are removed.
    if (error instanceof Problem && error.kind.retry === 'never') await unfinished.remove(id)
    throw error
  } finally {
    body.destroy()
  }
}

type AcceptedAnswer = Readonly<{
  request: FastifyRequest
  reply: FastifyReply
  unfinished: UnfinishedUploads
  record: UnfinishedRecord
}>

/** Answers for an upload that was accepted before: the client may have missed the answer then. */
async function answerAccepted({ request, reply, unfinished, record }: AcceptedAnswer): Promise<FastifyReply> {
  const { id, size, acceptedAs } = record
  if (request.method === 'DELETE') {
    await unfinished.remove(id)
    return reply.code(204).send()
  }
  if (request.method === 'PATCH' && request.headers['upload-offset'] !== String(size))
    throw new Problem('offset_conflict', `it is whole, with ${size} bytes`)
  reply.header('upload-offset', size).header('upload-receipt', acceptedAs)
  if (request.method === 'HEAD') reply.header('upload-length', size).header('cache-control', 'no-store')
  return reply.code(request.method === 'HEAD' ? 200 : 204).send()
}

function checkHead({ method, headers }: FastifyRequest, reply: FastifyReply): void {
  if (method === 'OPTIONS') return
  if (headers['tus-resumable'] !== VERSION) {
    reply.header('tus-version', VERSION)
    throw new Problem('protocol_version_unsupported')
  }
  if (method === 'PATCH' && headers['content-type'] !== MEDIA_TYPE)
    throw new Problem('media_type_unsupported', `a PATCH carries ${MEDIA_TYPE}`)
}

const FORWARDED_HEADERS = [
  'tus-resumable',
  'content-type',
  'content-length',
  'upload-offset',
  'upload-length',
  'upload-defer-length',
  'upload-metadata',
  'upload-concat',
]

function webRequest(request: FastifyRequest, body: ArrivingBody): Request {
  const headers = FORWARDED_HEADERS.flatMap((name): [string, string][] => {
    const value = request.headers[name]
    return typeof value === 'string' ? [[name, value]] : []
  })
  const { method } = request
  // The host does not matter: no answer contains it.
  const url = new URL(request.url, 'http://localhost')
  if (method !== 'POST' && method !== 'PATCH') return new Request(url, { method, headers })
  return new Request(url, { method, headers, body: ReadableStream.from(body.chunks()), duplex: 'half' })
}

const ANSWER_HEADERS = /^(upload-|tus-|location$|cache-control$|connection$)/

function sendAnswer(reply: FastifyReply, answer: Response): FastifyReply {
  for (const [name, value] of answer.headers) if (ANSWER_HEADERS.test(name)) reply.header(name, value)
  return reply.code(answer.status).send()
}

const PROBLEM_CODES: Readonly<Record<number, ProblemCode>> = {
  400: 'request_invalid',
  403: 'request_invalid',
  404: 'not_found',
  409: 'offset_conflict',
  410: 'upload_expired',
  413: 'body_too_large',
  501: 'request_invalid',
}

async function tusProblem(answer: Response, inbox: ReceivingContext): Promise<Problem> {
  const code = PROBLEM_CODES[answer.status]
  if (code !== undefined) return new Problem(code, (await answer.text()).trim() || undefined)
  // The library does not tell why a write failed: probably the disk is full.
  await requireDiskSpace(inbox, 1)
  return new Problem('internal', undefined, { cause: new Error(`tus answered ${answer.status}`) })
}
