/** What the catalogue keeps only to be asked quickly must be what it would be if it were made anew. */
import { searchWordsOf } from '../catalogue/model/search-words.ts'
import { searchableListings } from '../catalogue/queries/searchable-listings.ts'
import { usualScrapingOf } from '../catalogue/usual-scraping.ts'
import type { Sql } from '../database/sql.ts'
import type { SqliteDatabase } from '../database/sqlite.ts'

/** What is wrong with what a catalogue keeps besides its runs, or undefined. */
export async function faultOfDerived(database: SqliteDatabase): Promise<string | undefined> {
  return (
    faultBetween('words', wordsKept(database), await wordsAnew(database)) ??
    faultBetween('sources', await sourcesKept(database), await sourcesAnew(database)) ??
    faultBetween('prices now', pricesNow(database, PRICES_KEPT), pricesNow(database, PRICES_ANEW)) ??
    faultBetween('availability now', pricesNow(database, AVAILABILITY_KEPT), pricesNow(database, AVAILABILITY_ANEW)) ??
    (await faultOfKept(database))
  )
}

/** The same in PostgreSQL, where there are no prices now. */
export async function faultOfDerivedInPostgres(database: Sql): Promise<string | undefined> {
  const words = await database.all<{ doc: number; term: string }>(
    'select listing_id as doc, unnest(tsvector_to_array(words)) as term from listing_words',
  )
  return (
    faultBetween('words', words.map(lineOf), await wordsAnew(database)) ??
    faultBetween('sources', await sourcesKept(database), await sourcesAnew(database)) ??
    (await faultOfKept(database))
  )
}

/** What is kept of labels and names while loads are made. */
async function faultOfKept(database: Sql): Promise<string | undefined> {
  return await faultIn(database, KEPT)
}

/** What is wrong with the changes that are kept by category; they must have been counted. */
export async function faultOfCategoryChanges(database: Sql): Promise<string | undefined> {
  return await faultIn(database, KEPT_BY_CATEGORY)
}

type Kept = Readonly<Record<string, readonly [kept: string, anew: string]>>

async function faultIn(database: Sql, queries: Kept): Promise<string | undefined> {
  const lines = async (sql: string) => (await database.all(sql)).map((record) => JSON.stringify(Object.values(record)))
  for (const [what, [kept, anew]] of Object.entries(queries)) {
    const fault = faultBetween(what, await lines(kept), await lines(anew))
    if (fault !== undefined) return fault
  }
  return undefined
}

const newest = (has: string) => `select listing_id, until, store_id from (
    select run.listing_id, coalesce(run.to_date, latest.date) as until, run.store_id, row_number() over (
        partition by run.listing_id order by coalesce(run.to_date, latest.date) desc, store.code desc) as place
    from label_run as run join label on label.id = run.label_id ${has} join store on store.id = run.store_id
    join (select store_id, max(date) as date from scrape group by store_id) as latest on latest.store_id = run.store_id
  ) as showing where place = 1`

const LINE = 'date, kind, by_share, by_cents, listing_id, from_cents, to_cents, company_id'
const LINES_ANEW = `select distinct category.name, ${LINE}, stores from price_change join listing_category using (listing_id)
  join category on category.id = category_id`
const KEPT_BY_CATEGORY: Kept = {
  'changes by category': [
    `select name, ${LINE} from category_change join category_name on id = name_id`,
    `select name, ${LINE} from (${LINES_ANEW}) as line`,
  ],
  'how many changes a category has': [
    `select name, date, company_id, kind, lines, stores from category_change_day join category_name on id = name_id
      where lines <> 0 or stores <> 0`,
    `select name, date, company_id, kind, cast(count(*) as integer) as lines, cast(sum(stores) as integer) as stores
      from (${LINES_ANEW}) as line group by name, date, company_id, kind`,
  ],
}

