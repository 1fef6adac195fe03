/** The names of stores and companies: those in their newest scrapes, whatever the order of loading. */
import type { Sql } from '../../database/sql.ts'
import { updateSource } from '../usual-scraping.ts'

// Tie-break for two scrapes of one file and date, of a store under two codes: its own code comes first.
const OWN_CODE_FIRST = "merged_from = '' desc, merged_from desc"
const OWN_SPELLING = 'case when exists (select 1 from scrape where store_id = store.id) then code else shown end'

/** Names each of these stores as its newest scrape does, and updates its `source` record. */
export async function updateStores(database: Sql, storeIds: readonly number[]): Promise<void> {
  for (const storeId of new Set(storeIds)) {
    await updateStoreName(database, storeId)
    await updateSource(database, storeId)
  }
}

async function updateStoreName(database: Sql, storeId: number): Promise<void> {
  const newest = await database.get<{ store_name: string; state: string | null }>(
    `select store_name, scrape.state from scrape join load on load.id = load_id
      where store_id = ? order by date desc, scrape.ranked_at desc, load.sha256 desc, ${OWN_CODE_FIRST} limit 1`,
    storeId,
  )
  // `shown` is the spelling in files that use the store's own code.
  const written = await database.get<{ store_code: string }>(
    `select store_code from scrape join load on load.id = load_id
      where store_id = ? and merged_from = '' order by date desc, scrape.ranked_at desc, load.sha256 desc limit 1`,
    storeId,
  )
  // A list of stores takes precedence over scrapes.
  await database.run(
    `update store set name = coalesce(told_name, ?1, code), state = coalesce(told_state, ?2),
        shown = coalesce(?4, ${OWN_SPELLING}) where id = ?3
      and (name <> coalesce(told_name, ?1, code) or state is distinct from coalesce(told_state, ?2)
        or shown <> coalesce(?4, ${OWN_SPELLING}))`,
    newest?.store_name ?? null,
    newest?.state ?? null,
    storeId,
    written?.store_code ?? null,
  )
}

const NEWEST_FIRST = `date desc, store.code desc, scrape.ranked_at desc, load.sha256 desc, ${OWN_CODE_FIRST}`

/** Takes the name of a company from a scrape that has one, if that is newer than the scrape that named it last. */
export function updateCompanyName(database: Sql, companyId: number, scrapeId: number): Promise<void> {
  return takeFromNewest(database, { column: 'name', by: 'named_by', from: 'company_name' }, { companyId, scrapeId })
}

/** Takes the spelling of a company's code from a scrape, if that is newer than the scrape it was taken from last. */
export function updateCompanySpelling(database: Sql, companyId: number, scrapeId: number): Promise<void> {
  return takeFromNewest(database, { column: 'shown', by: 'shown_by', from: 'company_code' }, { companyId, scrapeId })
}

/** A column of a company that the newest scrape decides: `by` holds the scrape's id, `from` is the scrape's column. */
type ScrapedColumn = Readonly<{ column: string; by: string; from: string }>

async function takeFromNewest(
  database: Sql,
  { column, by, from }: ScrapedColumn,
  { companyId, scrapeId }: Readonly<{ companyId: number; scrapeId: number }>,
): Promise<void> {
  await database.run(
    `update company set (${by}, ${column}) = (
        select scrape.id, ${from} from scrape join load on load.id = load_id join store on store.id = store_id
        where scrape.id in (?1, company.${by}) order by ${NEWEST_FIRST} limit 1)
      where id = ?2`,
    scrapeId,
    companyId,
  )
}

/** Finds new names for companies whose naming scrape is gone, from the newest scrapes that are left. */
export async function renameCompanies(database: Sql, companyIds: readonly number[]): Promise<void> {
  for (const companyId of new Set(companyIds)) {
    const unnamed = await database.run(
      `update company set named_by = null, name = null
        where id = ? and named_by is not null and (select id from scrape where scrape.id = named_by) is null`,
      companyId,
    )
    if (unnamed > 0)
      for (const id of await newestScrapes(database, companyId, 'and company_name is not null'))
        await updateCompanyName(database, companyId, id)
    const unspelled = await database.run(
      `update company set shown_by = null
        where id = ? and shown_by is not null and (select id from scrape where scrape.id = shown_by) is null`,
      companyId,
    )
    if (unspelled > 0)
      for (const id of await newestScrapes(database, companyId, ''))
        await updateCompanySpelling(database, companyId, id)
  }
}

/** The scrapes of a company's newest date, among those that meet the condition. */
async function newestScrapes(database: Sql, companyId: number, condition: string): Promise<number[]> {
  const newest = await database.all<{ date: string | null; store_id: number }>(
    `select id as store_id, (select max(date) from scrape where scrape.store_id = store.id ${condition}) as date
      from store where company_id = ?`,
    companyId,
  )
  const last = newest.reduce((latest, { date }) => (date !== null && date > latest ? date : latest), '')
  const found: number[] = []
  for (const { store_id } of newest.filter(({ date }) => date === last)) {
    const sql = `select id from scrape where store_id = ? and date = ? ${condition}`
    found.push(...(await database.all<{ id: number }>(sql, store_id, last)).map(({ id }) => id))
  }
  return found
}
