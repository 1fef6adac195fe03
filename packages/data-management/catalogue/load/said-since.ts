/**
 * Since when each label has been said: the earliest that any file was received which says it, also one that another of its date wins over.
 * A load that was received before others, and one that is taken out, may change that, and with it what products are called by.
 */
import type { ScrapeRecord } from './scrapes.ts'
import { type LoadDatabase, records, sql } from './statement.ts'

const SCRAPES_AT_FIRST = 2
const SCRAPES_FACTOR = 8

/** Notes that staged scrapes were received then. */
export async function noteSaid(database: LoadDatabase, receivedAt: number, scrapes: readonly { number: number }[]) {
  if (!(await areLater(database, receivedAt))) return
  for (const { number } of scrapes) {
    await database.run(
      sql`update label set since = ${receivedAt} from (select distinct label_id from observed where scrape = ${number}) as said
        where label.id = said.label_id and label.since > ${receivedAt}`,
    )
    // Those too that are new with it: an older one of the same listing may have its key since later.
    await database.run(
      sql`insert into seed select observed.listing_id from observed join label on label.id = observed.label_id
        where scrape = ${number} and label.since = ${receivedAt} on conflict do nothing`,
    )
  }
}

/** Whether loads are on record that were received after this time. */
export async function areLater(database: LoadDatabase, receivedAt: number): Promise<boolean> {
  const later = sql`select 1 as one from load where received_at > ${receivedAt} limit 1`
  return (await database.get(later)) !== undefined
}

/** Notes in `doubted` the labels that a scrape was the first to show, before it is taken out. */
export async function noteDoubted(database: LoadDatabase, scrape: ScrapeRecord): Promise<void> {
  const { id, storeId, date } = scrape
  const load = await database.get<{ received_at: number }>(
    sql`select received_at from scrape join load on load.id = load_id where scrape.id = ${id}`,
  )
  await database.run(
    sql`insert into doubted (label_id, listing_id) select label_id, listing_id from (
        select label_id, listing_id from label_run
          where store_id = ${storeId} and from_date <= ${date} and (to_date is null or to_date >= ${date})
        union all select label_id, listing_id from contested where scrape_id = ${id}
      ) as shown where (select since from label where label.id = shown.label_id) = ${load!.received_at} on conflict do nothing`,
  )
}

/** Finds out anew since when the labels in `doubted` have been said. What is left is asked in the order in which it was received. */
export async function findSince(database: LoadDatabase, companyIds: Iterable<number>): Promise<void> {
  await database.script('update label set since = null where id in (select label_id from doubted)')
  const scrapes = (await Promise.all([...new Set(companyIds)].map((id) => scrapesOf(database, id)))).flat()
  scrapes.sort((one, other) => one.received_at - other.received_at)
  let count = SCRAPES_AT_FIRST
  for (let at = 0; at < scrapes.length && (await areOpen(database)); at += count, count *= SCRAPES_FACTOR)
    await findIn(database, scrapes.slice(at, at + count))
  await database.script(`insert into seed select distinct listing_id from doubted where true on conflict do nothing;
    delete from doubted`)
}

type Scrape = Readonly<{ id: number; store_id: number; date: string; received_at: number; is_contested: number }>

function scrapesOf(database: LoadDatabase, companyId: number): Scrape[] | Promise<Scrape[]> {
  return database.all<Scrape>(
    sql`select scrape.id, store_id, date, load.received_at,
        case when count(*) over (partition by store_id, date) > 1 then 1 else 0 end as is_contested
      from store join scrape on scrape.store_id = store.id join load on load.id = load_id where company_id = ${companyId}`,
  )
}

// A label that nothing uses any more is forgotten: to look for who says it would take all scrapes of the company.
const IS_OPEN = sql`(select since from label where label.id = doubted.label_id) is null
  and (select uses from label_use where label_use.label_id = doubted.label_id) > 0`

async function areOpen(database: LoadDatabase): Promise<boolean> {
  return (await database.get(sql`select 1 as one from doubted where ${IS_OPEN} limit 1`)) !== undefined
}

async function findIn(database: LoadDatabase, scrapes: readonly Scrape[]): Promise<void> {
  const types = {
    id: 'bigint',
    store_id: 'integer',
    date: 'text',
    received_at: 'bigint',
    is_contested: 'smallint',
  } as const
  const columns = Object.keys(types) as (keyof Scrape)[]
  const given = records(
    'given',
    types,
    columns.map((column) => scrapes.map((scrape) => scrape[column])),
  )
  await database.run(
    sql`update label set since = found.since from (
        with near as materialized (select id, store_id, date, received_at, is_contested from ${given})
        select label_id, min(received_at) as since from (
          select doubted.label_id, near.received_at from doubted cross join near
          join label_run as run on run.store_id = near.store_id and run.listing_id = doubted.listing_id
            and run.label_id = doubted.label_id and run.from_date <= near.date and (run.to_date is null or run.to_date >= near.date)
          where is_contested = 0 and ${IS_OPEN}
          union all
          select doubted.label_id, near.received_at from near cross join contested cross join doubted
          where contested.scrape_id = near.id and doubted.label_id = contested.label_id and is_contested = 1 and ${IS_OPEN}
        ) as said group by label_id
      ) as found where found.label_id = label.id`,
  )
}
