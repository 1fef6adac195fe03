/**
 * What may be told as "now". A store that is silent (as `freshness.ts` judges) shows what it asked once, not what it asks; and a flag
 * that is the same in all current rows of a company tells nothing of any of them: it is unknown.
 */
import type { Sql } from '../../database/sql.ts'
import type { Usual } from '../usual.ts'
import { freshnessOf, type Moment, type Scraped } from './freshness.ts'

/** The stores of one company that have been scraped, by their numbers. */
export type StoresOfCompany = Readonly<{ silent: readonly number[]; live: readonly number[] }>

// PostgreSQL looks at so many price runs of a company, those that have ended included, and no further: they are not counted there.
const RUNS_MAX = 20_000

const TELLS_AVAILABILITY = {
  sqlite: 'select count(*) > 1 as tells from availability_now where company_id = ?',
  postgres: `select count(distinct coalesce(is_available, -1)) filter (where to_date is null) > 1 as tells from (
      select run.is_available, run.to_date from store
      cross join lateral (
        select is_available, to_date from price_run where price_run.store_id = store.id limit ${RUNS_MAX}
      ) as run where store.company_id = ? limit ${RUNS_MAX}) as looked`,
}

const NONE: StoresOfCompany = { silent: [], live: [] }

type StateRecord = Scraped & Usual & { storeId: number; companyId: number }

/** The current state of the stores and companies; it is asked for once and used for one answer. */
export class Current {
  readonly #database: Sql
  readonly #companies = new Map<number, { silent: number[]; live: number[] }>()
  readonly #silent = new Set<number>()
  readonly #tells = new Map<number, boolean>()

  private constructor(database: Sql, records: readonly StateRecord[], moment: Moment) {
    this.#database = database
    for (const record of records) {
      const company = this.#companies.get(record.companyId) ?? { silent: [], live: [] }
      this.#companies.set(record.companyId, company)
      const isSilent = freshnessOf(record, record, moment).state === 'silent'
      company[isSilent ? 'silent' : 'live'].push(record.storeId)
      if (isSilent) this.#silent.add(record.storeId)
    }
  }

  /** Looks at every store: some microseconds each. */
  static async at(database: Sql, moment: Moment): Promise<Current> {
    const records = await database.all<StateRecord>(
      `select store.id as "storeId", store.company_id as "companyId", last_date as date, source.rows, received_at as "receivedAt",
          usual_days as "usualDays", usual_rows as "usualRows"
        from source join load on load.id = source.load_id join store on store.id = source.store_id`,
    )
    return new Current(database, records, moment)
  }

  isSilent(storeId: number): boolean {
    return this.#silent.has(storeId)
  }

  storesOf(companyId: number): StoresOfCompany {
    return this.#companies.get(companyId) ?? NONE
  }

  /** The silent stores of all companies. */
  get silentStores(): readonly number[] {
    return [...this.#silent]
  }

  /** Whether `is_available` tells anything of the rows of a company: not where it is the same in all that are current. */
  async tellsAvailability(companyId: number): Promise<boolean> {
    let tells = this.#tells.get(companyId)
    if (tells === undefined) {
      const found = await this.#database.get<{ tells: unknown }>(TELLS_AVAILABILITY[this.#database.dialect], companyId)
      tells = Boolean(found?.tells)
      this.#tells.set(companyId, tells)
    }
    return tells
  }
}
