/** Facts about stores, from files of the kind `stores`. */
import { deleteEmptyCompanies } from './empty-companies.ts'
import type { FactsChange, StoreFact } from './fact.ts'
import { ensureCompanies, ensureStores } from './names.ts'
import { idRecords, type LoadDatabase, records, sql, sqlText } from './statement.ts'

const STORE_FACT_TYPES = {
  store_id: 'integer',
  date: 'text',
  name: 'text',
  address: 'text',
  suburb: 'text',
  state: 'text',
  postcode: 'text',
  latitude_e7: 'integer',
  longitude_e7: 'integer',
  phone: 'text',
  is_open: 'smallint',
} as const

const DETAIL_COLUMNS = ['address', 'suburb', 'postcode', 'latitude_e7', 'longitude_e7', 'phone', 'is_open'] as const
const STORE_FACT_COLUMNS = sqlText(Object.keys(STORE_FACT_TYPES).join(', '))

// A column of the newest scrape of a store.
const newestValue = (column: string) => `(select scrape.${column} from scrape join load on load.id = scrape.load_id
  where scrape.store_id = store.id order by scrape.date desc, scrape.ranked_at desc, load.sha256 desc,
    merged_from = '' desc, merged_from desc limit 1)`

/** Inserts facts, creating missing stores and companies, and returns how many were new in this load. */
export async function insertStores(
  database: LoadDatabase,
  loadId: number,
  facts: readonly StoreFact[],
): Promise<number> {
  const companies = await ensureCompanies(database, [...new Set(facts.map(({ company }) => company))])
  const named = facts.map(({ company, store }) => ({ company, code: store, name: store }))
  const stores = await ensureStores(database, named, companies)
  const of = (column: (fact: StoreFact) => string | number | null) => facts.map(column)
  const given = records('given', STORE_FACT_TYPES, [
    stores,
    of(({ date }) => date),
    of(({ name }) => name),
    of(({ address }) => address),
    of(({ suburb }) => suburb),
    of(({ state }) => state),
    of(({ postcode }) => postcode),
    of(({ latitudeE7 }) => latitudeE7),
    of(({ longitudeE7 }) => longitudeE7),
    of(({ phone }) => phone),
    of(({ isOpen }) => isOpen),
  ])
  return database.run(
    sql`insert into store_fact (load_id, ${STORE_FACT_COLUMNS}) select cast(${loadId} as bigint), ${STORE_FACT_COLUMNS} from ${given}
      where true on conflict do nothing`,
  )
}

/** Applies the facts of a load where they are the newest. */
export async function applyStores(database: LoadDatabase, loadId: number): Promise<FactsChange> {
  await collectStores(database, loadId)
  return applyNewestFacts(database)
}

/** Removes the facts of a load, then stores of which nothing else is known, then such companies. */
export async function withdrawStores(database: LoadDatabase, loadId: number): Promise<void> {
  await collectStores(database, loadId)
  const companies = await database.all<{ id: number }>(
    sql`select distinct company_id as id from described join store on store.id = described.store_id`,
  )
  await database.run(sql`delete from store_fact where load_id = ${loadId}`)
  await applyNewestFacts(database)
  await database.script(`delete from store where id in (select store_id from described where date is null)
    and not exists (select 1 from scrape where scrape.store_id = store.id)`)
  await deleteEmptyCompanies(database, sql`select id from ${idRecords(companies.map(({ id }) => id))}`)
}

async function collectStores(database: LoadDatabase, loadId: number): Promise<void> {
  await database.script('delete from described')
  await database.run(
    sql`insert into described (store_id) select distinct store_id from store_fact where load_id = ${loadId}`,
  )
}

/** Gives the stores in `described` their newest facts; counts those that had none and those that had others. */
async function applyNewestFacts(database: LoadDatabase): Promise<FactsChange> {
  const columns = ['date', 'name', 'state', ...DETAIL_COLUMNS]
  await database.script(`
    update described set ${columns.map((column) => `${column} = fact.${column}`).join(', ')} from (
      select store_fact.*, row_number() over (
        partition by store_fact.store_id order by store_fact.date desc, load.ranked_at desc, load.sha256 desc
      ) as place
      from described as touched join store_fact on store_fact.store_id = touched.store_id
      join load on load.id = store_fact.load_id
    ) as fact where fact.store_id = described.store_id and fact.place = 1`)
  const differs = [...DETAIL_COLUMNS.map((column) => [column, column]), ['told_name', 'name'], ['told_state', 'state']]
    .map(([own, told]) => `store.${own} is distinct from described.${told}`)
    .join(' or ')
  const counted = await database.get<FactsChange>(
    sqlText(
      `select coalesce(sum(case when described_on is null then 1 else 0 end), 0) as inserted,
        coalesce(sum(case when described_on is not null and (${differs}) then 1 else 0 end), 0) as changed
        from described join store on store.id = described.store_id`,
    ),
  )
  await database.script(`
    update store set ${DETAIL_COLUMNS.map((column) => `${column} = described.${column}`).join(', ')},
      told_name = described.name, told_state = described.state, described_on = described.date,
      name = coalesce(described.name, ${newestValue('store_name')}, store.code),
      state = coalesce(described.state, ${newestValue('state')})
    from described where store.id = described.store_id`)
  return { inserted: Number(counted!.inserted), changed: Number(counted!.changed) }
}
