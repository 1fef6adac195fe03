/**
 * Conditions that need a person, and the notices that tell of them.
 *
 *   check ─▶ condition ─▶ notice ─▶ delivery ─▶ claimed ─▶ sent ─▶ delivery gone
 *              └──── one transaction ────┘        └─ a crash here: it is sent again, and says so
 *
 * Invariants:
 *  1. A change of a condition makes one notice, whichever of several servers sees it first.
 *  2. A notice is sent to each receiver until that has taken it: at least once, and after a crash between sending and recording, twice.
 */
import type { Selectable } from 'kysely'
import type { LedgerDatabase, LedgerTables } from './database.ts'
import { addNotices, type NewNotice } from './notice-outbox.ts'

/** A condition that needs a person: its kind, its subject, and one sentence about it. */
export type Condition = Readonly<{ kind: string; subject: string; text: string; data?: unknown }>

/** The result of a check: new conditions, and those that are over, with the text of their notice (null: none). */
export type ConditionChanges = Readonly<{
  appeared: readonly Condition[]
  gone: readonly Readonly<{ kind: string; subject: string; text: string | null }>[]
}>

/** The most changes in one transaction: it blocks other writers of the ledger and the server's thread. */
const CHANGES_AT_ONCE_MAX = 50

/** Splits changes into parts, each for one transaction. */
export function* changeChunks({ appeared, gone }: ConditionChanges): Generator<ConditionChanges> {
  for (let begin = 0; begin < Math.max(appeared.length, gone.length, 1); begin += CHANGES_AT_ONCE_MAX) {
    const part = [begin, begin + CHANGES_AT_ONCE_MAX] as const
    yield { appeared: appeared.slice(...part), gone: gone.slice(...part) }
  }
}

/** A condition on record. */
export type ConditionRecord = Selectable<LedgerTables['condition']>

/** The columns of a recorded condition that a check compares. */
export type RecordedCondition = Pick<ConditionRecord, 'kind' | 'subject' | 'text' | 'told_at'>

/** How long a condition of each kind must last before a notice is sent, and the kinds with notices. */
export type NoticeRules = Readonly<{ delays: Readonly<Record<string, number>>; kinds: ReadonlySet<string> }>

/** The conditions in the ledger. */
export class ConditionStore {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** The database, for the functions of notice-outbox.ts. */
  get database(): LedgerDatabase {
    return this.#database
  }

  /** The current conditions, latest first. */
  list(limit: number): Promise<ConditionRecord[]> {
    return this.#database.selectFrom('condition').selectAll().orderBy('since', 'desc').limit(limit).execute()
  }

  /** The recorded conditions of these kinds, to compare with what a check finds. */
  listOfKinds(kinds: readonly string[]): Promise<RecordedCondition[]> {
    return this.#database
      .selectFrom('condition')
      .select(['kind', 'subject', 'text', 'told_at'])
      .where('kind', 'in', kinds)
      .execute()
  }

  /** How many conditions of each kind have lasted long enough for a notice. */
  async countByKind(): Promise<Record<string, number>> {
    const counts = await this.#database
      .selectFrom('condition')
      .select(({ fn }) => ['kind', fn.countAll<number>().as('count')])
      .where('told_at', 'is not', null)
      .groupBy('kind')
      .execute()
    return Object.fromEntries(counts.map(({ kind, count }) => [kind, Number(count)]))
  }

  /** Records changes of conditions and puts their notices into the outbox; returns the notices. */
  recordChanges(
    { appeared, gone }: ConditionChanges,
    { delays, kinds }: NoticeRules,
    now: number,
  ): Promise<NewNotice[]> {
    return this.#database.transaction().execute(async (transaction) => {
      for (const { kind, subject, text, data } of appeared)
        await transaction
          .insertInto('condition')
          .values({ kind, subject, text, data: data === undefined ? null : JSON.stringify(data), since: now })
          .onConflict((conflict) => conflict.columns(['kind', 'subject']).doNothing())
          .execute()
      const notices: NewNotice[] = []
      for (const [kind, patienceMs] of Object.entries(delays))
        notices.push(...(await createDueNotices(transaction, kind, now - patienceMs, now)))
      for (const { kind, subject, text } of gone) {
        const ended = await transaction
          .deleteFrom('condition')
          .where('kind', '=', kind)
          .where('subject', '=', subject)
          .returning(['told_at', 'data'])
          .executeTakeFirst()
        if (text === null || (ended?.told_at ?? null) === null) continue
        notices.push({ at: now, kind, subject, is_over: 1, text, data: ended?.data ?? null })
      }
      const toSend = notices.filter(({ kind }) => kinds.has(kind))
      await addNotices(transaction, toSend)
      return toSend
    })
  }
}

/** Marks conditions that began before a time as notified; makes a notice of each that no other server has marked. */
async function createDueNotices(
  database: LedgerDatabase,
  kind: string,
  before: number,
  now: number,
): Promise<NewNotice[]> {
  const due = await database
    .updateTable('condition')
    .set({ told_at: now })
    .where('kind', '=', kind)
    .where('told_at', 'is', null)
    .where('since', '<=', before)
    .returning(['subject', 'text', 'data'])
    .execute()
  return due.map(({ subject, text, data }) => ({ at: now, kind, subject, is_over: 0, text, data }))
}
