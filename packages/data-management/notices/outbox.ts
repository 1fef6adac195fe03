/** Tells receivers what waits for them: one message at a time, and after a failure with growing pauses. */
import type { Log } from '@splitcart/shared/log.ts'
import {
  type Answered,
  type ClaimedNotices,
  claimNotices,
  type NoticeRecord,
  recordAnswer,
  recordTest,
} from '../ledger/notice-outbox.ts'
import type { Notices } from '../ledger/notices.ts'
import { messageOf } from './digest.ts'
import { type NoticeReceiver, type Told, Unsure } from './receivers/receiver.ts'

/** Whom to tell, and from where. */
export type Telling = Told & Readonly<{ notices: Notices; now: () => number; log: Log }>

/** What comes within it is one message. */
export const DIGEST_MS = 60_000
const PAUSE_MS_MIN = 30_000
const PAUSE_MS_MAX = 60 * 60_000
const ANSWER_CHARACTERS_MAX = 300
const FAILURES_MAX = 16

/** Tells every receiver what waits for it. What one of them does keeps no other from being told. */
export async function tellReceivers(telling: Telling): Promise<void> {
  await Promise.all(telling.receivers.map((receiver) => tellOne(telling, receiver)))
}

async function tellOne(telling: Telling, receiver: NoticeReceiver): Promise<void> {
  const { notices, page, now, log } = telling
  const claimed = await claimNotices(notices.database, receiver.name, now())
  if (claimed === undefined) return
  const answered = await ask(receiver, claimed, page, await failuresOf(notices, receiver))
  await recordAnswer(notices.database, receiver.name, claimed, { ...answered, now: now() })
  const { answer, pauseMs, taken } = answered
  const told = { receiver: receiver.name, notices: claimed.notices.length, answer }
  if (taken) log.info(told, 'notices told')
  else log.warn({ ...told, pauseMs }, 'notices could not be told; it is tried again')
}

async function failuresOf({ database }: Notices, { name }: NoticeReceiver): Promise<number> {
  const found = await database
    .selectFrom('notice_receiver')
    .select('failures')
    .where('name', '=', name)
    .executeTakeFirst()
  return Math.min(found?.failures ?? 0, FAILURES_MAX)
}

async function ask(
  receiver: NoticeReceiver,
  { notices, repeats }: ClaimedNotices,
  page: URL | undefined,
  failures: number,
): Promise<Answered> {
  try {
    await receiver.send(messageOf(notices, repeats, page))
    return { answer: 'taken', pauseMs: DIGEST_MS, taken: true }
  } catch (error) {
    const pauseMs = Math.min(PAUSE_MS_MIN * 2 ** failures, PAUSE_MS_MAX)
    return { answer: answerOf(error), pauseMs, taken: false, isUnsure: error instanceof Unsure }
  }
}

/** Sends a test to each receiver, or to one of them; returns what each answered. */
export async function testReceivers(
  { notices, receivers, page, now }: Omit<Telling, 'log'>,
  only?: string,
): Promise<{ name: string; taken: boolean; answer: string }[]> {
  const meant = receivers.filter(({ name }) => only === undefined || name === only)
  return await Promise.all(
    meant.map(async (receiver) => {
      const { taken, answer } = await ask(receiver, { notices: [testNotice(now())], repeats: false }, page, 0)
      await recordTest(notices.database, receiver.name, taken ? 'taken: a test' : answer, now())
      return { name: receiver.name, taken, answer }
    }),
  )
}

function testNotice(at: number): NoticeRecord {
  const text = 'This is a test: notices of this server reach you.'
  return { id: at, at, kind: 'test', subject: '', is_over: 0, text, data: null }
}

function answerOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, ANSWER_CHARACTERS_MAX)
}
