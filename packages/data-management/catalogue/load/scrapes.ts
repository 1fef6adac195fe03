/**
 * Adds scrapes to the history of a store, and removes them.
 *
 * Most dates of a store are described by one file. If a second file describes the same date, each scrape is kept whole
 * in `contested`, and for each listing the store shows the row of the scrape that was scraped last.
 */
import { type DateChange, EXAMPLES_MAX } from '../model/date-change.ts'
import { type Appended, appendDate, beginHistory, endHistory, prependDate, TERMS } from './append.ts'
import { changeDate } from './history.ts'
import { addLabelUses, adjustLabelUses } from './label-uses.ts'
import { markForRecount } from './pending-changes.ts'
import { removeDate } from './remove-date.ts'
import type { StagedScrape } from './staged-scrape.ts'
import { type LoadDatabase, type Statement, sql } from './statement.ts'

/** The load of a scrape. `rankedAt` is the rank of the scrape if its rows do not say when they were scraped. */
export type ScrapeLoad = Readonly<{ loadId: number; rankedAt: number }>

/** A scrape on record. */
export type ScrapeRecord = Readonly<{ id: number; storeId: number; storeCode: string; companyId: number; date: string }>

type NeighbouringDates = Readonly<{ before: string | null; after: string | null; others: readonly number[] }>

/**
 * Adds a staged scrape to the store's history. The caller holds the lock of the store. Locks the companies of all scrapes
 * of the file before it counts uses of labels, because the stores of a company share labels.
 */
export async function addScrape(
  database: LoadDatabase,
  scrape: StagedScrape,
  { companyIds, ...load }: ScrapeLoad & Readonly<{ companyIds: readonly number[] }>,
): Promise<{ id: number; isContested: boolean; change: DateChange }> {
  const dates = await neighbouringDates(database, scrape.storeId, scrape.date)
  const id = await insertScrape(database, scrape, load)
  await markForRecount(database, scrape)
  const isContested = dates.others.length > 0
  if (!isContested && (dates.before === null || dates.after === null)) {
    const { change, uses } = await addAtEnd(database, scrape, dates)
    await database.lock({ companies: companyIds })
    await addLabelUses(database, uses)
    return { id, isContested, change }
  }
  await database.lock({ companies: companyIds })
  const add = isContested ? addContested : addBetween
  return { id, isContested, change: await add(database, scrape, id, dates) }
}

/** Adds a scrape before or after all others of its store, or the first one. */
async function addAtEnd(
  database: LoadDatabase,
  scrape: StagedScrape,
  { before, after }: NeighbouringDates,
): Promise<Appended> {
  const at = { storeId: scrape.storeId, date: scrape.date, scrape: scrape.number }
  if (before !== null) return await appendDate(database, at, before)
  if (after !== null) return await prependDate(database, at, after)
  return await beginHistory(database, at)
}

/** Adds a scrape of a date between two others. */
async function addBetween(
  database: LoadDatabase,
  scrape: StagedScrape,
  id: number,
  { before, after }: NeighbouringDates,
): Promise<DateChange> {
  const { storeId, date, number } = scrape
  await fillShown(
    database,
    sql`select listing_id, label_id, cast(${id} as bigint), ${TERMS} from observed where scrape = ${number}`,
  )
  const change = await changeDate(database, { storeId, scrapeId: id, window: { before, date, after } })
  return { ...change, ...(await disappearedSince(database, scrape, before!)) }
}

/** The listings that the scrape before showed and this one does not, whether or not they were shown again later. */
async function disappearedSince(database: LoadDatabase, { storeId, number }: StagedScrape, before: string) {
  const gone = await database.all<{ listing_id: number }>(
    sql`select listing_id from price_run as run
      where run.store_id = ${storeId} and run.from_date <= ${before} and (run.to_date is null or run.to_date >= ${before})
        and not exists (select 1 from observed where observed.scrape = ${number} and observed.listing_id = run.listing_id)
      order by listing_id`,
  )
  const first = gone.slice(0, EXAMPLES_MAX).map(({ listing_id: listingId }) => ({ listingId, storeId }))
  return { disappeared: gone.length, gone: first }
}

/** How many listings the store shows on the date of a staged scrape once that is added to the others of the date. */
export async function countShownListings(database: LoadDatabase, scrape: StagedScrape): Promise<number> {
  const { storeId, date, number, listings } = scrape
  if ((await neighbouringDates(database, storeId, date)).others.length === 0) return listings
  const others = await database.get<{ listings: number }>(
    sql`select count(*) as listings from price_run as run
      where run.store_id = ${storeId} and run.from_date <= ${date} and (run.to_date is null or run.to_date >= ${date})
        and not exists (select 1 from observed where observed.scrape = ${number} and observed.listing_id = run.listing_id)`,
  )
  return listings + others!.listings
}

/** Removes a scrape as if it had never been loaded. Returns whether the store has others of the date. */
export async function removeScrape(database: LoadDatabase, scrape: ScrapeRecord): Promise<boolean> {
  const { id, storeId, date } = scrape
  await markForRecount(database, scrape)
  await deleteContestedRows(database, id)
  await database.run(sql`delete from scrape where id = ${id}`)
  const { before, after, others } = await neighbouringDates(database, storeId, date)
  if (others.length === 0 && before === null && after === null) {
    await endHistory(database, storeId)
    return false
  }
  if (others.length === 0) {
    await removeDate(database, { storeId, date, before, after })
    return false
  }
  await fillShownByRank(database, storeId, date)
  await changeDate(database, { storeId, scrapeId: id, window: { before, date, after } })
  if (others.length === 1) await deleteContestedRows(database, others[0]!)
  return true
}

