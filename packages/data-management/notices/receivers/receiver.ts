/** The receivers of notices, and how messages are posted to them. */
import { requestStatus } from '@splitcart/shared/outgoing-request.ts'
import type { Message } from '../message.ts'

/** A receiver of notices. */
export type NoticeReceiver = Readonly<{
  name: string
  /** Its address without secrets. */
  where: string
  /** Rejects if the message was not taken, or the signal aborts before that is known. Errors contain no secrets. */
  send: (message: Message, signal?: AbortSignal) => Promise<void>
}>

/** The receivers, and the address of the page for people. */
export type NoticeTargets = Readonly<{ receivers: readonly NoticeReceiver[]; page: URL | undefined }>

/** How long to wait for an answer: less than a server's claim of a receiver lasts. */
export const ANSWER_MS_MAX = 20_000

/** It is unknown whether the message was delivered. */
export class Unsure extends Error {
  override readonly name = 'Unsure'
}

/** The receiver refuses this message for good. `mayPass`: or something on the way to it fails for a while. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly mayPass: boolean

  constructor(message: string, { mayPass = false } = {}) {
    super(message)
    this.mayPass = mayPass
  }
}

/** The message of an `Unsure` error for a notice that was being sent when this server stopped. */
export const STOPPED = 'the server was stopped before it answered'

// Status codes of a refusal: the content is too long, or has the wrong form.
const REFUSALS = new Set([400, 413, 422])
// Apprise answers this if a service behind it refuses the message or is unreachable.
const PASSED_ON = 424
// The connection broke while the request or its answer was on the way.
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])

/** The request; `token`: the receiver's access token. */
export type Post = Readonly<{ json: object; token?: string | undefined; signal: AbortSignal | undefined }>

/** Posts JSON; follows no redirect. Rejects if it was not taken. */
export async function post(address: URL, { json, token, signal }: Post): Promise<void> {
  let status: number
  try {
    status = await requestStatus(address, { json, answerMsMax: ANSWER_MS_MAX, token, signal })
  } catch (cause) {
    if (signal?.aborted) throw new Unsure(STOPPED, { cause })
    const { code, message } = cause as NodeJS.ErrnoException
    const said = message || code || 'it could not be reached'
    throw code === undefined || BROKEN.has(code) ? new Unsure(said, { cause }) : new Error(said, { cause })
  }
  const mayPass = status === PASSED_ON
  if (mayPass || REFUSALS.has(status)) throw new Refused(`it answered ${status}`, { mayPass })
  if (status < 200 || status >= 300) throw new Error(`it answered ${status}`)
}
