/** One request and its answer over HTTP: what every conversation with the server is made of. */
import { randomBytes } from 'node:crypto'
import type { Disk } from '@splitcart/shared/disk.ts'
import { type AnswerError, faultOfAnswer, StrangeAnswer } from './answer.ts'
import { CHUNK_BYTES, chunksOf } from './chunks.ts'
import { connectionFault } from './connection-fault.ts'
import type { Idle } from './idle.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Answer } from './strange-answer.ts'

// Ours are a few KiB at most; of a stranger's page the beginning says enough.
const ANSWER_BYTES_MAX = 1024 * 1024
const PAGE_BYTES_MAX = 64 * 1024

// One for all requests of this process (W3C Trace Context), so that the logs of servers and proxies can be put together.
const TRACE_ID = randomBytes(16).toString('hex')

/** Sends one request, with the key where there is one, and gives the answer, of which only the head has been read. */
export async function ask(
  client: Readonly<{ key?: string }>,
  idle: Idle,
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

type Source = Readonly<{ disk: Disk; rateLimit?: RateLimit }>

/** A body that can be sent once; each attempt makes a new one. Keeps what went wrong with the disk while it was read. */
export class Body implements AsyncDisposable {
  readonly #from: Source
  readonly #path: string
  readonly #onSent: (bytes: number, sentBytes: number) => void
  #chunks: AsyncGenerator<Buffer<ArrayBuffer>> | undefined
  fault: unknown

  /** `onSent` hears of each portion that went out: its bytes, and where in the file it ends. */
  constructor(from: Source, path: string, onSent: (bytes: number, sentBytes: number) => void) {
    this.#from = from
    this.#path = path
    this.#onSent = onSent
  }

  /** The file from a byte on, or a part of it. */
  chunks(start = 0, end = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer<ArrayBuffer>> {
    this.#chunks = this.#read(start, end)
    return this.#chunks
  }

  /** What a fetch sends: a small file as it is, which takes far less time than a stream, and any other one as it is read. */
  async toSend(bytes: number): Promise<Pick<RequestInit, 'body' | 'duplex'>> {
    if (bytes > CHUNK_BYTES || this.#from.rateLimit !== undefined)
      return { body: this.chunks(0, bytes), duplex: 'half' }
    return { body: Buffer.concat(await Array.fromAsync(this.chunks(0, bytes))) }
  }

  /** Closes the file also when the answer came before all of it was sent. */
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

/** The body of an answer, as it comes. */
export async function* moving(idle: Idle, response: Response): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response.body ?? []) {
      idle.moved()
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    }
  } catch (cause) {
    throw connectionFault(new URL(response.url), cause, Date.now())
  }
}

/** The body of an answer as text, as far as it is worth reading. What breaks off, never ends or is too long is no answer of ours. */
export async function readText(idle: Idle, response: Response): Promise<string> {
  const isJson = /json/i.test(response.headers.get('content-type') ?? '')
  const bytesMax = isJson ? ANSWER_BYTES_MAX : PAGE_BYTES_MAX
  const chunks: Buffer[] = []
  let bytes = 0
  idle.mustEnd()
  try {
    for await (const chunk of moving(idle, response)) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > bytesMax) break
    }
  } catch (error) {
    // An answer of ours was lost on the way; of a stranger's page there is enough to tell what it is.
    if (isJson) throw error
  }
  return Buffer.concat(chunks).toString('utf8', 0, bytesMax)
}

/** An answer, with what was read of it. */
export function answerOf({ status, headers }: Response, url: URL, text: string): Answer {
  return { url: url.href, status, headers, text }
}

/** The error that an answer without what was asked for means. */
export function faultOf(response: Response, url: URL, text: string): AnswerError | StrangeAnswer {
  return faultOfAnswer(answerOf(response, url, text), Date.now())
}

/** The error for an answer that looks as if all were well, and is not what was asked for. */
export function strangeAnswer(response: Response, url: URL, text: string): StrangeAnswer {
  return new StrangeAnswer(answerOf(response, url, text), Date.now())
}