/** The scrapes that a load has added. */
export function scrapesOfLoad(database: LoadDatabase, loadId: number): ScrapeRecord[] | Promise<ScrapeRecord[]> {
  return database.all(
    sql`select scrape.id, store_id as "storeId", store.code as "storeCode", company_id as "companyId", date
      from scrape join store on store.id = store_id where load_id = ${loadId} order by scrape.id`,
  )
}

async function insertScrape(
  database: LoadDatabase,
  scrape: StagedScrape,
  { loadId, rankedAt: loadRank }: ScrapeLoad,
): Promise<number> {
  const { storeId, date, scrapedAt, listings, storeName, state, companyName } = scrape
  const { companyWritten, storeWritten, mergedFrom } = scrape
  // Ranks by the receipt of the load if the rows have no time, or a time after the receipt.
  const rankedAt = Math.min(scrapedAt ?? loadRank, loadRank)
  const made = await database.get<{ id: number }>(
    sql`insert into scrape (store_id, date, load_id, ranked_at, listings, store_name, state, company_name, company_code, store_code,
        merged_from)
      values (${storeId}, ${date}, ${loadId}, ${rankedAt}, ${listings}, ${storeName}, ${state}, ${companyName},
        ${companyWritten}, ${storeWritten}, ${mergedFrom})
      returning id`,
  )
  return made!.id
}

async function neighbouringDates(database: LoadDatabase, storeId: number, date: string): Promise<NeighbouringDates> {
  const beside = await database.get<Omit<NeighbouringDates, 'others'>>(
    sql`select (select max(date) from scrape where store_id = ${storeId} and date < ${date}) as before,
      (select min(date) from scrape where store_id = ${storeId} and date > ${date}) as after`,
  )
  const others = await database.all<{ id: number }>(
    sql`select id from scrape where store_id = ${storeId} and date = ${date}`,
  )
  return { ...beside!, others: others.map(({ id }) => id) }
}

/** Adds a scrape to others of its date: for each listing, the row of the scrape that ranks highest is shown. */
async function addContested(
  database: LoadDatabase,
  { storeId, date, number }: StagedScrape,
  id: number,
  { others, before, after }: NeighbouringDates,
): Promise<DateChange> {
  if (others.length === 1) await storeContestedRows(database, rowsFromRuns(storeId, date, others[0]!))
  await storeContestedRows(
    database,
    sql`select cast(${id} as bigint) as scrape_id, listing_id, label_id, ${TERMS} from observed where scrape = ${number}`,
  )
  await fillShownByRank(database, storeId, date)
  return changeDate(database, { storeId, scrapeId: id, window: { before, date, after } })
}

/** All rows of a scrape: listing_id, label_id and terms. */
export async function rowsOfStoredScrape(
  database: LoadDatabase,
  { id, storeId, date }: Pick<ScrapeRecord, 'id' | 'storeId' | 'date'>,
): Promise<Statement> {
  const isContested = (await neighbouringDates(database, storeId, date)).others.length > 1
  const rows = isContested ? sql`select * from contested where scrape_id = ${id}` : rowsFromRuns(storeId, date, id)
  return sql`select listing_id, label_id, ${TERMS} from (${rows}) as whole`
}

/** What the only scrape of a date showed, read from the runs. */
function rowsFromRuns(storeId: number, date: string, scrapeId: number): Statement {
  return sql`select cast(${scrapeId} as bigint) as scrape_id, price.listing_id, label.label_id, ${TERMS}
    from price_run as price join label_run as label on label.store_id = price.store_id and label.listing_id = price.listing_id
    where price.store_id = ${storeId} and price.from_date <= ${date} and (price.to_date is null or price.to_date >= ${date})
      and label.from_date <= ${date} and (label.to_date is null or label.to_date >= ${date})`
}

async function storeContestedRows(database: LoadDatabase, rows: Statement): Promise<void> {
  await database.run(sql`insert into contested ${rows}`)
  await addLabelUses(database, sql`select label_id, 1 as uses from (${rows}) as kept`)
}

async function deleteContestedRows(database: LoadDatabase, scrapeId: number): Promise<void> {
  await adjustLabelUses(database, sql`select label_id, -1 as uses from contested where scrape_id = ${scrapeId}`)
  await database.run(sql`delete from contested where scrape_id = ${scrapeId}`)
}

async function fillShownByRank(database: LoadDatabase, storeId: number, date: string): Promise<void> {
  // The row that was scraped last wins; ties are broken by the SHA-256 of the file.
  await fillShown(
    database,
    sql`select listing_id, label_id, scrape_id, ${TERMS} from (
        select contested.*, row_number() over (
          partition by listing_id order by scrape.ranked_at desc, load.sha256 desc, merged_from = '' desc, merged_from desc
        ) as place
        from scrape join contested on contested.scrape_id = scrape.id join load on load.id = scrape.load_id
        where scrape.store_id = ${storeId} and scrape.date = ${date}
      ) as ranked where place = 1`,
  )
}

async function fillShown(database: LoadDatabase, rows: Statement): Promise<void> {
  await database.script('delete from shown')
  await database.run(sql`insert into shown (listing_id, label_id, scrape_id, ${TERMS}) ${rows}`)
}
