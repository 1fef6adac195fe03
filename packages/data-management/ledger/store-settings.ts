/** Settings of stores: how often a scrape is expected, whether a store is retired, notes. The audit records changes. */
import type { Selectable } from 'kysely'
import type { StoreSetting } from '../catalogue/queries/sources.ts'
import { audit } from './audit.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'

/** A change of a store's settings; omitted ones stay as they are. */
export type StoreSettingChange = Pick<StoreSetting, 'company' | 'store' | 'at' | 'who'> & Partial<StoreSetting>

/** The settings of stores in a ledger. */
export class StoreSettings {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Changes settings of a store and returns all of its settings. */
  async set({
    company,
    store,
    expectedDays,
    isRetired,
    snoozedUntil,
    note,
    at,
    who,
  }: StoreSettingChange): Promise<StoreSetting> {
    const days = { expected_days: expectedDays, snoozed_until: snoozedUntil }
    const values = { ...days, is_retired: isRetired === undefined ? undefined : Number(isRetired), note, at, who }
    return await this.#database.transaction().execute(async (transaction) => {
      const written = await transaction
        .insertInto('store_setting')
        .values({ ...DEFAULTS, company, store, ...withoutUndefined(values) })
        .onConflict((conflict) => conflict.columns(['company', 'store']).doUpdateSet(withoutUndefined(values)))
        .returningAll()
        .executeTakeFirstOrThrow()
      const setting = recordOf(written)
      const about = `${company}/${store}`
      await audit(transaction, { at, who, what: 'store settings set', about, detail: settingsText(setting) })
      return setting
    })
  }

  /** The settings of all stores, in no particular order. */
  async list(): Promise<StoreSetting[]> {
    return (await this.#database.selectFrom('store_setting').selectAll().execute()).map(recordOf)
  }
}

const DEFAULTS = { expected_days: null, is_retired: 0, snoozed_until: null, note: null }

function withoutUndefined<T extends object>(values: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}

/** Settings as text for the audit. */
function settingsText({ expectedDays, isRetired, snoozedUntil, note }: StoreSetting): string {
  const said = [
    expectedDays !== null && `scraped every ${expectedDays} days`,
    isRetired && 'retired',
    snoozedUntil !== null && `snoozed until ${snoozedUntil}`,
    note !== null && `note: ${note}`,
  ].filter((each) => each !== false)
  return said.length === 0 ? 'nothing' : said.join('; ')
}

function recordOf(record: Selectable<LedgerTables['store_setting']>): StoreSetting {
  const { company, store, expected_days, is_retired, snoozed_until, note, at, who } = record
  const days = { expectedDays: expected_days, isRetired: is_retired === 1, snoozedUntil: snoozed_until }
  return { company, store, ...days, note, at: Number(at), who }
}
