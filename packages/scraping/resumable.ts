/**
 * Sending a copy in as many pieces as it takes: tus 1.0.0, spoken by its own library over our own requests.
 *
 *   no note ─▶ POST: an address, noted ─▶ PATCH ─┬─▶ all is there ─▶ the id of the receipt
 *   note ────▶ HEAD: where it stands ────▶       └─▶ cut: once more from HEAD, as long as each time more of it is there
 *
 * Invariants:
 *  1. An address is noted durably before the first byte goes there, so a sender that is killed finds its upload again.
 *  2. The key goes to the origin in the settings only, whatever address the server names.
 *  3. An upload that the server does not know any more is forgotten, and a new one is opened.
 */
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Disk } from '@splitcart/shared/disk.ts'
import { removeIfThere, replace } from '@splitcart/shared/durable-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { urlOf } from '@splitcart/shared/settings.ts'
import type { HttpRequest, HttpResponse, Upload, UploadOptions } from 'tus-js-client'
import { AnswerError, retryOf } from './answer.ts'
import { retryAfterOf } from './delivery.ts'
import { ask, Body, faultOf, readText } from './exchange.ts'
import { Idle } from './idle.ts'
import { readNote } from './note.ts'
import type { RateLimit } from './rate-limit.ts'
import { resumeNotePath, type Spooled } from './spool.ts'

/** What is told of each portion that went out: its bytes, and how many bytes of all have gone now. */
export type OnSent = (bytes: number, sentBytes: number) => void

type Client = Readonly<{ server: URL; key: string; idleMsMax: number; disk: Disk; rateLimit?: RateLimit }>

/** All of it is there, and this is its receipt; or the server does not take this file so, or any. */
export type Outcome = Readonly<{ receiptId: string }> | Readonly<{ notFor: 'this file' | 'any file' }>

const PAUSE_MS_MAX = 200
const MEDIA_TYPE = 'application/offset+octet-stream'

/** Sends a copy. A try that brought the upload forward is followed by the next one; any other error is thrown. */
export async function sendInPieces(client: Client, spooled: Spooled, onSent: OnSent): Promise<Outcome> {
  for (let before = -1; ; ) {
    const talk = new Talk(client, spooled, onSent)
    try {
      return await attempt(talk)
    } catch (error) {
      const hasMoved = talk.start > before && talk.sentBytes > 0
      if (retryOf(error) !== 'soon' || retryAfterOf(error) > 0 || !hasMoved) throw error
      before = talk.start
      await sleep(Math.random() * PAUSE_MS_MAX)
    }
  }
}

/** Whether an upload of this copy was begun. */
export async function isBegun(client: Client, spooled: Spooled): Promise<boolean> {
  return (await notedAddress(client, spooled)) !== undefined
}

async function attempt(talk: Talk): Promise<Outcome> {
  const { client, spooled } = talk
  const noted = await notedAddress(client, spooled)
  try {
    await transfer(talk, noted)
  } catch (error) {
    if (noted !== undefined && talk.isGone) {
      await removeIfThere(client.disk, resumeNotePath(spooled))
      return attempt(talk.anew())
    }
    const notFor = noted === undefined ? talk.notFor : undefined
    if (notFor !== undefined) return { notFor }
    throw talk.fault ?? error
  }
  return { receiptId: talk.receiptId ?? (await finish(talk)) }
}

function transfer(talk: Talk, noted: URL | undefined): Promise<void> {
  const { client, spooled } = talk
  const metadata = { filename: spooled.name, encoding: spooled.encoding, sha256: spooled.sha256 }
  const address = noted === undefined ? { endpoint: endpointOf(client).href } : { uploadUrl: noted.href }
  const core = coreOfTus()
  return new Promise((resolve, reject) => {
    const options: UploadOptions = {
      ...core.defaultOptions,
      ...address,
      metadata,
      // Trying again is done here and in delivery.ts, which know what each problem asks for.
      retryDelays: null,
      storeFingerprintForResuming: false,
      fingerprint: async () => '',
      fileReader: { openFile: async () => sourceOf(spooled) },
      httpStack: talk,
      onSuccess: () => resolve(),
      onError: reject,
    }
    new core({} as Upload['file'], options).start()
  })
}

// Without what surrounds it in Node, which listens to signals and locks files.
function coreOfTus(): typeof Upload & { defaultOptions: UploadOptions } {
  return createRequire(import.meta.url)('tus-js-client/lib.es5/upload.js').default
}

type Piece = Readonly<{ start: number; size: number }>

function sourceOf({ spooledBytes: size }: Spooled) {
  const slice = async (start: number, end: number) => ({ value: { start, size: end - start }, done: end >= size })
  return { size, slice, close: () => {} }
}

/** The upload is whole and was not accepted: the server was short of something then, or was stopped. */
async function finish(talk: Talk): Promise<string> {
  const { url } = talk
  const headers = { 'Upload-Offset': String(talk.spooled.spooledBytes), 'Content-Type': MEDIA_TYPE }
  const answer = await talk.exchange({ method: 'PATCH', url, headers: { ...TUS, ...headers } }, undefined)
  if (talk.fault !== undefined) throw talk.fault
  if (talk.receiptId === undefined)
    throw new Problem('answer_unknown', `${url} has all bytes and answers ${answer.status} without a receipt`)
  return talk.receiptId
}

