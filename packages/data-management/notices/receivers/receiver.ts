/** The interface of receivers of notices, and the HTTP request that several of them use. */
import { requestStatus } from '@splitcart/shared/outgoing-request.ts'
import type { Message } from '../message.ts'

/** Where notices are sent, such as an ntfy topic. */
export type NoticeReceiver = Readonly<{
  name: string
  /** Its address without secrets. */
  where: string
  /** Rejects unless the receiver accepts the message before the signal aborts. Errors contain no secrets. */
  send: (message: Message, signal?: AbortSignal) => Promise<void>
}>

/** The receivers, and the address of the dashboard for links. */
export type NoticeTargets = Readonly<{ receivers: readonly NoticeReceiver[]; page: URL | undefined }>

/** How long to wait for an answer: less than a server's claim on the notices of a receiver lasts. */
export const ANSWER_MS_MAX = 20_000

/** It is unknown whether the message was delivered. */
export class DeliveryUnknown extends Error {
  override readonly name = 'DeliveryUnknown'
}

/** The receiver refuses this message. `isTransient`: the refusal may come from a temporary failure on the way to it. */
export class MessageRefused extends Error {
  override readonly name = 'MessageRefused'
  readonly isTransient: boolean

  constructor(message: string, { isTransient = false } = {}) {
    super(message)
    this.isTransient = isTransient
  }
}

/** The message of the `DeliveryUnknown` error when this server stops while it sends a notice. */
export const SERVER_STOPPED = 'the server was stopped before it answered'

// Status codes by which a receiver refuses a message as too long or malformed.
const REFUSAL_STATUSES = new Set([400, 413, 422])
// Apprise answers with this status if a service behind it refuses the message or is unreachable.
const FAILED_DEPENDENCY = 424
// Errors of a connection that broke after the request may have arrived.
const CONNECTION_LOST = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])

/** The body of a request, and the access token of the receiver. */
export type PostOptions = Readonly<{ json: object; token?: string | undefined; signal: AbortSignal | undefined }>

/** Posts JSON without following redirects. Rejects unless the answer is a success. */
export async function post(address: URL, { json, token, signal }: PostOptions): Promise<void> {
  let status: number
  try {
    status = await requestStatus(address, { json, answerMsMax: ANSWER_MS_MAX, token, signal })
  } catch (cause) {
    if (signal?.aborted) throw new DeliveryUnknown(SERVER_STOPPED, { cause })
    const { code, message } = cause as NodeJS.ErrnoException
    const said = message || code || 'it could not be reached'
    throw code === undefined || CONNECTION_LOST.has(code)
      ? new DeliveryUnknown(said, { cause })
      : new Error(said, { cause })
  }
  const isTransient = status === FAILED_DEPENDENCY
  if (isTransient || REFUSAL_STATUSES.has(status)) throw new MessageRefused(`it answered ${status}`, { isTransient })
  if (status < 200 || status >= 300) throw new Error(`it answered ${status}`)
}
