/** The outbox of notices: which notices have still to be sent to which receiver. */
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { ExpressionBuilder, Selectable } from 'kysely'
import type { LedgerDatabase, LedgerTables } from './database.ts'

/** A notice that is put into the outbox. */
export type NewNotice = Omit<Selectable<LedgerTables['notice']>, 'id'>

/** A notice on record. */
export type NoticeRecord = Selectable<LedgerTables['notice']>

/** The state of a receiver, and how many notices wait for it. */
export type ReceiverRecord = Selectable<LedgerTables['notice_receiver']> & Readonly<{ waiting: number }>

/** Notices claimed by one server to send to a receiver. `repeats`: the receiver may have got some of them already. */
export type ClaimedNotices = Readonly<{ notices: readonly NoticeRecord[]; mayRepeat: boolean }>

/** How long a server's claim of a receiver lasts: longer than any attempt to send takes. */
export const CLAIM_MS = 2 * 60_000
/** The longest pause after an attempt to send to a receiver. */
export const PAUSE_MS_MAX = 60 * 60_000
const AT_ONCE_MAX = 500
/** A receiver that no server has named for so long gets no new notices; after a week its waiting ones are removed. */
const RECEIVER_UNSEEN_MS_MAX = DAY_MS
const UNSEEN_NOTICES_KEPT_MS = 7 * DAY_MS
const KEPT_MS = 90 * DAY_MS
const ROWS_AT_ONCE = 100

/** Adds notices, each for every receiver that the settings of any server name. */
export async function addNotices(database: LedgerDatabase, notices: readonly NewNotice[]): Promise<void> {
  if (notices.length === 0) return
  const now = notices[0]!.at
  const receivers = await database
    .selectFrom('notice_receiver')
    .select('name')
    .where('seen_at', '>', now - RECEIVER_UNSEEN_MS_MAX)
    .execute()
  for (const notice of notices) {
    const { id } = await database.insertInto('notice').values(notice).returning('id').executeTakeFirstOrThrow()
    const deliveries = receivers.map(({ name }) => ({ receiver: name, notice_id: Number(id) }))
    if (deliveries.length > 0) await database.insertInto('notice_delivery').values(deliveries).execute()
  }
}

/** Records that the settings of a server name these receivers. */
export async function updateReceivers(database: LedgerDatabase, names: readonly string[], now: number): Promise<void> {
  for (const name of names)
    await database
      .insertInto('notice_receiver')
      .values({ name, seen_at: now })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ seen_at: now }))
      .execute()
}

/** Claims the notices that wait for a receiver; undefined: none wait, another server claims it, or its pause lasts. */
export async function claimNotices(
  database: LedgerDatabase,
  receiver: string,
  now: number,
): Promise<ClaimedNotices | undefined> {
  // Checked first without a transaction, which would block other writers: mostly there is nothing to send.
  if (!(await hasDueNotice(database, receiver, now))) return undefined
  return await database.transaction().execute(async (transaction) => {
    const waiting = transaction.selectFrom('notice_delivery').where('receiver', '=', receiver)
    if ((await waiting.select('notice_id').limit(1).executeTakeFirst()) === undefined) return undefined
    const taken = await transaction
      .updateTable('notice_receiver')
      .set({ claimed_until: now + CLAIM_MS })
      .where('name', '=', receiver)
      .where(isUnclaimed(now))
      .returning('name')
      .executeTakeFirst()
    if (taken === undefined) return undefined
    const found = await waiting
      .innerJoin('notice', 'notice.id', 'notice_delivery.notice_id')
      .selectAll('notice')
      .select('begun_at')
      .orderBy('notice.id')
      .limit(AT_ONCE_MAX)
      .execute()
    const notices = found.map(({ begun_at: _, ...notice }) => ({ ...notice, id: Number(notice.id) }))
    await markBegun(transaction, receiver, notices, now)
    return { notices, mayRepeat: found.some(({ begun_at }) => begun_at !== null) }
  })
}

