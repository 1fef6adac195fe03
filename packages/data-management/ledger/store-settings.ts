/** What people have set for stores: how often they are scraped, which are no longer, and notes. Who has set what stands in the audit. */
import type { Selectable } from 'kysely'
import type { StoreSetting } from '../catalogue/queries/sources.ts'
import { audit } from './audit.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'

/** The settings of stores in a ledger. */
export class StoreSettings {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Sets all of it for a store, in place of what was set before. */
  async set(setting: StoreSetting): Promise<void> {
    const { company, store, expectedDays, isRetired, snoozedUntil, note, at, who } = setting
    const values = {
      expected_days: expectedDays,
      is_retired: Number(isRetired),
      snoozed_until: snoozedUntil,
      note,
      at,
      who,
    }
    await this.#database.transaction().execute(async (transaction) => {
      await transaction
        .insertInto('store_setting')
        .values({ company, store, ...values })
        .onConflict((conflict) => conflict.columns(['company', 'store']).doUpdateSet(values))
        .execute()
      const about = `${company}/${store}`
      await audit(transaction, { at, who, what: 'store settings set', about, detail: saidOf(setting) })
    })
  }

  /** All that are set, the stores in no order. */
  async list(): Promise<StoreSetting[]> {
    return (await this.#database.selectFrom('store_setting').selectAll().execute()).map(recordOf)
  }
}

/** What is set, for people. */
function saidOf({ expectedDays, isRetired, snoozedUntil, note }: StoreSetting): string {
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
