/**
 * What listings are called once a scrape is gone that they were called by: the newest showing of all that are left is looked for.
 *
 * A store that still shows a listing shows it on its latest date. So the stores are asked in the order of those, a few at first, and no
 * longer than one of them might have a newer showing than what was found: that is nearly always the first or the second. A listing that they do not
 * show is looked for in the others only where any store shows it.
 */
import { type LoadDatabase, records, type Statement, sql } from './statement.ts'

const STORES_AT_FIRST = 2
const STORES_FACTOR = 8

type Store = Readonly<{ store_id: number; last_date: string; code: string }>

/** What is looked for: labels, as a condition, and how a run is joined to them where it matters. */
type Wanted = Readonly<{ label: Statement; join: Statement }>

const ANY: Wanted = { label: sql``, join: sql`` }
const WITH_BARCODE = sql`and label.barcode is not null`
const BARCODE: Wanted = { label: WITH_BARCODE, join: sql`join label on label.id = run.label_id ${WITH_BARCODE}` }

type StoreDate = Readonly<{ storeId: number; date: string }>

/** Notes in `lost` the listings whose barcode comes from what a store showed on a date, where that may be another row now. */
export function noteBarcodes(database: LoadDatabase, at: StoreDate): Promise<void> {
  return note(database, at, sql`barcode_date = ${at.date} and barcode_store_id = ${at.storeId}`)
}

/** Notes in `lost` the listings that are called by what a store showed on a date, before that is taken out. */
export function noteLost(database: LoadDatabase, at: StoreDate): Promise<void> {
  const { date, storeId } = at
  return note(
    database,
    at,
    sql`(label_date = ${date} and label_store_id = ${storeId}) or (barcode_date = ${date} and barcode_store_id = ${storeId})`,
  )
}

async function note(database: LoadDatabase, { storeId, date }: StoreDate, isCalled: Statement): Promise<void> {
  await database.run(
    sql`insert into lost (listing_id) select listing_id from label_run
      where store_id = ${storeId} and from_date <= ${date} and (to_date is null or to_date >= ${date})
        and (select ${isCalled} from listing where listing.id = label_run.listing_id)
      on conflict do nothing`,
  )
}

/** Gives the listings in `lost` the label and barcode that they have now. The sources of the stores must be up to date. */
export async function findNewest(database: LoadDatabase, companyIds: Iterable<number>): Promise<void> {
  if ((await database.get(sql`select 1 from lost limit 1`)) === undefined) return
  const companies = await Promise.all([...new Set(companyIds)].map((id) => storesOf(database, id)))
  for (const stores of companies) await seek(database, stores, ANY)
  await database.run(
    sql`insert into renamed
      select lost.listing_id, listing.label_id from lost left join listing on listing.id = lost.listing_id
      left join label on label.id = lost.label_id
      where listing.label_id is distinct from lost.label_id or listing.barcode is distinct from label.barcode on conflict do nothing`,
  )
  // A label with a barcode is the newest of those too. Only where it has none, and there was one, a barcode is looked for further back.
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
  for (const stores of companies) await seek(database, stores, BARCODE)
  await database.script(`
    update listing set barcode = label.barcode, barcode_date = lost.date, barcode_store_id = lost.store_id
      from lost join label on label.id = lost.label_id where listing.id = lost.listing_id;
    delete from lost;
  `)
}

/** The stores of a company, the one that was scraped last first. */
function storesOf(database: LoadDatabase, companyId: number): Store[] | Promise<Store[]> {
  return database.all(
    sql`select store_id, last_date, code from source join store on store.id = store_id
      where company_id = ${companyId} order by last_date desc, code desc`,
  )
}

/** Finds the newest showing of each listing in `lost`. */
async function seek(database: LoadDatabase, stores: readonly Store[], wanted: Wanted): Promise<void> {
  const isShown = sql`and (lost.date is not null or (select 1 from label join label_use on label_use.label_id = label.id
    where label.listing_id = lost.listing_id and label_use.uses > 0 ${wanted.label} limit 1) = 1)`
  let count = STORES_AT_FIRST
  for (let at = 0; at < stores.length; at += count, count *= STORES_FACTOR) {
    const where = at === 0 ? sql`` : isShown
    if ((await seekIn(database, stores.slice(at, at + count), { join: wanted.join, where })) === 0) return
  }
}

type Among = Readonly<{ join: Statement; where: Statement }>

/** Looks at some stores, for the listings that may have a newer showing there; returns how many these are. */
async function seekIn(database: LoadDatabase, stores: readonly Store[], { join, where }: Among): Promise<number> {
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
