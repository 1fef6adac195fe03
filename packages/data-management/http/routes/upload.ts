/** `POST /api/upload/` and `/api/upload/<kind>/`: uploads one file, in a form or as the raw body (docs/protocol.md). */
import type { IncomingHttpHeaders } from 'node:http'
import multipart from '@fastify/multipart'
import { fromUnencodedDigest } from '@splitcart/shared/digest.ts'
import { faultOfFileName } from '@splitcart/shared/file-name.ts'
import { isLoadedKind, LOADED_KIND_NAMES, PRODUCTS } from '@splitcart/shared/kinds.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { RECEIPT_SCHEMA, type Receipt } from '@splitcart/shared/receipt.ts'
import { parse } from 'content-disposition'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { accept, type IncomingFile, type ReceivingContext, requireDiskSpace } from '../../inbox/accept.ts'
import { ENCODINGS, type Encoding } from '../../inbox/decode.ts'
import type { PaceLimits } from '../../inbox/pace.ts'
import type { Principal } from '../../ledger/keys.ts'
import type { Upload } from '../../ledger/uploads.ts'
import { clientIp, principalOf } from '../auth/authentication.ts'
import { readForm } from '../edge/form.ts'
import type { Services } from '../services.ts'

const JSON_LINES = new Set(['application/jsonl', 'application/x-ndjson'])
// Clients that detect the type from the bytes send `application/x-gzip`.
const GZIP = new Set(['application/gzip', 'application/x-gzip'])

/** Adds the routes. Register it in a scope of its own: it replaces the body parsers, to read bodies as streams. */
export async function uploadRoutes(
  server: FastifyInstance,
  { inbox, kinds = LOADED_KIND_NAMES }: Services,
): Promise<void> {
  // The default parsers read the whole body into memory.
  server.removeAllContentTypeParsers()
  await server.register(multipart, { preservePath: true })
  server.addContentTypeParser('*', (_request, _body, done) => done(null))
  const schema = {
    summary: 'Upload one file',
    consumes: ['multipart/form-data', ...GZIP, ...JSON_LINES],
    response: RESPONSES,
  }
  const handle = async (request: FastifyRequest<{ Params: KindParams }>, reply: FastifyReply) => {
    const kind = checkedKind(request.params.kind ?? PRODUCTS, kinds, principalOf(request))
    await inbox.checkBacklog(principalOf(request).keyId)
    await requireDiskSpace(inbox)
    checkLength(request, inbox.limits.bodyBytesMax)
    const sent = await readUpload(request, reply, inbox.limits)
    const { upload, isNew } = await accept(inbox, { ...sent, kind })
    logAccepted(request, { upload, isNew, ms: Math.round(reply.elapsedTime) })
    reply.header('accept-encoding', ENCODINGS.join(', '))
    return reply.code(isNew ? 201 : 200).send(await receiptForSender(inbox, upload, sent.keyId, !isNew))
  }
  const docs = { summary: 'The encodings that are taken, as Accept-Encoding', response: { 204: { type: 'null' } } }
  const options = { config: CONFIG, schema: docs }
  const answerOptions = (_request: FastifyRequest, reply: FastifyReply) =>
    reply.code(204).header('allow', 'POST, OPTIONS').header('accept-encoding', ENCODINGS.join(', ')).send()
  for (const url of ['/api/upload/', '/api/upload/:kind/']) server.options(url, { ...options }, answerOptions)
  for (const url of ['/api/upload/', '/api/upload/:kind/'])
    server.post<{ Params: KindParams }>(url, { config: CONFIG, schema, bodyLimit: Number.MAX_SAFE_INTEGER }, handle)
}

type KindParams = { kind?: string }

/** The receipt for the sender, with the time until which the upload can be used as a compression dictionary. */
export async function receiptForSender(
  { ledger, dictionaries }: ReceivingContext,
  upload: Upload,
  keyId: string,
  duplicate: boolean,
): Promise<Receipt> {
  const receipt = await ledger.receiptFor(upload, keyId, duplicate)
  return dictionaries?.withDictionaryUntil(receipt) ?? receipt
}

/**
 * Returns `kind`; throws unless the server accepts it and the key may send it. A key with `onlyFor` may send only kinds
 * with a loader, since only the loader checks whose rows a file contains.
 */
export function checkedKind(kind: string, kinds: readonly string[], { onlyFor }: Pick<Principal, 'onlyFor'>): string {
  if (!kinds.includes(kind))
    throw new Problem('kind_unknown', `${JSON.stringify(kind.slice(0, 100))} is none of ${kinds.join(', ')}`)
  if (!isLoadedKind(kind) && onlyFor !== null)
    throw new Problem('kind_not_permitted', `it is for ${onlyFor.join(', ')}, and nobody looks into files of ${kind}`)
  return kind
}

