/** The scrapes of a store in PostgreSQL: one is put in, or taken out again. What a contested date is stands in ../scrapes.ts. */
import type { PostgresTransaction } from '../../database/postgres-queries.ts'
import { recordOf, type StagedScrape } from '../load/staged-scrape.ts'
import { type DateChange, nothingChanged } from '../model/date-change.ts'
import { appendDate, beginHistory, beginHistoryWith } from './append.ts'
import { changeDate } from './history.ts'
import type { PostgresStaging } from './staging.ts'

const TERMS = 'price_cents, was_price_cents, is_on_special, is_available'

/** The load that a scrape comes with. `receivedAt` ranks it where its rows do not say when they were scraped. */
export type OfLoad = Readonly<{ loadId: number; receivedAt: number }>

type Dates = Readonly<{ before: string | null; after: string | null; others: number[] }>

/** Puts a staged scrape into the store's history. The caller has the lock of the store. */
export async function addScrape(
  transaction: PostgresTransaction,
  staging: PostgresStaging,
  scrape: StagedScrape,
  load: OfLoad,
): Promise<DateChange> {
  const { storeId, date, number } = scrape
  const { before, after, others } = await datesBeside(transaction, storeId, date)
  const scrapeId = (await transaction.get<{ id: number }>(...recordOf(scrape, load.loadId, load.receivedAt)))!.id
  if (others.length === 0 && after === null && before === null) {
    const rows = staging.rowsInMemory(scrape)
    if (rows === undefined) await beginHistory(transaction, { storeId, date, scrape: number })
    else await beginHistoryWith(transaction, { storeId, date }, rows)
    return { ...nothingChanged(), inserted: scrape.listings, opened: scrape.listings }
  }
  await staging.setDown()
  if (others.length === 0 && after === null && before !== null)
    return appendDate(transaction, { storeId, date, scrape: number }, before)
  await show(transaction, number, scrapeId)
  if (others.length > 0) {
    if (others.length === 1) await contest(transaction, { storeId, date, scrapeId: others[0]! })
    await transaction.run(`insert into contested select ?::bigint, listing_id, label_id, ${TERMS} from shown`, scrapeId)
    await showWinners(transaction, storeId, date)
  }
  return changeDate(transaction, { storeId, date, scrapeId, becomes: 'there' })
}

/** Takes a scrape out, as if it had never been there. */
export async function removeScrape(transaction: PostgresTransaction, scrapeId: number): Promise<DateChange> {
  const sql = 'select store_id, date from scrape where id = ?'
  const { store_id: storeId, date } = (await transaction.get<{ store_id: number; date: string }>(sql, scrapeId))!
  await noteShown(transaction, { storeId, date, scrapeId })
  await transaction.run('delete from contested where scrape_id = ?', scrapeId)
  await transaction.run('delete from scrape where id = ?', scrapeId)
  const { others } = await datesBeside(transaction, storeId, date)
  await showWinners(transaction, storeId, date)
  const becomes = others.length > 0 ? 'there' : 'gone'
  const change = await changeDate(transaction, { storeId, date, scrapeId, becomes })
  if (others.length === 1) await transaction.run('delete from contested where scrape_id = ?', others[0]!)
  return change
}

async function datesBeside(transaction: PostgresTransaction, storeId: number, date: string): Promise<Dates> {
  const dates = await transaction.get<Dates>(
    `select (select max(date) from scrape where store_id = ?1 and date < ?2) as before,
      (select min(date) from scrape where store_id = ?1 and date > ?2) as after,
      array(select id from scrape where store_id = ?1 and date = ?2) as others`,
    storeId,
    date,
  )
  return dates!
}

async function show(transaction: PostgresTransaction, number: number, scrapeId: number): Promise<void> {
  await transaction.script('delete from shown')
  await transaction.run(
    `insert into shown (listing_id, label_id, scrape_id, ${TERMS})
      select listing_id, label_id, ?::bigint, ${TERMS} from observed where scrape = ?`,
    scrapeId,
    number,
  )
}

type OfDate = Readonly<{ storeId: number; date: string; scrapeId: number }>

/** Keeps whole what the one scrape of a date showed, before a second one comes; the runs still say it. */
async function contest(transaction: PostgresTransaction, { storeId, date, scrapeId }: OfDate): Promise<void> {
  await transaction.run(
    `insert into contested
      select ?1::bigint, price.listing_id, label.label_id, ${TERMS}
      from price_run as price join label_run as label
        on label.listing_id = price.listing_id and label.store_id = price.store_id
      where price.store_id = ?2 and price.from_date <= ?3 and (price.to_date is null or price.to_date >= ?3)
        and label.from_date <= ?3 and (label.to_date is null or label.to_date >= ?3)`,
    scrapeId,
    storeId,
    date,
  )
}

/** Of each listing the row of the scrape that ranks highest: it was scraped latest, and equal ranks go by the bytes. */
async function showWinners(transaction: PostgresTransaction, storeId: number, date: string): Promise<void> {
  await transaction.script('delete from shown')
  await transaction.run(
    `insert into shown (listing_id, label_id, scrape_id, ${TERMS})
      select distinct on (listing_id) listing_id, label_id, scrape_id, ${TERMS}
      from contested join scrape on scrape.id = contested.scrape_id join load on load.id = scrape.load_id
      where scrape.store_id = ? and scrape.date = ? order by listing_id, scrape.ranked_at desc, load.sha256 desc`,
    storeId,
    date,
  )
}

/** Every listing of a scrape that goes may have a newer showing elsewhere now, or had a label that only a losing row had. */
async function noteShown(transaction: PostgresTransaction, { storeId, date, scrapeId }: OfDate): Promise<void> {
  await transaction.run(
    `insert into relabelled
      select listing_id from contested where scrape_id = ?1
      union select listing_id from price_run where store_id = ?2 and from_date <= ?3 and (to_date is null or to_date >= ?3)
      on conflict do nothing`,
    scrapeId,
    storeId,
    date,
  )
}
