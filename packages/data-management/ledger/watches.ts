/** Watches: people's requests to be told of a product. Their notices go into the outbox of notices. */
import type { Selectable } from 'kysely'
import { audit } from './audit.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'
import { addNotices, type NewNotice } from './notice-outbox.ts'

/** The rules by which a watch sends a notice. */
export const WATCH_RULES = ['target', 'low', 'any', 'stock'] as const
export type WatchRule = (typeof WATCH_RULES)[number]

/**
 * The last seen state of a product: its lowest price now (null: not sold), the lowest ever seen, and whether the
 * target price was reached.
 */
export type WatchedState = Readonly<{ lowest: number | null; ever: number | null; reached: boolean }>

/** A watch on record. */
export type WatchRecord = Omit<Selectable<LedgerTables['watch']>, 'seen' | 'rule'> &
  Readonly<{ rule: WatchRule; seen: WatchedState }>

/** A watch to record. */
export type NewWatch = Omit<WatchRecord, 'id'>

/** The most watches: each is evaluated after every load. */
export const WATCHES_MAX = 500

/** The watches of a ledger. */
export class Watches {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Records a watch, replacing one with the same rule on the same listing. Undefined: there are too many. */
  async add(wanted: NewWatch): Promise<WatchRecord | undefined> {
    return await this.#database.transaction().execute(async (transaction) => {
      const { company, by_name, code, rule } = wanted
      const { count } = await transaction
        .selectFrom('watch')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        // The one that is replaced does not count.
        .where(({ and, not }) => not(and({ company, by_name, code, rule })))
        .executeTakeFirstOrThrow()
      if (Number(count) >= WATCHES_MAX) return undefined
      const values = { ...wanted, seen: JSON.stringify(wanted.seen) }
      const { target_cents, seen, who, created_at, name } = values
      const made = await transaction
        .insertInto('watch')
        .values(values)
        .onConflict((conflict) =>
          conflict
            .columns(['company', 'by_name', 'code', 'rule'])
            .doUpdateSet({ target_cents, seen, who, created_at, name }),
        )
        .returningAll()
        .executeTakeFirstOrThrow()
      await audit(transaction, { at: created_at, who, what: 'watch set', about: name, detail: wanted.rule })
      return recordOf(made)
    })
  }

  /** Ends a watch; false if there is none with this id. */
  async end(id: number, who: string, now: number): Promise<boolean> {
    return await this.#database.transaction().execute(async (transaction) => {
      const ended = await transaction.deleteFrom('watch').where('id', '=', id).returningAll().executeTakeFirst()
      if (ended === undefined) return false
      await audit(transaction, { at: now, who, what: 'watch ended', about: ended.name, detail: ended.rule })
      return true
    })
  }

  /** All watches, newest first. */
  async list(): Promise<WatchRecord[]> {
    return (await this.#database.selectFrom('watch').selectAll().orderBy('id', 'desc').execute()).map(recordOf)
  }

  /** A version text, different after each watch that is set or ended. */
  async version(): Promise<string> {
    const found = await this.#database
      .selectFrom('watch')
      .select(({ fn }) => [fn.countAll<number>().as('count'), fn.max('id').as('last'), fn.max('created_at').as('at')])
      .executeTakeFirst()
    return `${found?.count ?? 0} ${found?.last ?? 0} ${found?.at ?? 0}`
  }

  /** Records the state seen now, with its notice; false if another process has done so since `before` was read. */
  async recordState(
    { id, seen: before }: WatchRecord,
    seen: WatchedState,
    notice: NewNotice | undefined,
  ): Promise<boolean> {
    return await this.#database.transaction().execute(async (transaction) => {
      const noted = await transaction
        .updateTable('watch')
        .set({ seen: JSON.stringify(seen) })
        .where('id', '=', id)
        .where('seen', '=', JSON.stringify(before))
        .returning('id')
        .executeTakeFirst()
      if (noted === undefined) return false
      if (notice !== undefined) await addNotices(transaction, [notice])
      return true
    })
  }
}

function recordOf({ seen, rule, id, ...record }: Selectable<LedgerTables['watch']>): WatchRecord {
  return { ...record, id: Number(id), rule: rule as WatchRule, seen: JSON.parse(seen) as WatchedState }
}
