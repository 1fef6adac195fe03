/** Sends waiting notices to receivers: one message at a time, with growing pauses after failures. */
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
import { messageOf } from './digest.ts'
import type { Message } from './message.ts'
import { type NoticeReceiver, type NoticeTargets, Refused, Unsure } from './receivers/receiver.ts'

/** What sending works with. */
export type NoticeContext = NoticeTargets & Readonly<{ notices: ConditionStore; now: () => number; log: Log }>

/** Notices within this time go into one message. */
export const DIGEST_MS = 60_000
const PAUSE_MS_MIN = 30_000
// After so many failures, some eight minutes, a failure that may pass counts as a refusal.
const PASSES_MAX = 4
const ANSWER_CHARACTERS_MAX = 300
const FAILURES_MAX = 16
// The prefix of a recorded answer by which a receiver has refused a message for good.
const REFUSED = 'refused: '
// How long a receiver may still take to answer when the server stops: less than uploads in progress have (8 s).
const STOPPING_MS = 3_000

/** Sends to every receiver what waits for it. A failing one does not stop the others; a signal leaves them a moment. */
export async function notifyReceivers(context: NoticeContext, signal?: AbortSignal): Promise<void> {
  using ending = later(signal, STOPPING_MS)
  const told = await Promise.allSettled(
    context.receivers.map((receiver) => notifyReceiver(context, receiver, ending.signal)),
  )
  for (const each of told) if (each.status === 'rejected') throw each.reason
}

/** A signal that aborts so long after another one. */
function later(signal: AbortSignal | undefined, ms: number): Disposable & Readonly<{ signal: AbortSignal }> {
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
  const { failures, isShort } = await standingOf(notices, receiver)
  const message = messageOf(claimed.notices, { repeats: claimed.mayRepeat, isShort, page })
  const answered = await ask(receiver, message, failures, signal)
  await recordAnswer(notices.database, receiver.name, claimed, { ...answered, now: now() })
  const { answer, pauseMs, taken } = answered
  const told = { receiver: receiver.name, notices: claimed.notices.length, answer }
  if (taken) log.info(told, 'notices told')
  else log.warn({ ...told, pauseMs }, 'notices could not be told; it is tried again')
}

/**
 * The state of a receiver. `isShort`: it refused the last message, so the next one leaves out the texts of the notices:
 * it gets through, and those that follow are not blocked.
 */
async function standingOf({ database }: ConditionStore, { name }: NoticeReceiver) {
  const found = await database
    .selectFrom('notice_receiver')
    .select(['failures', 'last_answer'])
    .where('name', '=', name)
    .executeTakeFirst()
  return {
    failures: Math.min(found?.failures ?? 0, FAILURES_MAX),
    isShort: found?.last_answer?.startsWith(REFUSED) ?? false,
  }
}

async function ask(
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
    return { answer: answerOf(error, failures), pauseMs, taken: false, isUnsure: error instanceof Unsure }
  }
}

/** Sends a test to all receivers or one; returns their answers. Throws `not_found` if no receiver has that name. */
export async function testReceivers(
  { notices, receivers, page, now }: Omit<NoticeContext, 'log'>,
  only?: string,
): Promise<{ name: string; taken: boolean; answer: string }[]> {
  const chosen = receivers.filter(({ name }) => only === undefined || name === only)
  if (only !== undefined && chosen.length === 0) throw new Problem('not_found', 'no receiver of notices has this name')
  return await Promise.all(
    chosen.map(async (receiver) => {
      const message = messageOf([testNotice(now())], { repeats: false, isShort: false, page })
      const { taken, answer } = await ask(receiver, message, 0)
      await recordTest(notices.database, receiver.name, taken ? 'taken: a test' : answer, now())
      return { name: receiver.name, taken, answer }
    }),
  )
}

function testNotice(at: number): NoticeRecord {
  const text = 'This is a test: notices of this server reach you.'
  return { id: at, at, kind: 'test', subject: '', is_over: 0, text, data: null }
}

function answerOf(error: unknown, failures: number): string {
  const text = error instanceof Error ? error.message : String(error)
  const isRefused = error instanceof Refused && (!error.mayPass || failures >= PASSES_MAX)
  const said = isRefused ? `${REFUSED}${text}` : text
  return said.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, ANSWER_CHARACTERS_MAX)
}
