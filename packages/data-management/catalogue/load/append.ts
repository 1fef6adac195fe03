/**
 * The usual changes of a store's history, as set-based statements: its first scrape, one after all others, one before
 * all others, and the end of the history. history.ts makes the rare other changes.
 */
import { type DateChange, EXAMPLES_MAX, nothingChanged } from '../model/date-change.ts'
import { adjustLabelUses } from './label-uses.ts'
import { type LoadDatabase, type Statement, sql } from './statement.ts'

/** The columns of a listing's terms. */
export const TERMS = sql`price_cents, was_price_cents, is_on_special, is_available`

const USES_OF_RELABELLED = sql`select label_id, 1 as uses from relabelled`

/** A date of a store, and the number of the staged scrape to add there. */
export type NewDate = Readonly<{ storeId: number; date: string; scrape: number }>

/** What changed, and the uses of labels that the caller is to add: other loads may be adding to the same labels. */
export type Appended = Readonly<{ change: DateChange; uses: Statement }>

/** Begins the history of a store that has none: each listing that the scrape shows gets its first runs. */
export async function beginHistory(database: LoadDatabase, { storeId, date, scrape }: NewDate): Promise<Appended> {
  const inserted = await database.run(
    sql`insert into price_run (store_id, listing_id, from_date, ${TERMS})
      select cast(${storeId} as integer), listing_id, ${date}, ${TERMS} from observed where scrape = ${scrape} order by listing_id`,
  )
  await database.addPrices(sql`select listing_id, price_cents, is_available from observed where scrape = ${scrape}`)
  await database.run(
    sql`insert into label_run (store_id, listing_id, from_date, label_id)
      select cast(${storeId} as integer), listing_id, ${date}, label_id from observed where scrape = ${scrape} order by listing_id`,
  )
  const uses = sql`select label_id, 1 as uses from observed where scrape = ${scrape}`
  return { change: { ...nothingChanged(), inserted, opened: inserted }, uses }
}

/** Deletes the history of a store that has no scrapes left. */
export async function endHistory(database: LoadDatabase, storeId: number): Promise<void> {
  await adjustLabelUses(database, sql`select label_id, -1 as uses from label_run where store_id = ${storeId}`)
  await database.run(sql`delete from label_run where store_id = ${storeId}`)
  await database.removePrices(
    sql`select listing_id, price_cents, is_available from price_run where store_id = ${storeId} and to_date is null`,
  )
  await database.run(sql`delete from price_run where store_id = ${storeId}`)
}

/** Adds a date after all others of the store, the last of which is `before`. Writes only what differs from that one. */
export async function appendDate(database: LoadDatabase, at: NewDate, before: string): Promise<Appended> {
  const { storeId } = at
  await fillDifferent(database, at)
  const total = await countDifferent(database, storeId)
  if (total.opened > 0) await openPriceRuns(database, at)
  if (total.closed > 0) await closePriceRuns(database, storeId, before)
  if (total.disappeared > 0) await closeLabelRuns(database, storeId, before)
  await appendLabels(database, at, before)
  return { change: total, uses: USES_OF_RELABELLED }
}

async function closePriceRuns(database: LoadDatabase, storeId: number, before: string): Promise<void> {
  await database.run(
    sql`update price_run set to_date = ${before} from different
      where price_run.store_id = ${storeId} and price_run.listing_id = different.listing_id
        and price_run.from_date = different.from_date`,
  )
  await database.removePrices(
    sql`select listing_id, old_cents as price_cents, old_available as is_available from different where from_date is not null`,
  )
}

async function openPriceRuns(database: LoadDatabase, { storeId, date }: NewDate): Promise<void> {
  await database.run(
    sql`insert into price_run (store_id, listing_id, from_date, ${TERMS})
      select cast(${storeId} as integer), listing_id, ${date}, ${TERMS} from different where is_shown = 1 order by listing_id`,
  )
  await database.addPrices(sql`select listing_id, price_cents, is_available from different where is_shown = 1`)
}

/** Fills `different` with the listings whose open run differs from the scrape, or that only one of the two has. */
async function fillDifferent(database: LoadDatabase, { storeId, scrape }: NewDate): Promise<void> {
  await database.script('delete from different')
  await database.run(
    sql`insert into different
      select run.listing_id, run.from_date, run.price_cents, run.is_available, case when seen.listing_id is null then 0 else 1 end,
        seen.price_cents, seen.was_price_cents, seen.is_on_special, seen.is_available
      from price_run as run left join observed as seen on seen.scrape = ${scrape} and seen.listing_id = run.listing_id
      where run.store_id = ${storeId} and run.to_date is null and (
        seen.listing_id is null or run.price_cents is distinct from seen.price_cents
        or run.was_price_cents is distinct from seen.was_price_cents
        or run.is_on_special is distinct from seen.is_on_special or run.is_available is distinct from seen.is_available)`,
  )
  await database.run(
    sql`insert into different
      select seen.listing_id, null, null, null, 1, seen.price_cents, seen.was_price_cents, seen.is_on_special, seen.is_available
      from observed as seen left join price_run as run
        on run.store_id = ${storeId} and run.listing_id = seen.listing_id and run.to_date is null
      where seen.scrape = ${scrape} and run.listing_id is null`,
  )
}

