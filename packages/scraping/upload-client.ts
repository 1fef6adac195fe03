/**
 * HTTP client for the server: one function per request, without retries (those are in retries.ts).
 *
 * Invariants:
 *  1. The key goes only to the address in the settings: no redirect is followed, no plain http leaves this machine.
 *  2. A receipt is returned only when it is for exactly the bytes that were sent. Any other response counts only when
 *     it is a problem document of a SplitCart server; a response from anything else is `answer_unknown`.
 *  3. Every request ends: with a response, or with a Problem once no byte has moved for `idleMsMax`.
 */
import { toUnencodedDigest } from '@splitcart/shared/digest.ts'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { PRODUCTS } from '@splitcart/shared/kinds.ts'
import { readLines } from '@splitcart/shared/lines.ts'
import { isLoopback } from '@splitcart/shared/loopback.ts'
import type { MachineReport } from '@splitcart/shared/machine-report.ts'
import { Problem, retryOfStatus } from '@splitcart/shared/problem.ts'
import { parseReceipt, type Receipt } from '@splitcart/shared/receipt.ts'
import { resourceUrl } from '@splitcart/shared/settings.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { create as toContentDisposition } from 'content-disposition'
import { AnswerError, documentIn, ForeignResponse, retryRuleOf } from './answer.ts'
import { answerOf, bodyChunks, errorOf, FileBody, readText, sendRequest, unexpectedContent } from './exchange.ts'
import { fetchContent, fetchKnownIds, fetchRequested, parseUploads, type RequestedUploads } from './files-client.ts'
import { IdleTimeout } from './idle-timeout.ts'
import { isUnreachable, probeServer, type Respondent, requireUploadsPath } from './probe-server.ts'
import type { RateLimit } from './rate-limit.ts'
import { parseReject, type Reject } from './rejects.ts'
import { sendReport } from './report-client.ts'
import { type FailedAttempt, halvePieceSize, hasOpenUpload, isTooLarge, sendInPieces } from './resumable.ts'
import type { OnSent, Pieces } from './resumable-attempt.ts'
import type { Spooled } from './spool.ts'

const IDLE_MS_MAX = 60_000

// A transfer cut before this many bytes is restarted: that is faster than resuming it.
const BROKEN_BYTES_MIN = 64 * 1024
const NOT_RESUMABLE_MS = HOUR_MS

/** Client for the server's upload API. `send` calls `onSent` for each chunk that was sent. */
export type UploadClient = Readonly<{
  send: (spooled: Spooled, onSent: OnSent) => Promise<Receipt>
  receipt: (id: string) => Promise<Receipt | undefined>
  /** Receipts of several uploads in one request; those missing from the result have to be fetched one by one. */
  receipts: (ids: readonly string[]) => Promise<ReadonlyMap<string, Receipt>>
  rejects: (id: string) => AsyncGenerator<Reject>
  /** Uploads whose files the server wants again; none from a server too old to have that endpoint. */
  requested: () => Promise<RequestedUploads>
  /** Returns the ids that the server knows. */
  known: (ids: readonly string[]) => Promise<ReadonlySet<string>>
  /** Streams the file of an upload, as it was sent. */
  content: (id: string) => AsyncGenerator<Uint8Array>
  /** Tells what answers at the upload address. Throws the server's error about the key or its own state. */
  probe: () => Promise<Respondent>
  /** Sends a report on the state of this machine, unless the signal aborts. */
  report: (report: MachineReport, signal?: AbortSignal) => Promise<void>
}>

export type ClientOptions = Readonly<{
  server: URL
  key: string
  /** Kind of the files; defaults to products. */
  kind?: string
  idleMsMax?: number
  disk?: Disk
  rateLimit?: RateLimit
  /** Copies of this size or more are sent by resumable upload, smaller ones once they were cut. Default: infinity. */
  resumableBytesMin?: number
}>

type Client = ClientOptions &
  Readonly<{ kind: string; idleMsMax: number; disk: Disk; resumableBytesMin: number }> &
  ConnectionKnowledge

/** What has been learnt about the connection to the server. */
type ConnectionKnowledge = Readonly<{
  pieces: Pieces
  known: {
    /** SHA-256 of copies that did not get through in a single POST. */
    readonly broken: Set<string>
    /** By SHA-256: at which offset a resumable upload is stuck, and for how many attempts in a row. */
    readonly stuck: Map<string, Readonly<{ start: number; times: number }>>
    /** Until when resumable upload is off; on the `performance.now()` clock. */
    wholeUntil: number
    /** Whether the server knows the kind in resumable uploads; one too old for kinds would take it for products. */
    isKindTaken: boolean
    /** Whether the server ignores the `ids` parameter, so that receipts have to be fetched one by one. */
    tellsOneByOne: boolean
  }
}>

