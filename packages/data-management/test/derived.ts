/** What the catalogue keeps only to be asked quickly must be what it would be if it were made anew. */
import { readKnownLines } from '../catalogue/known-lines.ts'
import { wordsOfListing } from '../catalogue/model/words.ts'
import { usualOf } from '../catalogue/usual.ts'
import type { Sql } from '../database/sql.ts'
import type { SqliteDatabase } from '../database/sqlite.ts'

/** What is wrong with the search words, sources, prices now, known lines or marks of a catalogue, or undefined. */
export async function faultOfDerived(database: SqliteDatabase): Promise<string | undefined> {
  return (
    faultBetween('words', wordsKept(database), await wordsAnew(database)) ??
    faultBetween('sources', await sourcesKept(database), await sourcesAnew(database)) ??
    faultBetween('prices now', pricesNow(database, PRICES_KEPT), pricesNow(database, PRICES_ANEW)) ??
    faultBetween('known lines', linesKept(database), linesAnew(database)) ??
    faultBetween('unmarked', database.all(UNMARKED).map(String), [])
  )
}

/** The same in PostgreSQL, where there are no prices now, no known lines and no marks. */
export async function faultOfDerivedInPostgres(database: Sql): Promise<string | undefined> {
  const words = await database.all<{ doc: number; term: string }>(
    'select listing_id as doc, unnest(tsvector_to_array(words)) as term from listing_words',
  )
  return (
    faultBetween('words', words.map(lineOf), await wordsAnew(database)) ??
    faultBetween('sources', await sourcesKept(database), await sourcesAnew(database))
  )
}

// A listing of one label that a store shows now with another one.
const UNMARKED = `select listing.id from listing join label_run as run on run.listing_id = listing.id and run.to_date is null
  where varied = 0 and run.label_id is not listing.label_id`

const PRICES_KEPT = 'select listing_id, price_cents, stores from price_now'
const PRICES_ANEW = `select listing_id, price_cents, count(*) as stores from price_run where to_date is null
  group by listing_id, price_cents`

function pricesNow(database: SqliteDatabase, sql: string): string[] {
  return database.all(sql).map((price) => JSON.stringify(price))
}

/** Which listings the known lines of each store are about. */
function linesKept(database: SqliteDatabase): string[] {
  return database.all<{ store_id: number }>('select store_id from known_lines').flatMap(({ store_id }) => {
    const known = readKnownLines(database, store_id)!.lines
    return Array.from({ length: known.count }, (_, entry) => `${store_id} ${known.listingOf(entry)}`)
  })
}

function linesAnew(database: SqliteDatabase): string[] {
  const sql = `select store_id || ' ' || listing_id as line from price_run
    where to_date is null and store_id in (select store_id from known_lines)`
  return database.all<{ line: string }>(sql).map(({ line }) => line)
}

function wordsKept(database: SqliteDatabase): string[] {
  database.script(`create virtual table if not exists temp.kept_words using fts5vocab(main, listing_words, instance)`)
  return database.all<{ doc: number; term: string }>('select doc, term from temp.kept_words').map(lineOf)
}

async function wordsAnew(database: Sql): Promise<string[]> {
  const listings = await database.all<{ id: number; company_id: number; name: string; brand: string | null }>(
    `select listing.id, company_id, label.name, brand.name as brand
      from listing join label on label.id = label_id left join brand on brand.id = brand_id`,
  )
  return listings.flatMap(({ id: doc, company_id, name, brand }) =>
    wordsOfListing(company_id, [name, brand]).map((term) => lineOf({ doc, term })),
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
    const loads = await database.all<{ id: number; received_at: number; sha256: string }>(
      'select load.* from scrape join load on load.id = load_id where store_id = ? and date = ?',
      id,
      date,
    )
    const [load] = loads.toSorted(
      (one, other) => other.received_at - one.received_at || (one.sha256 < other.sha256 ? 1 : -1),
    )
    const { usualDays, usualRows } = usualOf(latest)
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
