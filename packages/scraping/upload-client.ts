/**
 * Everything this machine says to the server over HTTP: one request a function, no second try (delivery.ts has those).
 *
 * Invariants:
 *  1. The key goes to the address in the settings and nowhere else: no redirect is followed, and no plain http leaves this machine.
 *  2. A receipt is handed on only when it is for exactly the bytes that were sent.
 *  3. A request ends: with an answer, or with a Problem after a time in which nothing moved.
 */

import { toUnencodedDigest } from '@splitcart/shared/digest.ts'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { readLines } from '@splitcart/shared/lines.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { parseReceipt, type Receipt } from '@splitcart/shared/receipt.ts'
import { urlOf } from '@splitcart/shared/settings.ts'
import { create as toContentDisposition } from 'content-disposition'
import { faultOfAnswer } from './answer.ts'
import { chunksOf } from './chunks.ts'
import { Idle } from './idle.ts'
import { parseReject, type Reject } from './rejects.ts'
import type { Spooled } from './spool.ts'

const IDLE_MS_MAX = 60_000
const ANSWER_BYTES_MAX = 1024 * 1024

/** The server, as this machine sees it. `send` calls `onSent` with the number of bytes of each portion that went out. */
export type UploadClient = Readonly<{
  send: (spooled: Spooled, onSent: (bytes: number) => void) => Promise<Receipt>
  receipt: (id: string) => Promise<Receipt | undefined>
  rejects: (id: string) => AsyncGenerator<Reject>
}>

export type ClientOptions = Readonly<{ server: URL; key: string; idleMsMax?: number; disk?: Disk }>

type Client = Required<ClientOptions>

/** Makes a client; throws `settings_invalid` when the key would travel unencrypted. Connects to nothing yet. */
export function createUploadClient(options: ClientOptions): UploadClient {
  const client: Client = { idleMsMax: IDLE_MS_MAX, disk: realDisk(), ...options }
  if (client.server.protocol !== 'https:' && !isLoopback(client.server.hostname))
    throw new Problem(
      'settings_invalid',
      `\n  API_SERVER_URL: expected https for another machine, got "${client.server.origin}": the key would be readable on the way`,
    )
  return {
    send: (spooled, onSent) => send(client, spooled, onSent),
    receipt: (id) => receiptOf(client, id),
    rejects: (id) => rejectsOf(client, id),
  }
}

/** Whether a host of a URL is this machine by its very name. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(hostname)
}

async function send(client: Client, spooled: Spooled, onSent: (bytes: number) => void): Promise<Receipt> {
  using idle = new Idle(client.idleMsMax)
  await using body = new Body(client.disk, spooled.path, (bytes) => {
    idle.moved()
    onSent(bytes)
  })
  try {
    const url = urlOf(client.server, 'api/upload/products/')
    const response = await ask(client, idle, url, {
      method: 'POST',
      headers: headersFor(spooled),
      body: body.chunks(),
      duplex: 'half',
    })
    const text = await readText(idle, response)
    if (response.status !== 200 && response.status !== 201) throw faultOf(response, url, text)
    return checked(await parseReceipt(text), spooled)
  } catch (error) {
    // The disk failed, not the network: fetch only wraps what the body threw.
    throw body.fault ?? error
  }
}

async function receiptOf(client: Client, id: string): Promise<Receipt | undefined> {
  using idle = new Idle(client.idleMsMax)
  const url = urlOf(client.server, `api/uploads/${encodeURIComponent(id)}`)
  const response = await ask(client, idle, url, {})
  const text = await readText(idle, response)
  if (response.status === 404) return undefined
  if (response.status !== 200) throw faultOf(response, url, text)
  return parseReceipt(text)
}

async function* rejectsOf(client: Client, id: string): AsyncGenerator<Reject> {
  using idle = new Idle(client.idleMsMax)
  const url = urlOf(client.server, `api/uploads/${encodeURIComponent(id)}/rejects`)
  const response = await ask(client, idle, url, {})
  if (response.status !== 200) {
    const text = await readText(idle, response)
    throw response.status === 404 ? new Problem('not_found', `${url.href}: no rejects`) : faultOf(response, url, text)
  }
  for await (const lines of readLines(moving(idle, response))) for (const line of lines) yield parseReject(line.bytes)
}

async function ask(client: Client, idle: Idle, url: URL, init: RequestInit): Promise<Response> {
  const headers = { 'X-API-Key': client.key, ...init.headers }
  try {
    return await fetch(url, { ...init, headers, redirect: 'manual', signal: idle.signal })
  } catch (cause) {
    throw unreachable(url, cause)
  }
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

/** A body that can be sent once; each attempt makes a new one. Keeps what went wrong with the disk while it was read. */
class Body implements AsyncDisposable {
  readonly #disk: Disk
  readonly #path: string
  readonly #onSent: (bytes: number) => void
  #chunks: AsyncGenerator<Buffer<ArrayBuffer>> | undefined
  fault: unknown

  constructor(disk: Disk, path: string, onSent: (bytes: number) => void) {
    this.#disk = disk
    this.#path = path
    this.#onSent = onSent
  }

  chunks(): AsyncGenerator<Buffer<ArrayBuffer>> {
    this.#chunks = this.#read()
    return this.#chunks
  }

  /** Closes the file also when the answer came before all of it was sent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks?.return(undefined)
  }

  async *#read(): AsyncGenerator<Buffer<ArrayBuffer>> {
    try {
      for await (const chunk of chunksOf(this.#disk, this.#path)) {
        yield chunk
        this.#onSent(chunk.length)
      }
    } catch (error) {
      this.fault = error
      throw error
    }
  }
}

async function* moving(idle: Idle, response: Response): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response.body ?? []) {
      idle.moved()
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    }
  } catch (cause) {
    throw unreachable(new URL(response.url), cause)
  }
}

async function readText(idle: Idle, response: Response): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of moving(idle, response)) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX)
      throw new Problem('answer_unknown', `${response.url} answered more than ${ANSWER_BYTES_MAX} bytes`)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function faultOf(response: Response, url: URL, text: string): Error {
  return faultOfAnswer({ url: url.href, status: response.status, headers: response.headers, text }, Date.now())
}

function unreachable(url: URL, cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause
  const reason = cause.cause instanceof Error ? cause.cause : cause
  const code = 'code' in reason && typeof reason.code === 'string' ? reason.code : ''
  return new Problem('server_unreachable', `${url.host}: ${reason.message || code || reason.name}`, { cause })
}

function checked(receipt: Receipt, spooled: Spooled): Receipt {
  if (receipt.sha256 === spooled.sha256 && receipt.bytes === spooled.bytes) return receipt
  throw new Problem(
    'receipt_mismatch',
    `${spooled.name} has ${spooled.bytes} bytes with SHA-256 ${spooled.sha256}, the receipt says ${receipt.bytes} bytes with ${receipt.sha256}`,
  )
}