async function countDifferent(database: LoadDatabase, storeId: number): Promise<DateChange> {
  const counts = await database.get<{ inserted: number; changed: number; disappeared: number }>(
    sql`select count(*) filter (where from_date is null) as inserted,
      count(*) filter (where from_date is not null and is_shown = 1) as changed,
      count(*) filter (where is_shown = 0) as disappeared from different`,
  )
  const { inserted, changed, disappeared } = counts!
  const total = {
    ...nothingChanged(),
    ...{ inserted, changed, disappeared, opened: inserted + changed, closed: changed + disappeared },
  }
  if (changed > 0)
    total.jumps = await database.all(
      sql`select listing_id as "listingId", cast(${storeId} as integer) as "storeId", old_cents as "from", price_cents as "to"
        from different where is_shown = 1 and old_cents <> price_cents
        order by abs(ln((price_cents + 1.0) / (old_cents + 1))) desc, listing_id limit ${EXAMPLES_MAX}`,
    )
  if (disappeared > 0)
    total.firstDisappeared = await database.all(
      sql`select listing_id as "listingId", cast(${storeId} as integer) as "storeId" from different
        where is_shown = 0 order by listing_id limit ${EXAMPLES_MAX}`,
    )
  return total
}

async function closeLabelRuns(database: LoadDatabase, storeId: number, before: string): Promise<void> {
  await database.run(
    sql`update label_run set to_date = ${before} from different where different.is_shown = 0
      and label_run.store_id = ${storeId} and label_run.listing_id = different.listing_id and label_run.to_date is null`,
  )
}

async function appendLabels(database: LoadDatabase, { storeId, date, scrape }: NewDate, before: string): Promise<void> {
  await database.script('delete from relabelled')
  const found = await database.run(
    sql`insert into relabelled
      select seen.listing_id, seen.label_id, run.from_date
      from observed as seen left join label_run as run
        on run.store_id = ${storeId} and run.listing_id = seen.listing_id and run.to_date is null
      where seen.scrape = ${scrape} and run.label_id is distinct from seen.label_id`,
  )
  if (found === 0) return
  await database.run(
    sql`update label_run set to_date = ${before} from relabelled
      where label_run.store_id = ${storeId} and label_run.listing_id = relabelled.listing_id
        and label_run.from_date = relabelled.from_date`,
  )
  await database.run(
    sql`insert into label_run (store_id, listing_id, from_date, label_id)
      select cast(${storeId} as integer), listing_id, ${date}, label_id from relabelled order by listing_id`,
  )
}

/** Adds a date before all others of the store, the first of which is `after`: runs with equal terms begin earlier. */
export async function prependDate(database: LoadDatabase, at: NewDate, after: string): Promise<Appended> {
  const { storeId, date, scrape } = at
  await database.run(
    sql`update price_run set from_date = ${date} from observed as seen
      where price_run.store_id = ${storeId} and price_run.from_date = ${after}
        and seen.scrape = ${scrape} and seen.listing_id = price_run.listing_id
        and price_run.price_cents is not distinct from seen.price_cents
        and price_run.was_price_cents is not distinct from seen.was_price_cents
        and price_run.is_on_special is not distinct from seen.is_on_special
        and price_run.is_available is not distinct from seen.is_available`,
  )
  // A subquery per row: PostgreSQL expects few runs of this date, though thousands just got it, and would join all.
  await database.run(
    sql`insert into price_run (store_id, listing_id, from_date, to_date, ${TERMS})
      select cast(${storeId} as integer), seen.listing_id, ${date}, ${date},
        seen.price_cents, seen.was_price_cents, seen.is_on_special, seen.is_available
      from observed as seen
      where seen.scrape = ${scrape} and (select 1 from price_run as run
          where run.store_id = ${storeId} and run.listing_id = seen.listing_id and run.from_date = ${date}) is null
      order by seen.listing_id`,
  )
  await prependLabels(database, at, after)
  const { listings } = (await database.get<{ listings: number }>(
    sql`select count(*) as listings from observed where scrape = ${scrape}`,
  ))!
  return { change: { ...nothingChanged(), inserted: listings, opened: listings }, uses: USES_OF_RELABELLED }
}

async function prependLabels(database: LoadDatabase, { storeId, date, scrape }: NewDate, after: string): Promise<void> {
  await database.run(
    sql`update label_run set from_date = ${date} from observed as seen
      where label_run.store_id = ${storeId} and label_run.from_date = ${after}
        and seen.scrape = ${scrape} and seen.listing_id = label_run.listing_id and label_run.label_id = seen.label_id`,
  )
  await database.script('delete from relabelled')
  await database.run(
    sql`insert into relabelled
      select seen.listing_id, seen.label_id, null from observed as seen left join label_run as run
        on run.store_id = ${storeId} and run.listing_id = seen.listing_id and run.from_date = ${date}
      where seen.scrape = ${scrape} and run.listing_id is null`,
  )
  await database.run(
    sql`insert into label_run (store_id, listing_id, from_date, to_date, label_id)
      select cast(${storeId} as integer), listing_id, ${date}, ${date}, label_id from relabelled order by listing_id`,
  )
}