/** Makes a client; throws `settings_invalid` when the key would travel unencrypted. Connects to nothing yet. */
export function createUploadClient(options: ClientOptions): UploadClient {
  const client: Client = { ...defaults(), ...options }
  if (client.server.protocol !== 'https:' && !isLoopback(client.server.hostname))
    throw new Problem(
      'settings_invalid',
      `\n  API_SERVER_URL: expected https for another machine, got "${client.server.origin}": the key would be readable on the way`,
    )
  return {
    send: (spooled, onSent) => send(client, spooled, onSent),
    receipt: (id) => fetchReceipt(client, id),
    receipts: (ids) => fetchReceipts(client, ids),
    rejects: (id) => fetchRejects(client, id),
    // The server lists all kinds; each kind has its own archive.
    requested: async () => {
      const { uploads, ...rest } = await fetchRequested(client)
      return { uploads: uploads.filter(({ kind = PRODUCTS }) => kind === client.kind), ...rest }
    },
    known: (ids) => fetchKnownIds(client, ids),
    content: (id) => fetchContent(client, id),
    probe: () => probeServer(client),
    report: (report, signal) => sendReport(client, report, signal),
  }
}

function defaults() {
  const pieces: Pieces = { bytesMax: Number.POSITIVE_INFINITY }
  const known = {
    broken: new Set<string>(),
    stuck: new Map<string, { start: number; times: number }>(),
    wholeUntil: 0,
    isKindTaken: false,
    tellsOneByOne: false,
  }
  return {
    kind: PRODUCTS,
    idleMsMax: IDLE_MS_MAX,
    disk: realDisk(),
    resumableBytesMin: Number.POSITIVE_INFINITY,
    pieces,
    known,
  }
}

async function send(client: Client, spooled: Spooled, onSent: OnSent): Promise<Receipt> {
  const receipt = (await isForResumable(client, spooled)) ? await sendResumably(client, spooled, onSent) : undefined
  if (receipt !== undefined) return receipt
  let sentBytes = 0
  try {
    return await sendWhole(client, spooled, (bytes, all) => {
      sentBytes = all
      onSent(bytes, all)
    })
  } catch (error) {
    const isCut = sentBytes > BROKEN_BYTES_MIN && retryRuleOf(error) === 'soon'
    if (isTooLarge(error) ? halvePieceSize(client.pieces, spooled.spooledBytes) : isCut)
      client.known.broken.add(spooled.sha256)
    throw error
  }
}

/** Sends a copy by resumable upload; `undefined` when it has to be sent in a single POST. */
async function sendResumably(client: Client, spooled: Spooled, onSent: OnSent): Promise<Receipt | undefined> {
  const { known } = client
  const sent = await sendInPieces(client, spooled, onSent)
  const outcome = 'receiptId' in sent ? await receiptOrStuck(client, sent.receiptId, spooled) : sent
  if ('error' in outcome) {
    if (!(await isBlocked(client, spooled, outcome))) throw outcome.error
    known.stuck.delete(spooled.sha256)
    // The sidecar stays: if resuming works again before the file is sent, the upload continues from there.
    if (!isUnreachable(outcome.error)) known.wholeUntil = performance.now() + NOT_RESUMABLE_MS
    return undefined
  }
  known.stuck.delete(spooled.sha256)
  if ('sha256' in outcome) return outcome
  if (outcome.notResumableFor === 'any file') known.wholeUntil = performance.now() + NOT_RESUMABLE_MS
  return undefined
}

async function receiptOrStuck(client: Client, id: string, spooled: Spooled): Promise<Receipt | FailedAttempt> {
  return receiptFor(client, id, spooled).catch((error: unknown) => ({ error, start: spooled.spooledBytes }))
}

/** Whether a proxy blocks resumable upload, by a response or by cutting it off, but lets a plain POST through. */
async function isBlocked(client: Client, { sha256 }: Spooled, { error, start }: FailedAttempt): Promise<boolean> {
  if (error instanceof AnswerError) return error.isAboutAlteredRequest && !COPY_CODES.has(error.document.code)
  const isStrange = error instanceof ForeignResponse
  if (isTooLarge(error) || (!isStrange && !isUnreachable(error))) return false
  const before = client.known.stuck.get(sha256)
  const times = before?.start === start ? before.times + 1 : 1
  client.known.stuck.set(sha256, { start, times })
  const mayPass = !isStrange || retryOfStatus(error.status) === 'soon'
  return (!mayPass || times > 1) && (await probeServer(client)) === 'server'
}

/** Codes for bytes that the server could not decode: the local copy may be damaged, a fresh one may be accepted. */
export const DAMAGED_COPY_CODES: ReadonlySet<string> = new Set(['body_damaged', 'digest_mismatch'])

/** Codes about how a copy was made: a copy made differently may be accepted. */
const COPY_CODES: ReadonlySet<string> = new Set([
  ...DAMAGED_COPY_CODES,
  'encoding_unsupported',
  'dictionary_unknown',
  'digest_missing',
])