/** Logs an accepted upload: key, address, size and duration. */
export function logAccepted(
  request: FastifyRequest,
  { upload, isNew, ms }: Readonly<{ upload: Upload; isNew: boolean; ms: number }>,
): void {
  const { id, filename, kind, bytes, wire_bytes } = upload
  const from = { key: principalOf(request).keyId, address: clientIp(request) }
  request.log.info({ upload: id, kind, filename, ...from, bytes, wire_bytes, ms, isNew }, 'upload accepted')
}

const CONFIG = { scopes: ['upload'], takesUploads: true, isFreeWhenNew: true } as const

const RESPONSES = { 200: RECEIPT_SCHEMA, 201: RECEIPT_SCHEMA }

async function readUpload(
  request: FastifyRequest,
  reply: FastifyReply,
  limits: PaceLimits,
): Promise<Omit<IncomingFile, 'kind'>> {
  const sha256 = digestIn(request)
  const about = { sha256, keyId: principalOf(request).keyId, bodyBytes: lengthOf(request) }
  if (request.isMultipart()) {
    sendContinue(request, reply)
    const form = await readForm(request, limits)
    return { ...about, ...form, encoding: 'gzip', filename: checkedFileName(form.filename, '.jsonl.gz') }
  }
  const sent = { ...about, ...readRaw(request) }
  sendContinue(request, reply)
  return sent
}

function readRaw(request: FastifyRequest): Pick<IncomingFile, 'body' | 'encoding' | 'filename' | 'checkRequestEnd'> {
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  const coding = request.headers['content-encoding']?.trim().toLowerCase()
  const common = { body: request.raw, checkRequestEnd: async () => {} }
  if (GZIP.has(mediaType)) {
    if (coding !== undefined && coding !== 'identity')
      throw new Problem('encoding_unsupported', `application/gzip with the encoding ${coding}`)
    return { ...common, encoding: 'gzip', filename: checkedFileName(fileNameIn(request.headers), '.jsonl.gz') }
  }
  if (!JSON_LINES.has(mediaType))
    throw new Problem('media_type_unsupported', `${mediaType || 'no media type'} is not taken`)
  return { ...common, encoding: encodingOf(coding), filename: checkedFileName(fileNameIn(request.headers), '.jsonl') }
}

/** The encoding for the value of Content-Encoding; undefined means identity. Throws `encoding_unsupported`. */
export function encodingOf(coding: string | undefined): Encoding {
  if (coding === undefined || coding === 'identity') return 'identity'
  // RFC 9110, section 8.4.1.3.
  const name = coding === 'x-gzip' ? 'gzip' : coding
  const encoding = ENCODINGS.find((each) => each === name)
  if (encoding === undefined) throw new Problem('encoding_unsupported', `${coding} is not taken`)
  return encoding
}

/** The file name in the header field Content-Disposition. Throws `file_name_missing`. */
export function fileNameIn({ 'content-disposition': field }: IncomingHttpHeaders): string {
  if (field === undefined) throw new Problem('file_name_missing')
  // Node decodes headers as Latin-1; names that a client sent as UTF-8 are decoded again.
  const name = parse(field).parameters.filename
  if (name === undefined) throw new Problem('file_name_missing')
  return decodeUtf8(name)
}

/** Returns a file name without `.gz`; throws if it is invalid or ends otherwise. `.jsonl` also allows `.jsonl.gz`. */
export function checkedFileName(name: string, ending: string): string {
  const expected = ending === '.jsonl' && name.endsWith('.jsonl.gz') ? '.jsonl.gz' : ending
  const fault = faultOfFileName(name, expected)
  if (fault !== undefined)
    throw new Problem('file_name_invalid', `the file name ${JSON.stringify(name.slice(0, 250))} ${fault}`)
  return name.replace(/\.gz$/, '')
}

function decodeUtf8(name: string): string {
  if (Array.from(name).some((character) => character > '\u00ff')) return name
  const decoded = Buffer.from(name, 'latin1').toString('utf8')
  return decoded.includes('\ufffd') ? name : decoded
}

function digestIn(request: FastifyRequest): string | undefined {
  const field = request.headers['unencoded-digest']
  if (field === undefined) return undefined
  const sha256 = fromUnencodedDigest(String(field))
  if (sha256 === null) throw new Problem('digest_invalid')
  return sha256
}

function lengthOf({ headers }: FastifyRequest): number | undefined {
  const field = headers['content-length']
  return field === undefined ? undefined : Number(field)
}

function checkLength(request: FastifyRequest, bodyBytesMax: number): void {
  const length = lengthOf(request) ?? 0
  if (length > bodyBytesMax) throw new Problem('body_too_large', `it has ${length} bytes, ${bodyBytesMax} are taken`)
}

/** Answers `Expect: 100-continue` (RFC 9110, section 10.1.1) after all checks of the head, so that the body is sent. */
export function sendContinue(request: FastifyRequest, reply: FastifyReply): void {
  if (request.headers.expect?.toLowerCase() === '100-continue') reply.raw.writeContinue()
}