const TUS = { 'Tus-Resumable': '1.0.0' }
const NOT_RESUMABLE = new Set([404, 405, 412, 501])

type Asked = Readonly<{ method: string; url: string; headers: Readonly<Record<string, string>> }>

/** One try: the requests that the library makes, and what was heard. */
class Talk {
  readonly client: Client
  readonly spooled: Spooled
  readonly #onSent: OnSent
  /** The address of the upload, as soon as it is known. */
  url = ''
  /** Where the upload stood when the try began. */
  start = 0
  sentBytes = 0
  receiptId: string | undefined
  /** What went wrong, in our words: the library wraps it in its own. */
  fault: unknown
  isGone = false
  notFor: 'this file' | 'any file' | undefined

  constructor(client: Client, spooled: Spooled, onSent: OnSent) {
    this.client = client
    this.spooled = spooled
    this.#onSent = onSent
  }

  anew(): Talk {
    return new Talk(this.client, this.spooled, this.#onSent)
  }

  getName(): string {
    return 'SplitCart'
  }

  createRequest(method: string, url: string): HttpRequest {
    const headers: Record<string, string> = {}
    return {
      getMethod: () => method,
      getURL: () => url,
      setHeader: (name, value) => {
        headers[name] = value
      },
      getHeader: (name) => headers[name],
      setProgressHandler: () => {},
      send: async (piece: Piece | null) => this.#asHeard(await this.exchange({ method, url, headers }, piece?.start)),
      abort: async () => {},
      getUnderlyingObject: () => undefined,
    }
  }

  /** Makes one request, with the copy from a byte on as its body where one is named. */
  async exchange({ method, url, headers }: Asked, start: number | undefined): Promise<Response> {
    const { client, spooled } = this
    using idle = new Idle(client.idleMsMax)
    await using body = new Body(client, spooled.path, (bytes, sentBytes) => {
      idle.moved()
      this.sentBytes += bytes
      this.#onSent(bytes, sentBytes)
    })
    const length = { 'Content-Length': String(spooled.spooledBytes - (start ?? 0)) }
    const sending = start === undefined ? { headers } : { headers: { ...headers, ...length }, body: body.chunks(start) }
    try {
      const address = new URL(url)
      const answer = await ask(client, idle, address, { method, ...sending, duplex: 'half' })
      const text = await readText(idle, answer)
      this.fault = answer.ok ? undefined : faultOf(answer, address, text)
      await this.#hear(method, address, answer)
      return answer
    } catch (error) {
      // The disk failed, not the network: fetch only wraps what the body threw.
      this.fault = body.fault ?? error
      throw this.fault
    }
  }

  #asHeard({ status, headers }: Response): HttpResponse {
    return {
      getStatus: () => status,
      // The address as we have joined it: the server's is relative.
      getHeader: (name) => (name === 'Location' && this.url !== '' ? this.url : (headers.get(name) ?? undefined)),
      getBody: () => '',
      getUnderlyingObject: () => undefined,
    }
  }

  async #hear(method: string, address: URL, answer: Response): Promise<void> {
    const { headers, status } = answer
    this.receiptId ??= headers.get('upload-receipt') ?? undefined
    if (method === 'POST') return this.#hearOpening(address, answer)
    this.url = address.href
    this.isGone ||= status === 404 || status === 410
    if (method !== 'HEAD' || !answer.ok) return
    this.start = Number(headers.get('upload-offset'))
    const length = Number(headers.get('upload-length'))
    if (length === this.spooled.spooledBytes && this.start <= length) return
    this.isGone = true
    throw new Problem('answer_unknown', `${address.href} is an upload of ${length} bytes`)
  }

  async #hearOpening(address: URL, { ok, status, headers }: Response): Promise<void> {
    const location = headers.get('location')
    const isFull = this.fault instanceof AnswerError && this.fault.document?.code === 'resumable_full'
    if (isFull) this.notFor = 'this file'
    else if (NOT_RESUMABLE.has(status) || (ok && location === null)) this.notFor = 'any file'
    if (!ok || location === null) return
    const url = new URL(location, address)
    if (url.origin !== this.client.server.origin)
      throw new Problem('answer_unknown', `${address.href} names ${url.origin}; the key is for ${address.origin} only`)
    this.url = url.href
    const note = { url: url.href, sha256: this.spooled.sha256, spooledBytes: this.spooled.spooledBytes }
    await replace(this.client.disk, resumeNotePath(this.spooled), `${JSON.stringify(note)}\n`)
  }
}

function endpointOf({ server }: Client): URL {
  return urlOf(server, 'api/upload/resumable/')
}

/** The address of the upload of exactly this copy, at the server of the settings. */
async function notedAddress(client: Client, { sha256, spooledBytes, ...rest }: Spooled): Promise<URL | undefined> {
  const path = resumeNotePath(rest)
  const note = (await readNote(client.disk, path)) as
    | { url?: string; sha256?: string; spooledBytes?: number }
    | undefined
  if (note?.url === undefined || note.sha256 !== sha256 || note.spooledBytes !== spooledBytes) return undefined
  return note.url.startsWith(endpointOf(client).href) && URL.canParse(note.url) ? new URL(note.url) : undefined
}
