/** Whoever is told. */
import { callOut } from '@splitcart/shared/call-out.ts'
import type { Message } from '../message.ts'

/** Sends messages to one of them. */
export type NoticeReceiver = Readonly<{
  name: string
  /** Where it is, without what is secret of it. */
  where: string
  /** Rejects when it was not taken. The error says nothing secret. */
  send: (message: Message) => Promise<void>
}>

/** Who is told, and where people open the page. */
export type Told = Readonly<{ receivers: readonly NoticeReceiver[]; page: URL | undefined }>

/** How long an answer is waited for: less than a server has a receiver for itself. */
export const ANSWER_MS_MAX = 20_000

/** Nobody knows whether the message came. */
export class Unsure extends Error {
  override readonly name = 'Unsure'
}

// The way broke while the request or its answer was on it.
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])

/** Posts JSON; follows no redirect. Rejects when it was not taken. */
export async function post(address: URL, json: object, token?: string): Promise<void> {
  let status: number
  try {
    status = await callOut(address, { json, answerMsMax: ANSWER_MS_MAX, token })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const said = message || code || 'it could not be reached'
    throw code === undefined || BROKEN.has(code) ? new Unsure(said, { cause }) : new Error(said, { cause })
  }
  if (status < 200 || status >= 300) throw new Error(`it answered ${status}`)
}
