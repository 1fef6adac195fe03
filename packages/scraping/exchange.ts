/** One HTTP request and its response: the base of every call to the server. */
import { randomBytes } from 'node:crypto'
import type { Disk } from '@splitcart/shared/disk.ts'
import { type AnswerError, errorOfResponse, ForeignResponse } from './answer.ts'
import { CHUNK_BYTES, chunksOf } from './chunks.ts'
import { connectionFault } from './connection-fault.ts'
import type { Answer } from './describe-response.ts'
import type { IdleTimeout } from './idle-timeout.ts'
import type { RateLimit } from './rate-limit.ts'

// Responses of the server are a few KiB; of any other page the beginning is enough to identify it.
const ANSWER_BYTES_MAX = 1024 * 1024
const PAGE_BYTES_MAX = 64 * 1024

// One trace id for all requests of this process (W3C Trace Context), to correlate logs of servers and proxies.
const TRACE_ID = randomBytes(16).toString('hex')

/** A server, the key for it, and how long a request may be idle. */
export type ServerAccess = Readonly<{ server: URL; key: string; idleMsMax: number }>

/** Sends one request, with the key if given; returns the response with its body unread. */
export async function sendRequest(
  client: Readonly<{ key?: string }>,
  idle: IdleTimeout,
  url: URL,
  init: RequestInit,
): Promise<Response> {
  const traceparent = `00-${TRACE_ID}-${randomBytes(8).toString('hex')}-01`
  const headers = { traceparent, ...(client.key !== undefined && { 'X-API-Key': client.key }), ...init.headers }
  try {
    return await fetch(url, { ...init, headers, redirect: 'manual', signal: idle.signal })
  } catch (cause) {
    throw connectionFault(url, cause, Date.now())
  }
}

type BodySource = Readonly<{ disk: Disk; rateLimit?: RateLimit }>

/** A request body read from a file; can be sent once. `fault` keeps an error of reading it. */
export class FileBody implements AsyncDisposable {
  readonly #from: BodySource
  readonly #path: string
  readonly #onSent: (bytes: number, sentBytes: number) => void
  #chunks: AsyncGenerator<Buffer<ArrayBuffer>> | undefined
  fault: unknown

  /** `onSent` is called for each chunk sent: its bytes, and its end offset in the file. */
  constructor(from: BodySource, path: string, onSent: (bytes: number, sentBytes: number) => void) {
    this.#from = from
    this.#path = path
    this.#onSent = onSent
  }

  /** The bytes of the file from `start` up to `end`. */
  chunks(start = 0, end = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer<ArrayBuffer>> {
    this.#chunks = this.#read(start, end)
    return this.#chunks
  }

  /** The body for fetch: a small file as a buffer, which is far faster than a stream; any other as a stream. */
  async fetchBody(bytes: number): Promise<Pick<RequestInit, 'body' | 'duplex'>> {
    if (bytes > CHUNK_BYTES || this.#from.rateLimit !== undefined)
      return { body: this.chunks(0, bytes), duplex: 'half' }
    return { body: Buffer.concat(await Array.fromAsync(this.chunks(0, bytes))) }
  }

  /** Closes the file, also when the response came before all of it was sent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks?.return(undefined)
  }

  async *#read(start: number, end: number): AsyncGenerator<Buffer<ArrayBuffer>> {
    try {
      const { disk, rateLimit } = this.#from
      const chunks = chunksOf(disk, this.#path, start, end)
      let at = start
      for await (const chunk of rateLimit?.slow(chunks) ?? chunks) {
        yield chunk
        at += chunk.length
        this.#onSent(chunk.length, at)
      }
    } catch (error) {
      this.fault = error
      throw error
    }
  }
}

/** Streams a response body; each chunk resets the idle timer. */
export async function* bodyChunks(idle: IdleTimeout, response: Response): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response.body ?? []) {
      idle.restart()
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    }
  } catch (cause) {
    throw connectionFault(new URL(response.url), cause, Date.now())
  }
}

/** Reads a response body as text, up to a limit. Throws if a JSON body breaks off or does not end in time. */
export async function readText(idle: IdleTimeout, response: Response): Promise<string> {
  const isJson = /json/i.test(response.headers.get('content-type') ?? '')
  const bytesMax = isJson ? ANSWER_BYTES_MAX : PAGE_BYTES_MAX
  const chunks: Buffer[] = []
  let bytes = 0
  idle.setDeadline()
  try {
    for await (const chunk of bodyChunks(idle, response)) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > bytesMax) break
    }
  } catch (error) {
    // A JSON response that breaks off is lost; of any other page the beginning is enough.
    if (isJson) throw error
  }
  return Buffer.concat(chunks).toString('utf8', 0, bytesMax)
}

/** A response together with the text that was read of it. */
export function answerOf({ status, headers }: Response, url: URL, text: string): Answer {
  return { url: url.href, status, headers, text }
}

/** Makes the error for an unsuccessful response. */
export function errorOf(response: Response, url: URL, text: string): AnswerError | ForeignResponse {
  return errorOfResponse(answerOf(response, url, text), Date.now())
}

/** Makes the error for a successful-looking response with unexpected content. */
export function unexpectedContent(response: Response, url: URL, text: string): ForeignResponse {
  return new ForeignResponse(answerOf(response, url, text), Date.now())
}