const KEPT: Kept = {
  'uses of labels': [
    'select label_id, uses from label_use',
    `select label_id, count(*) as uses from (
      select label_id from label_run union all select label_id from contested) as used group by label_id`,
  ],
  'when labels were said first': [
    'select id, since from label',
    `select label_id, min(ranked_at) as since from (
      select label_run.label_id, load.ranked_at from label_run
        join scrape on scrape.store_id = label_run.store_id and date >= from_date and (to_date is null or date <= to_date)
        join load on load.id = scrape.load_id
        where not exists (select 1 from contested where contested.scrape_id = scrape.id)
      union all select label_id, load.ranked_at from contested join scrape on scrape.id = scrape_id join load on load.id = load_id
    ) as said group by label_id`,
  ],
  'showings that give a label': ['select id, label_date, label_store_id from listing', newest('')],
  'showings that give a barcode': [
    'select id, barcode_date, barcode_store_id from listing where barcode_date is not null',
    newest('and label.barcode is not null'),
  ],
  'scrapes that write the codes of companies': [
    'select id, shown_by from company',
    `select company_id, id from (
        select company_id, scrape.id, row_number() over (
          partition by company_id order by date desc, store.code desc, scrape.ranked_at desc, load.sha256 desc) as place
        from scrape join load on load.id = load_id join store on store.id = store_id
      ) as written where place = 1`,
  ],
  "what is called by another product's listing": [
    'select id from listing where head_id is not null and (product_id <> id or head_id = id)',
    'select id from listing where false',
  ],
  'scrapes that name companies': [
    'select id, named_by from company where named_by is not null',
    `select company_id, id from (
        select company_id, scrape.id, row_number() over (
          partition by company_id order by date desc, store.code desc, scrape.ranked_at desc, load.sha256 desc) as place
        from scrape join load on load.id = load_id join store on store.id = store_id where company_name is not null
      ) as named where place = 1`,
  ],
}

const PRICES_KEPT = 'select listing_id, price_cents, availability, stores from price_now'
const PRICES_ANEW = `select listing_id, coalesce(price_cents, -1) as price_cents, coalesce(is_available, -1) as availability, count(*) as stores
  from price_run where to_date is null group by 1, 2, 3`
const AVAILABILITY_KEPT = 'select company_id, availability, prices from availability_now'
const AVAILABILITY_ANEW = `select company_id, availability, count(*) as prices
  from (${PRICES_ANEW}) join listing on listing.id = listing_id group by 1, 2`

function pricesNow(database: SqliteDatabase, sql: string): string[] {
  return database.all(sql).map((price) => JSON.stringify(price))
}

function wordsKept(database: SqliteDatabase): string[] {
  database.script(`create virtual table if not exists temp.kept_words using fts5vocab(main, listing_words, instance)`)
  return database.all<{ doc: number; term: string }>('select doc, term from temp.kept_words').map(lineOf)
}

async function wordsAnew(database: Sql): Promise<string[]> {
  const ids = (await database.all<{ id: number }>('select id from listing where label_id is not null')).map(
    ({ id }) => id,
  )
  return (await searchableListings(database, ids)).flatMap((listing) =>
    searchWordsOf(listing).map((term) => lineOf({ doc: listing.id, term })),
  )
}

function lineOf({ doc, term }: { doc: number; term: string }): string {
  return `${doc} ${term}`
}

async function sourcesKept(database: Sql): Promise<string[]> {
  return (await database.all('select * from source')).map((source) => JSON.stringify(Object.values(source)))
}

async function sourcesAnew(database: Sql): Promise<string[]> {
  const lines: string[] = []
  for (const { id } of await database.all<{ id: number }>('select id from store')) {
    const dates = await database.all<{ date: string; rows: number }>(
      'select date, max(listings) as rows from scrape where store_id = ? group by date',
      id,
    )
    const latest = dates.toSorted((one, other) => (one.date < other.date ? 1 : -1)).slice(0, 10)
    const { date, rows } = latest[0]!
    const loads = await database.all<{ id: number; ranked_at: number; sha256: string }>(
      'select load.* from scrape join load on load.id = load_id where store_id = ? and date = ?',
      id,
      date,
    )
    const [load] = loads.toSorted(
      (one, other) => other.ranked_at - one.ranked_at || (one.sha256 < other.sha256 ? 1 : -1),
    )
    const { usualDays, usualRows } = usualScrapingOf(latest)
    lines.push(JSON.stringify([id, date, load!.id, rows, usualDays, usualRows]))
  }
  return lines
}

function faultBetween(what: string, kept: readonly string[], anew: readonly string[]): string | undefined {
  const [one, other] = [kept.toSorted(), anew.toSorted()]
  const at = one.findIndex((line, index) => line !== other[index])
  if (at === -1 && one.length === other.length) return undefined
  const index = at === -1 ? one.length : at
  return `${what}: kept ${one[index]}, made anew ${other[index]}`
}