async function hasDueNotice(database: LedgerDatabase, receiver: string, now: number): Promise<boolean> {
  const found = await database
    .selectFrom('notice_receiver')
    .innerJoin('notice_delivery', 'receiver', 'name')
    .select('name')
    .where('name', '=', receiver)
    .where(isUnclaimed(now))
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

/** Not claimed or paused. A time too far ahead was set by a clock that has been put back since: it is ignored. */
function isUnclaimed(now: number) {
  return ({ and, or, eb }: ExpressionBuilder<LedgerTables, 'notice_receiver'>) =>
    and([
      or([eb('claimed_until', '<=', now), eb('claimed_until', '>', now + 2 * CLAIM_MS)]),
      or([eb('next_at', '<=', now), eb('next_at', '>', now + 2 * PAUSE_MS_MAX)]),
    ])
}

/** Marks that sending of these notices has begun, so that after a crash the next claim knows that they may have been sent. */
async function markBegun(database: LedgerDatabase, receiver: string, notices: readonly NoticeRecord[], now: number) {
  for (const ids of idChunks(notices))
    await database
      .updateTable('notice_delivery')
      .set({ begun_at: now })
      .where('receiver', '=', receiver)
      .where('notice_id', 'in', ids)
      .execute()
}

/** The result of an attempt to send. `taken`: the receiver accepted the notices; `isUnsure`: it may have. */
export type SendResult = Readonly<{ answer: string; pauseMs: number; taken: boolean; isUnsure?: boolean }>

/** Records a result; notices that were taken are removed from the outbox. */
export function recordAnswer(
  database: LedgerDatabase,
  receiver: string,
  { notices, mayRepeat }: ClaimedNotices,
  { answer, pauseMs, taken, isUnsure = false, now }: SendResult & Readonly<{ now: number }>,
): Promise<void> {
  return database.transaction().execute(async (transaction) => {
    for (const ids of idChunks(notices)) {
      const those = { receiver, ids }
      if (taken) await remove(transaction, those)
      // A clear refusal unmarks them, unless an earlier attempt may have delivered them.
      else if (!isUnsure && !mayRepeat)
        await transaction
          .updateTable('notice_delivery')
          .set({ begun_at: null })
          .where('receiver', '=', receiver)
          .where('notice_id', 'in', ids)
          .execute()
    }
    const end = { claimed_until: 0, next_at: now + pauseMs, last_at: now, last_answer: answer }
    await transaction
      .updateTable('notice_receiver')
      .set((is) => ({
        ...end,
        ...(taken ? { failures: 0, told_at: now } : { failures: is('failures', '+', 1) }),
      }))
      .where('name', '=', receiver)
      .execute()
  })
}

async function remove(database: LedgerDatabase, { receiver, ids }: { receiver: string; ids: number[] }): Promise<void> {
  await database.deleteFrom('notice_delivery').where('receiver', '=', receiver).where('notice_id', 'in', ids).execute()
}

/** Records what a receiver answered to a test. */
export async function recordTest(database: LedgerDatabase, receiver: string, answer: string, now: number) {
  await updateReceivers(database, [receiver], now)
  await database
    .updateTable('notice_receiver')
    .set({ last_at: now, last_answer: answer })
    .where('name', '=', receiver)
    .execute()
}

/** All receivers that were ever named, with the number of notices that wait for each. */
export async function listReceivers(database: LedgerDatabase): Promise<ReceiverRecord[]> {
  const waiting = await database
    .selectFrom('notice_delivery')
    .select(({ fn }) => ['receiver', fn.countAll<number>().as('count')])
    .groupBy('receiver')
    .execute()
  const counts = new Map(waiting.map(({ receiver, count }) => [receiver, Number(count)]))
  const found = await database.selectFrom('notice_receiver').selectAll().orderBy('name').execute()
  return found.map((each) => ({ ...each, waiting: counts.get(each.name) ?? 0 }))
}

/** Notices with ids below `before`, newest first. */
export async function noticesBefore(database: LedgerDatabase, before: number, limit: number): Promise<NoticeRecord[]> {
  const query = database.selectFrom('notice').selectAll().where('id', '<', before)
  return (await query.orderBy('id', 'desc').limit(limit).execute()).map((each) => ({ ...each, id: Number(each.id) }))
}

/** Removes old notices, and those that wait for receivers that no server names any more. */
export async function removeOldNotices(database: LedgerDatabase, now: number): Promise<void> {
  const unseen = database
    .selectFrom('notice_receiver')
    .select('name')
    .where('seen_at', '<', now - UNSEEN_NOTICES_KEPT_MS)
  await database.deleteFrom('notice_delivery').where('receiver', 'in', unseen).execute()
  const old = database
    .selectFrom('notice')
    .select('id')
    .where('at', '<', now - KEPT_MS)
  await database.deleteFrom('notice_delivery').where('notice_id', 'in', old).execute()
  await database
    .deleteFrom('notice')
    .where('at', '<', now - KEPT_MS)
    .execute()
}

/** Ids in parts, because the number of parameters of a statement is limited. */
function idChunks(notices: readonly NoticeRecord[]): number[][] {
  const parts: number[][] = []
  for (let begin = 0; begin < notices.length; begin += ROWS_AT_ONCE)
    parts.push(notices.slice(begin, begin + ROWS_AT_ONCE).map(({ id }) => id))
  return parts
}
