/**
 * Updates listings whose label or barcode came from a removed scrape: finds the newest showing that is left.
 *
 * A store that still shows a listing shows it on its latest date. So stores are searched by latest date, a few first,
 * and only while one might have a newer showing than the one found: nearly always that is the first or second store.
 * A listing that these do not show is searched for in the others only if any store shows it.
 */
import type { StoreDate } from './pending-changes.ts'
import { type LoadDatabase, records, type Statement, sql } from './statement.ts'

const FIRST_STORES = 2
const STORES_FACTOR = 8

type Store = Readonly<{ store_id: number; last_date: string; code: string }>

/** Which labels are searched for: a condition on them, and the join of runs with labels if it needs one. */
type LabelFilter = Readonly<{ label: Statement; join: Statement }>

const ANY_LABEL: LabelFilter = { label: sql``, join: sql`` }
const HAS_BARCODE = sql`and label.barcode is not null`
const LABEL_WITH_BARCODE: LabelFilter = {
  label: HAS_BARCODE,
  join: sql`join label on label.id = run.label_id ${HAS_BARCODE}`,
}

/** Adds to `lost` the listings whose barcode comes from this date of the store, where another row may now count. */
export function collectLostBarcodes(database: LoadDatabase, at: StoreDate): Promise<void> {
  return collectLost(database, at, sql`barcode_date = ${at.date} and barcode_store_id = ${at.storeId}`)
}

/** Adds to `lost` the listings whose label or barcode comes from this date of the store, before it is removed. */
export function collectLostLabels(database: LoadDatabase, at: StoreDate): Promise<void> {
  const { date, storeId } = at
  return collectLost(
    database,
    at,
    sql`(label_date = ${date} and label_store_id = ${storeId}) or (barcode_date = ${date} and barcode_store_id = ${storeId})`,
  )
}

async function collectLost(database: LoadDatabase, { storeId, date }: StoreDate, condition: Statement): Promise<void> {
  await database.run(
    sql`insert into lost (listing_id) select listing_id from label_run
      where store_id = ${storeId} and from_date <= ${date} and (to_date is null or to_date >= ${date})
        and (select ${condition} from listing where listing.id = label_run.listing_id)
      on conflict do nothing`,
  )
}

/** Gives the listings in `lost` their newest label and barcode. The stores' `source` records must be up to date. */
export async function restoreFromNewest(database: LoadDatabase, companyIds: Iterable<number>): Promise<void> {
  if ((await database.get(sql`select 1 from lost limit 1`)) === undefined) return
  const companies = await Promise.all([...new Set(companyIds)].map((id) => storesByLastDate(database, id)))
  for (const stores of companies) await searchStores(database, stores, ANY_LABEL)
  await database.run(
    sql`insert into renamed
      select lost.listing_id, listing.label_id from lost left join listing on listing.id = lost.listing_id
      left join label on label.id = lost.label_id
      where listing.label_id is distinct from lost.label_id or listing.barcode is distinct from label.barcode on conflict do nothing`,
  )
  // If the newest label has a barcode, that is the newest too. Else, if there was one, it is searched for further back.
  await database.script(`
    update listing set label_id = lost.label_id, label_date = lost.date, label_store_id = lost.store_id,
        barcode = coalesce(label.barcode, listing.barcode),
        barcode_date = case when label.barcode is null then barcode_date else lost.date end,
        barcode_store_id = case when label.barcode is null then barcode_store_id else lost.store_id end
      from lost left join label on label.id = lost.label_id where listing.id = lost.listing_id;
    delete from lost where (select barcode from listing where listing.id = lost.listing_id) is null
      or (select barcode from label where label.id = lost.label_id) is not null;
    update listing set barcode = null, barcode_date = null, barcode_store_id = null from lost where listing.id = lost.listing_id;
    update lost set label_id = null, date = null, store_id = null, code = null;
  `)
  for (const stores of companies) await searchStores(database, stores, LABEL_WITH_BARCODE)
  await database.script(`
    update listing set barcode = label.barcode, barcode_date = lost.date, barcode_store_id = lost.store_id
      from lost join label on label.id = lost.label_id where listing.id = lost.listing_id;
    delete from lost;
  `)
}

/** The stores of a company, the most recently scraped first. */
function storesByLastDate(database: LoadDatabase, companyId: number): Store[] | Promise<Store[]> {
  return database.all(
    sql`select store_id, last_date, code from source join store on store.id = store_id
      where company_id = ${companyId} order by last_date desc, code desc`,
  )
}

/** Finds the newest showing of each listing in `lost`. */
async function searchStores(database: LoadDatabase, stores: readonly Store[], wanted: LabelFilter): Promise<void> {
  const isShown = sql`and (lost.date is not null or (select 1 from label join label_use on label_use.label_id = label.id
    where label.listing_id = lost.listing_id and label_use.uses > 0 ${wanted.label} limit 1) = 1)`
  let count = FIRST_STORES
  for (let at = 0; at < stores.length; at += count, count *= STORES_FACTOR) {
    const where = at === 0 ? sql`` : isShown
    if ((await searchSomeStores(database, stores.slice(at, at + count), { join: wanted.join, where })) === 0) return
  }
}

type ListingFilter = Readonly<{ join: Statement; where: Statement }>

/** Searches some stores for the listings that may have a newer showing there; returns the number of these listings. */
async function searchSomeStores(
  database: LoadDatabase,
  stores: readonly Store[],
  { join, where }: ListingFilter,
): Promise<number> {
  const { last_date, code } = stores[0]!
  const isOpen = sql`(lost.date is null or lost.date < ${last_date} or (lost.date = ${last_date} and lost.code < ${code})) ${where}`
  const open = await database.get<{ open: number }>(sql`select count(*) as open from lost where ${isOpen}`)
  if (open!.open === 0) return 0
  const given = records('given', { store_id: 'integer', last_date: 'text', code: 'text' }, [
    stores.map((store) => store.store_id),
    stores.map((store) => store.last_date),
    stores.map((store) => store.code),
  ])
  const until = sql`coalesce(run.to_date, near.last_date)`
  await database.run(
    sql`update lost set label_id = found.label_id, date = found.until, store_id = found.store_id, code = found.code
      from (
        with near as materialized (select store_id, last_date, code from ${given})
        select lost.listing_id, run.label_id, near.store_id, near.code, ${until} as until,
          row_number() over (partition by lost.listing_id order by ${until} desc, near.code desc) as place
        from lost cross join near join label_run as run on run.store_id = near.store_id and run.listing_id = lost.listing_id
        ${join} where ${isOpen}
      ) as found
      where found.place = 1 and lost.listing_id = found.listing_id
        and (lost.date is null or lost.date < found.until or (lost.date = found.until and lost.code < found.code))`,
  )
  return open!.open
}