async function isForResumable(client: Client, spooled: Spooled): Promise<boolean> {
  const { known, resumableBytesMin } = client
  if (performance.now() < known.wholeUntil) return false
  const isEligible = spooled.spooledBytes >= resumableBytesMin || known.broken.has(spooled.sha256)
  if (!isEligible && !(await hasOpenUpload(client, spooled))) return false
  known.isKindTaken ||= client.kind === PRODUCTS || (await probeServer(client)) === 'server'
  return known.isKindTaken
}

async function receiptFor(client: Client, id: string, spooled: Spooled): Promise<Receipt> {
  const receipt = await fetchReceipt(client, id)
  if (receipt === undefined) throw new Problem('answer_unknown', `the server does not know its own receipt ${id}`)
  return checkedReceipt(receipt, spooled)
}

async function sendWhole(client: Client, spooled: Spooled, onSent: OnSent): Promise<Receipt> {
  using idle = new IdleTimeout(client.idleMsMax)
  await using body = new FileBody(client, spooled.path, (bytes, sentBytes) => {
    idle.restart()
    onSent(bytes, sentBytes)
  })
  try {
    const url = resourceUrl(client.server, `api/upload/${client.kind}/`)
    const response = await sendRequest(client, idle, url, {
      method: 'POST',
      headers: headersFor(spooled),
      ...(await body.fetchBody(spooled.spooledBytes)),
    })
    const text = await readText(idle, response)
    if (response.status !== 200 && response.status !== 201) throw errorOf(response, url, text)
    return checkedReceipt(receiptIn(response, url, text), spooled)
  } catch (error) {
    // A disk error, not a network error: fetch wraps what the body threw.
    throw body.fault ?? error
  }
}

async function fetchReceipt(client: Client, id: string): Promise<Receipt | undefined> {
  using idle = new IdleTimeout(client.idleMsMax)
  const url = resourceUrl(client.server, `api/uploads/${encodeURIComponent(id)}`)
  const response = await sendRequest(client, idle, url, {})
  const text = await readText(idle, response)
  if (response.status === 200) return receiptIn(response, url, text)
  if (documentIn(answerOf(response, url, text))?.code !== 'not_found') throw errorOf(response, url, text)
  await requireUploadsPath(client)
  return undefined
}

async function fetchReceipts(client: Client, ids: readonly string[]): Promise<ReadonlyMap<string, Receipt>> {
  if (client.known.tellsOneByOne || ids.length < 2) return new Map()
  using idle = new IdleTimeout(client.idleMsMax)
  const url = resourceUrl(client.server, 'api/uploads')
  url.searchParams.set('ids', ids.join())
  const response = await sendRequest(client, idle, url, {})
  const text = await readText(idle, response)
  const fault = response.status === 200 ? undefined : errorOf(response, url, text)
  // An older server may answer an unknown parameter with any permanent error.
  if (fault !== undefined && retryRuleOf(fault) !== 'never') throw fault
  const told = fault === undefined ? parseUploads(text) : []
  client.known.tellsOneByOne = told.length === 0 || told.some(({ id }) => !ids.includes(id))
  return new Map(told.filter(({ id }) => ids.includes(id)).map((receipt) => [receipt.id, receipt]))
}

function receiptIn(response: Response, url: URL, text: string): Receipt {
  try {
    return parseReceipt(text)
  } catch (error) {
    throw error instanceof Problem ? unexpectedContent(response, url, text) : error
  }
}

async function* fetchRejects(client: Client, id: string): AsyncGenerator<Reject> {
  using idle = new IdleTimeout(client.idleMsMax)
  const url = resourceUrl(client.server, `api/uploads/${encodeURIComponent(id)}/rejects`)
  const response = await sendRequest(client, idle, url, {})
  if (response.status !== 200 || !/ndjson/.test(response.headers.get('content-type') ?? '')) {
    const text = await readText(idle, response)
    const isUnknown = documentIn(answerOf(response, url, text))?.code === 'not_found'
    throw isUnknown ? new Problem('not_found', `${url.href}: no rejects`) : errorOf(response, url, text)
  }
  for await (const lines of readLines(bodyChunks(idle, response)))
    for (const line of lines) yield parseReject(line.bytes)
}

function headersFor(spooled: Spooled): Record<string, string> {
  return {
    'Content-Type': 'application/x-ndjson',
    'Content-Encoding': spooled.encoding,
    'Content-Length': String(spooled.spooledBytes),
    'Content-Disposition': toContentDisposition(spooled.name),
    'Unencoded-Digest': toUnencodedDigest(spooled.sha256),
  }
}

function checkedReceipt(receipt: Receipt, spooled: Spooled): Receipt {
  if (receipt.sha256 === spooled.sha256 && receipt.bytes === spooled.bytes) return receipt
  throw new Problem(
    'receipt_mismatch',
    `${spooled.name} has ${spooled.bytes} bytes with SHA-256 ${spooled.sha256}, the receipt says ${receipt.bytes} bytes with ${receipt.sha256}`,
  )
}
