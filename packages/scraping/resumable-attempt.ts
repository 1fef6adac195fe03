/**
 * One attempt to advance a resumable upload. It is the HTTP stack of the tus library: requests go through our own code
 * (key, timeout, disk), and responses are checked before the library sees them. A non-SplitCart response is a fault.
 */
import type { Disk } from '@splitcart/shared/disk.ts'
import { replace } from '@splitcart/shared/durable-file.ts'
import { PROBLEM_MEDIA_TYPE, Problem } from '@splitcart/shared/problem.ts'
import { resourceUrl } from '@splitcart/shared/settings.ts'
import type { HttpRequest, HttpResponse } from 'tus-js-client'
import { documentIn } from './answer.ts'
import { answerOf, errorOf, FileBody, readText, sendRequest, unexpectedContent } from './exchange.ts'
import { IdleTimeout } from './idle-timeout.ts'
import type { RateLimit } from './rate-limit.ts'
import { resumeSidecarPath, type Spooled } from './spool.ts'

/** Called for each chunk that was sent, with its bytes and the total sent so far. */
export type OnSent = (bytes: number, sentBytes: number) => void

/** Maximum size of a piece; lowered when a proxy rejects larger ones. */
export type Pieces = { bytesMax: number }

/** What an attempt needs: server address, key, and local resources. */
export type ResumableClient = Readonly<{
  server: URL
  key: string
  kind: string
  idleMsMax: number
  disk: Disk
  rateLimit?: RateLimit
  pieces: Pieces
}>

/** A byte range of a copy. */
export type Piece = Readonly<{ start: number; size: number }>

// Statuses of a SplitCart server too old for resumable uploads, or one that a proxy strips the tus headers for.
const NOT_RESUMABLE = new Set([404, 405, 412])
const GONE = new Set([404, 410])

type TusRequest = Readonly<{ method: string; url: string; headers: Readonly<Record<string, string>> }>

/** One attempt: makes the library's requests and keeps what the responses said. */
export class ResumableAttempt {
  readonly client: ResumableClient
  readonly spooled: Spooled
  readonly #onSent: OnSent
  /** Address of the upload, once known; empty before. */
  url = ''
  /** Offset of the upload when the attempt began. */
  start = 0
  sentBytes = 0
  /** Size of the last piece, in bytes. */
  pieceBytes = 0
  receiptId: string | undefined
  /** The original error: the library wraps it in one of its own. */
  fault: unknown
  isGone = false
  notResumableFor: 'this file' | 'any file' | undefined

  constructor(client: ResumableClient, spooled: Spooled, onSent: OnSent) {
    this.client = client
    this.spooled = spooled
    this.#onSent = onSent
  }

  next(): ResumableAttempt {
    return new ResumableAttempt(this.client, this.spooled, this.#onSent)
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
      send: async (piece: Piece | null) =>
        this.#asHeard(await this.exchange({ method, url, headers }, piece ?? undefined)),
      abort: async () => {},
      getUnderlyingObject: () => undefined,
    }
  }

  /** Makes one request, with `piece` as its body if given. */
  async exchange({ method, url, headers }: TusRequest, piece: Piece | undefined): Promise<Response> {
    const { client, spooled } = this
    this.fault = undefined
    this.pieceBytes = piece?.size ?? 0
    using idle = new IdleTimeout(client.idleMsMax)
    await using body = new FileBody(client, spooled.path, (bytes, sentBytes) => {
      idle.restart()
      this.sentBytes += bytes
      this.#onSent(bytes, sentBytes)
    })
    try {
      const address = new URL(url)
      const answer = await sendRequest(client, idle, address, {
        method,
        ...bodyOf(body, headers, piece),
        duplex: 'half',
      })
      await this.#handleResponse({ method, address, piece }, answer, await readText(idle, answer))
      return answer
    } catch (error) {
      // A disk error, not a network error: fetch wraps what the body threw.
      this.fault = body.fault ?? error
      throw this.fault
    }
  }

