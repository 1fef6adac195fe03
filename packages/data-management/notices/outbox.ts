/** Sends waiting notices to receivers: one message at a time to each, with growing pauses after failures. */
import type { Log } from '@splitcart/shared/log.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { ConditionStore } from '../ledger/conditions.ts'
import {
  claimNotices,
  type NoticeRecord,
  PAUSE_MS_MAX,
  recordAnswer,
  recordTest,
  type SendResult,
} from '../ledger/notice-outbox.ts'
import { buildMessage } from './digest.ts'
import type { Message } from './message.ts'
import { DeliveryUnknown, MessageRefused, type NoticeReceiver, type NoticeTargets } from './receivers/receiver.ts'

/** What sending notices needs. */
export type NoticeContext = NoticeTargets & Readonly<{ notices: ConditionStore; now: () => number; log: Log }>

/** The pause after a message: notices within this time go into the next one together. */
export const DIGEST_MS = 60_000
const PAUSE_MS_MIN = 30_000
// After so many failures, some eight minutes, a transient refusal counts as permanent.
const TRANSIENT_FAILURES_MAX = 4
const ANSWER_CHARACTERS_MAX = 300
const BACKOFF_DOUBLINGS_MAX = 16
// The prefix of the recorded answer of a receiver that has refused a message permanently.
const REFUSED_PREFIX = 'refused: '
// How long a receiver may still take to answer when the server stops: less than the 8 s of uploads in progress.
const STOPPING_MS = 3_000

/** Sends waiting notices to all receivers, independently of each other. After an abort, `STOPPING_MS` are left. */
export async function notifyReceivers(context: NoticeContext, signal?: AbortSignal): Promise<void> {
  using ending = abortLater(signal, STOPPING_MS)
  const told = await Promise.allSettled(
    context.receivers.map((receiver) => notifyReceiver(context, receiver, ending.signal)),
  )
  for (const each of told) if (each.status === 'rejected') throw each.reason
}

/** A signal that aborts `ms` after another one. */
function abortLater(signal: AbortSignal | undefined, ms: number): Disposable & Readonly<{ signal: AbortSignal }> {
  const ending = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const begin = () => {
    timer = setTimeout(() => ending.abort(), ms)
  }
  signal?.addEventListener('abort', begin, { once: true })
  if (signal?.aborted) begin()
  const dispose = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', begin)
  }
  return { signal: ending.signal, [Symbol.dispose]: dispose }
}

async function notifyReceiver(context: NoticeContext, receiver: NoticeReceiver, signal: AbortSignal): Promise<void> {
  const { notices, page, now, log } = context
  const claimed = await claimNotices(notices.database, receiver.name, now())
  if (claimed === undefined) return
  const { failures, isShort } = await receiverState(notices, receiver)
  const message = buildMessage(claimed.notices, { repeats: claimed.mayRepeat, isShort, page })
  const answered = await sendMessage(receiver, message, failures, signal)
  await recordAnswer(notices.database, receiver.name, claimed, { ...answered, now: now() })
  const { answer, pauseMs, taken } = answered
  const told = { receiver: receiver.name, notices: claimed.notices.length, answer }
  if (taken) log.info(told, 'notices told')
  else log.warn({ ...told, pauseMs }, 'notices could not be told; it is tried again')
}

/**
 * The state of a receiver. `isShort`: it refused the last message, so the next one is without the texts of the notices:
 * it may pass, and then no longer blocks later notices.
 */
async function receiverState({ database }: ConditionStore, { name }: NoticeReceiver) {
  const found = await database
    .selectFrom('notice_receiver')
    .select(['failures', 'last_answer'])
    .where('name', '=', name)
    .executeTakeFirst()
  return {
    failures: Math.min(found?.failures ?? 0, BACKOFF_DOUBLINGS_MAX),
    isShort: found?.last_answer?.startsWith(REFUSED_PREFIX) ?? false,
  }
}

async function sendMessage(
  receiver: NoticeReceiver,
  message: Message,
  failures: number,
  signal?: AbortSignal,
): Promise<SendResult> {
  try {
    await receiver.send(message, signal)
    return { answer: message.isShort ? 'taken in short' : 'taken', pauseMs: DIGEST_MS, taken: true }
  } catch (error) {
    const pauseMs = Math.min(PAUSE_MS_MIN * 2 ** failures, PAUSE_MS_MAX)
    return { answer: failureText(error, failures), pauseMs, taken: false, isUnsure: error instanceof DeliveryUnknown }
  }
}

/** Sends a test notice to all receivers, or to one; returns the answers. Throws `not_found` if none has that name. */
export async function testReceivers(
  { notices, receivers, page, now }: Omit<NoticeContext, 'log'>,
  only?: string,
): Promise<{ name: string; taken: boolean; answer: string }[]> {
  const chosen = receivers.filter(({ name }) => only === undefined || name === only)
  if (only !== undefined && chosen.length === 0) throw new Problem('not_found', 'no receiver of notices has this name')
  return await Promise.all(
    chosen.map(async (receiver) => {
      const message = buildMessage([testNotice(now())], { repeats: false, isShort: false, page })
      const { taken, answer } = await sendMessage(receiver, message, 0)
      await recordTest(notices.database, receiver.name, taken ? 'taken: a test' : answer, now())
      return { name: receiver.name, taken, answer }
    }),
  )
}

function testNotice(at: number): NoticeRecord {
  const text = 'This is a test: notices of this server reach you.'
  return { id: at, at, kind: 'test', subject: '', is_over: 0, text, data: null }
}

function failureText(error: unknown, failures: number): string {
  const text = error instanceof Error ? error.message : String(error)
  const isRefused = error instanceof MessageRefused && (!error.isTransient || failures >= TRANSIENT_FAILURES_MAX)
  const said = isRefused ? `${REFUSED_PREFIX}${text}` : text
  return said.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, ANSWER_CHARACTERS_MAX)
}
