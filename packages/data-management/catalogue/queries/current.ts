/**
 * What may be reported as current. A silent store (see freshness.ts) shows what it asked once, not what it asks now;
 * and a flag that is the same in all current rows of a company carries no information: it is reported as unknown.
 */
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { LISTS } from '../../database/lists.ts'
import type { Sql } from '../../database/sql.ts'
import { readDataVersion } from './data-version.ts'
import { silentAfter, type ZonedNow } from './freshness.ts'
import { JOIN_COMPANY_DAYS, type StoreSetting, settingsByCodes } from './sources.ts'

/** The stores of one company that have been scraped, by their numbers. */
export type StoresOfCompany = Readonly<{ silent: readonly number[]; live: readonly number[] }>

// PostgreSQL has no counts: at most RUNS_MAX price runs of a company are read, ended ones included.
const RUNS_MAX = 20_000

/** SQL: how many different values `is_available` has in the current rows of the company `wanted.value`. */
const AVAILABILITY_VALUES = {
  sqlite: 'select count(*) from availability_now where company_id = wanted.value',
  postgres: `select count(distinct coalesce(is_available, -1)) filter (where to_date is null) from (
      select run.is_available, run.to_date from store
      cross join lateral (
        select is_available, to_date from price_run where price_run.store_id = store.id limit ${RUNS_MAX}
      ) as run where store.company_id = wanted.value limit ${RUNS_MAX}) as looked`,
}

const NO_STORES: StoresOfCompany = { silent: [], live: [] }

/** The last scrape of a store, and the time after which it is silent unless people have set an interval for it. */
type StoreState = Readonly<{
  storeId: number
  companyId: number
  codes: string
  date: string
  receivedAt: number
  silentAfter: number
}>

/** The stores that each read-only connection has found, with the version of the database at that time. */
const cached = new WeakMap<Sql, Readonly<{ version: number; zone: TimeZone; stores: readonly StoreState[] }>>()

/** The current state of the stores and companies, made once for each answer. */
export class LiveStores {
  readonly #database: Sql
  readonly #companies = new Map<number, { silent: number[]; live: number[] }>()
  readonly #silent = new Set<number>()
  readonly #isInformative = new Map<number, boolean>()

  private constructor(
    database: Sql,
    stores: readonly StoreState[],
    { now, zone }: ZonedNow,
    settings: readonly StoreSetting[],
  ) {
    this.#database = database
    const set = settingsByCodes(settings.filter(({ expectedDays }) => expectedDays !== null))
    for (const store of stores) {
      const { storeId, companyId } = store
      const setting = set.size === 0 ? undefined : set.get(store.codes)
      const until =
        setting === undefined ? store.silentAfter : silentAfter(store, { usualDays: null, set: setting }, zone)
      const company = this.#companies.get(companyId) ?? { silent: [], live: [] }
      this.#companies.set(companyId, company)
      company[now > until ? 'silent' : 'live'].push(storeId)
      if (now > until) this.#silent.add(storeId)
    }
  }

  /** Reads every store: some microseconds each, and less while nothing has been loaded since the last time. */
  static async read(database: Sql, clock: ZonedNow, settings: readonly StoreSetting[] = []): Promise<LiveStores> {
    return new LiveStores(database, await readStores(database, clock.zone), clock, settings)
  }

  isSilent(storeId: number): boolean {
    return this.#silent.has(storeId)
  }

  storesOf(companyId: number): StoresOfCompany {
    return this.#companies.get(companyId) ?? NO_STORES
  }

  /** The silent stores of all companies. */
  get silentStores(): readonly number[] {
    return [...this.#silent]
  }

  /** For which of these companies `is_available` carries information: it is not the same in all current rows. */
  async informativeAvailability(companyIds: readonly number[]): Promise<(companyId: number) => boolean> {
    const unknown = [...new Set(companyIds)].filter((id) => !this.#isInformative.has(id))
    const informative = await withInformativeAvailability(this.#database, unknown)
    for (const id of unknown) this.#isInformative.set(id, informative.has(id))
    return (companyId) => this.#isInformative.get(companyId) === true
  }
}

async function withInformativeAvailability(database: Sql, companyIds: readonly number[]): Promise<Set<number>> {
  if (companyIds.length === 0) return new Set()
  const { those, asValue } = LISTS[database.dialect]
  const found = await database.all<{ id: number }>(
    `select wanted.value as id from ${those('?1', 'integer')} as wanted
      where (${AVAILABILITY_VALUES[database.dialect]}) > 1`,
    asValue(companyIds),
  )
  return new Set(found.map(({ id }) => id))
}

async function readStores(database: Sql, zone: TimeZone): Promise<readonly StoreState[]> {
  const version = await readDataVersion(database)
  const known = cached.get(database)
  if (known !== undefined && known.version === version && known.zone === zone) return known.stores
  const records = database.each<
    Omit<StoreState, 'silentAfter'> & { usualDays: number | null; companyDays: number | null }
  >(
    `select store.id as "storeId", company_id as "companyId", company.code || '/' || store.code as codes, last_date as date,
        received_at as "receivedAt", usual_days as "usualDays", company_days as "companyDays"
      from source join load on load.id = source.load_id join store on store.id = source.store_id
        join company on company.id = store.company_id ${JOIN_COMPANY_DAYS}`,
  )
  const stores: StoreState[] = []
  for await (const { usualDays, companyDays, ...store } of records)
    stores.push({ ...store, silentAfter: silentAfter(store, { usualDays, companyDays }, zone) })
  if (version !== undefined) cached.set(database, { version, zone, stores })
  return stores
}