  #asHeard({ status, headers }: Response): HttpResponse {
    return {
      getStatus: () => status,
      // The resolved address: the server sends a relative one.
      getHeader: (name) => (name === 'Location' && this.url !== '' ? this.url : (headers.get(name) ?? undefined)),
      getBody: () => '',
      getUnderlyingObject: () => undefined,
    }
  }

  async #handleResponse(asked: SentRequest, answer: Response, text: string): Promise<void> {
    const { method, address } = asked
    if (method === 'POST') return this.#handleCreation(address, answer, text)
    this.url = address.href
    if (!answer.ok) this.#handleRefusal(asked, answer, text)
    else if (method === 'HEAD') this.#handleOffset(address, answer, text)
    else if (!hasMovedOn(answer, asked.piece)) this.fault = unexpectedContent(answer, address, text)
    else this.receiptId ??= answer.headers.get('upload-receipt') ?? undefined
    if (this.fault !== undefined) throw this.fault
  }

  #handleRefusal({ method, address }: SentRequest, answer: Response, text: string): void {
    this.fault = errorOf(answer, address, text)
    // The response to a HEAD has no body: only its headers show whether it is from a SplitCart server.
    const isOurs =
      method === 'HEAD' ? isOursByFields(answer) : documentIn(answerOf(answer, address, text)) !== undefined
    this.isGone ||= isOurs && GONE.has(answer.status)
  }

  #handleOffset(address: URL, answer: Response, text: string): void {
    const { spooledBytes } = this.spooled
    const [offset, length] = ['upload-offset', 'upload-length'].map((name) => numberIn(answer, name))
    if (offset === undefined || length === undefined) {
      this.fault = unexpectedContent(answer, address, text)
    } else if (length !== spooledBytes || offset > length) {
      this.isGone = true
      this.fault = new Problem('answer_unknown', `${address.href} is an upload of ${length} bytes`)
    } else {
      this.start = offset
      this.receiptId ??= answer.headers.get('upload-receipt') ?? undefined
    }
  }

  async #handleCreation(address: URL, answer: Response, text: string): Promise<void> {
    const { ok, status, headers } = answer
    if (!ok) {
      this.fault = errorOf(answer, address, text)
      const document = documentIn(answerOf(answer, address, text))
      if (document?.code === 'resumable_full') this.notResumableFor = 'this file'
      else if (document !== undefined && NOT_RESUMABLE.has(status)) this.notResumableFor = 'any file'
      throw this.fault
    }
    const url = URL.parse(headers.get('location') ?? '', address)
    if (url === null || !url.href.startsWith(endpointOf(this.client).href) || url.href === address.href) {
      this.fault = unexpectedContent(answer, address, text)
      throw this.fault
    }
    this.url = url.href
    const sidecar = { url: url.href, sha256: this.spooled.sha256, spooledBytes: this.spooled.spooledBytes }
    await replace(this.client.disk, resumeSidecarPath(this.spooled), `${JSON.stringify(sidecar)}\n`)
  }
}

type SentRequest = Readonly<{ method: string; address: URL; piece: Piece | undefined }>

function bodyOf(body: FileBody, headers: TusRequest['headers'], piece: Piece | undefined): RequestInit {
  if (piece === undefined) return { headers }
  const { start, size } = piece
  return { headers: { ...headers, 'Content-Length': String(size) }, body: body.chunks(start, start + size) }
}

/** Whether a response's offset says that the piece has arrived, at least partly. */
function hasMovedOn(answer: Response, piece: Piece | undefined): boolean {
  const offset = numberIn(answer, 'upload-offset')
  if (offset === undefined || piece === undefined) return offset !== undefined
  return offset > piece.start && offset <= piece.start + piece.size
}

function isOursByFields({ headers }: Response): boolean {
  return headers.has('tus-resumable') && headers.get('content-type') === PROBLEM_MEDIA_TYPE
}

function numberIn({ headers }: Response, name: string): number | undefined {
  const field = headers.get(name)
  return field !== null && /^\d{1,15}$/.test(field) ? Number(field) : undefined
}

/** URL at which resumable uploads are created. */
export function endpointOf({ server }: ResumableClient): URL {
  return resourceUrl(server, 'api/upload/resumable/')
}
