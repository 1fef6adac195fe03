/** Whoever is told. */
import { callOut } from '@splitcart/shared/call-out.ts'
import type { Message } from '../message.ts'

/** Sends messages to one of them. */
export type NoticeReceiver = Readonly<{
  name: string
  /** Where it is, without what is secret of it. */
  where: string
  /** Rejects when it was not taken, and when the signal aborts before that is known. The error says nothing secret. */
  send: (message: Message, signal?: AbortSignal) => Promise<void>
}>

/** Who is told, and where people open the page. */
export type NoticeTargets = Readonly<{ receivers: readonly NoticeReceiver[]; page: URL | undefined }>

/** How long an answer is waited for: less than a server has a receiver for itself. */
export const ANSWER_MS_MAX = 20_000

/** Nobody knows whether the message came. */
export class Unsure extends Error {
  override readonly name = 'Unsure'
}

/** The receiver will not take this message, now or later. `mayPass`: or something on the way to it is out of order for a while. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly mayPass: boolean

  constructor(message: string, { mayPass = false } = {}) {
    super(message)
    this.mayPass = mayPass
  }
}

/** Why nobody knows, when the server stops meanwhile. */
export const STOPPED = 'the server was stopped before it answered'

// By these somebody says that he does not want what was posted: too long, or of another form.
const REFUSALS = new Set([400, 413, 422])
// Apprise says so of whom it passes on to, whether he does not want it or is away.
const PASSED_ON = 424
// The way broke while the request or its answer was on it.
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])

/** What is posted; `token`: of whom it is posted to. */
export type Post = Readonly<{ json: object; token?: string | undefined; signal: AbortSignal | undefined }>

/** Posts JSON; follows no redirect. Rejects when it was not taken. */
export async function post(address: URL, { json, token, signal }: Post): Promise<void> {
  let status: number
  try {
    status = await callOut(address, { json, answerMsMax: ANSWER_MS_MAX, token, signal })
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
