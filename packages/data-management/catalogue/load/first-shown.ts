/**
 * Maintains `label.since`: the lowest rank of a file that shows the label, even if another file of its date wins.
 * Loading a file received before others, or undoing a load, may change it, and with it the names of products.
 */
import type { ScrapeRecord } from './scrapes.ts'
import { idRecords, type LoadDatabase, type Records, records, sql } from './statement.ts'

const FIRST_SCRAPES = 2
const SCRAPES_FACTOR = 8

/** Lowers `since` of the labels in staged scrapes to the rank of their file, if loads of higher rank exist. */
export async function lowerSince(database: LoadDatabase, rankedAt: number, scrapes: readonly { number: number }[]) {
  if (!(await hasLaterLoads(database, rankedAt))) return
  for (const { number } of scrapes) {
    await database.run(
      sql`update label set since = ${rankedAt} from (select distinct label_id from observed where scrape = ${number}) as said
        where label.id = said.label_id and label.since > ${rankedAt}`,
    )
    // Includes new labels: an older label of the same listing may have the same key, but a later `since`.
    await database.run(
      sql`insert into seed select observed.listing_id from observed join label on label.id = observed.label_id
        where scrape = ${number} and label.since = ${rankedAt} on conflict do nothing`,
    )
  }
}

/** Whether any load on record has a higher rank. */
export async function hasLaterLoads(database: LoadDatabase, rankedAt: number): Promise<boolean> {
  const later = sql`select 1 as one from load where ranked_at > ${rankedAt} limit 1`
  return (await database.get(later)) !== undefined
}

/** The rank of a load. */
export async function rankOfLoad(database: LoadDatabase, loadId: number): Promise<number> {
  const load = await database.get<{ ranked_at: number }>(sql`select ranked_at from load where id = ${loadId}`)
  return load!.ranked_at
}

/** Before a scrape is removed: adds to `doubted` the labels that its load, of this rank, was the first to show. */
export async function collectDoubtedLabels(
  database: LoadDatabase,
  rankedAt: number,
  scrape: ScrapeRecord,
): Promise<void> {
  const { id, storeId, date } = scrape
  await database.run(
    sql`insert into doubted (label_id, listing_id) select label_id, listing_id from (
        select label_id, listing_id from label_run
          where store_id = ${storeId} and from_date <= ${date} and (to_date is null or to_date >= ${date})
        union all select label_id, listing_id from contested where scrape_id = ${id}
      ) as shown where (select since from label where label.id = shown.label_id) = ${rankedAt} on conflict do nothing`,
  )
}

/**
 * Recomputes `since` of the labels in `doubted`, which a removed load was the first to show: searches the scrapes
 * received with it or later, in the order of receipt.
 */
export async function recomputeSince(database: LoadDatabase, { companyIds, rankedAt }: RemovedScrapes): Promise<void> {
  await database.script('update label set since = null where id in (select label_id from doubted)')
  const companies = idRecords(companyIds)
  let after: ScrapeRank | undefined = { ranked_at: rankedAt, id: 0 }
  for (let count = FIRST_SCRAPES; after !== undefined && (await anyUnresolved(database)); count *= SCRAPES_FACTOR) {
    const scrapes: RankedScrape[] = await scrapesAfter(database, companies, after, count)
    await setSinceFromScrapes(database, scrapes)
    after = scrapes[count - 1]
  }
  await database.script(`insert into seed select distinct listing_id from doubted where true on conflict do nothing;
    delete from doubted`)
}

/** What is removed: the companies of the scrapes, and the rank of their load. */
type RemovedScrapes = Readonly<{ companyIds: Iterable<number>; rankedAt: number }>

type RankedScrape = Readonly<{ id: number; store_id: number; date: string; ranked_at: number; is_contested: number }>
type ScrapeRank = Pick<RankedScrape, 'ranked_at' | 'id'>

function scrapesAfter(
  database: LoadDatabase,
  companies: Records,
  after: ScrapeRank,
  count: number,
): RankedScrape[] | Promise<RankedScrape[]> {
  return database.all<RankedScrape>(
    sql`select scrape.id, store_id, date, load.ranked_at,
        case when exists (select 1 from scrape as other
          where other.store_id = scrape.store_id and other.date = scrape.date and other.id <> scrape.id) then 1 else 0 end as is_contested
      from load join scrape on scrape.load_id = load.id join store on store.id = store_id
      where load.ranked_at >= ${after.ranked_at} and (load.ranked_at > ${after.ranked_at} or scrape.id > ${after.id})
        and company_id in (select id from ${companies})
      order by load.ranked_at, scrape.id limit ${count}`,
  )
}

// Unused labels are skipped: they get deleted, and a search for them would go through all scrapes of the company.
const IS_UNRESOLVED = sql`(select since from label where label.id = doubted.label_id) is null
  and (select uses from label_use where label_use.label_id = doubted.label_id) > 0`

async function anyUnresolved(database: LoadDatabase): Promise<boolean> {
  return (await database.get(sql`select 1 as one from doubted where ${IS_UNRESOLVED} limit 1`)) !== undefined
}

async function setSinceFromScrapes(database: LoadDatabase, scrapes: readonly RankedScrape[]): Promise<void> {
  const types = {
    id: 'bigint',
    store_id: 'integer',
    date: 'text',
    ranked_at: 'bigint',
    is_contested: 'smallint',
  } as const
  const columns = Object.keys(types) as (keyof RankedScrape)[]
  const given = records(
    'given',
    types,
    columns.map((column) => scrapes.map((scrape) => scrape[column])),
  )
  await database.run(
    sql`update label set since = found.since from (
        with near as materialized (select id, store_id, date, ranked_at, is_contested from ${given})
        select label_id, min(ranked_at) as since from (
          select doubted.label_id, near.ranked_at from doubted cross join near
          join label_run as run on run.store_id = near.store_id and run.listing_id = doubted.listing_id
            and run.label_id = doubted.label_id and run.from_date <= near.date and (run.to_date is null or run.to_date >= near.date)
          where is_contested = 0 and ${IS_UNRESOLVED}
          union all
          select doubted.label_id, near.ranked_at from near cross join contested cross join doubted
          where contested.scrape_id = near.id and doubted.label_id = contested.label_id and is_contested = 1 and ${IS_UNRESOLVED}
        ) as said group by label_id
      ) as found where found.label_id = label.id`,
  )
}
