/**
 * Recounts the price changes of the dates that loads have marked, and stores them in the table `price_change`.
 *
 * The counts depend only on scrapes and price runs, not on the order of loads. They are written in batches of a few
 * hundred lines, so that other writers never wait long.
 */
import { randomUUID } from 'node:crypto'
import type { Sql, Value } from '../../database/sql.ts'
import { slicesOf } from '../load/batches.ts'
import { changeKey, changesInTransition, type PriceChange } from '../model/changes.ts'
import { readRevision } from './revision.ts'
import { hasUnshelvedChanges, shelveChanges } from './shelve-changes.ts'
import { datesOfCompany, readTransitions } from './transitions.ts'

type MarkedDate = Readonly<{ company_id: number; store_id: number; date: string; marks: number }>

/** A change on a date, and the number of the company's stores in which it happened. */
type CountedChange = PriceChange & { stores: number }

const LINES_AT_ONCE = 300

/** Whether dates are still to be counted, or lines to be filed under other categories. */
export async function hasUncountedChanges(database: Sql): Promise<boolean> {
  const sql = 'select 1 as one from change_pending limit 1'
  return (await database.get(sql)) !== undefined || (await hasUnshelvedChanges(database))
}

/** Counts the marked dates, newest first, and files the lines by category. Returns whether anything was marked. */
export async function countChanges(database: Sql): Promise<boolean> {
  // A date that is marked again meanwhile keeps its mark, as `marks` differs then: it is counted again the next time.
  const pending = await database.all<MarkedDate>('select company_id, store_id, date, marks from change_pending')
  const dates = new Map<string, readonly [companyId: number, date: string]>()
  for (const mark of pending)
    for (const date of await datesToCount(database, mark))
      dates.set(`${date} ${mark.company_id}`, [mark.company_id, date])
  for (const name of [...dates.keys()].sort().reverse()) await countDate(database, ...dates.get(name)!)
  for (const { company_id, store_id, date, marks } of pending)
    await database.run(
      'delete from change_pending where company_id = ? and store_id = ? and date = ? and marks = ?',
      company_id,
      store_id,
      date,
      marks,
    )
  return (await shelveChanges(database)) || pending.length > 0
}

/**
 * The dates to count for a mark. The marked date itself, even if the store has no scrape of it any more, and all later
 * ones: what the scrape contained decides whether a listing is new, back or gone on them.
 */
async function datesToCount(database: Sql, { store_id, date }: MarkedDate): Promise<string[]> {
  const sql = 'select distinct date from scrape where store_id = ? and date > ?'
  const later = await database.all<{ date: string }>(sql, store_id, date)
  return [date, ...later.map((scrape) => scrape.date)]
}

async function countDate(database: Sql, companyId: number, date: string): Promise<void> {
  const lines = new Map<string, CountedChange>()
  for (const { stores, ...transition } of await readTransitions(database, datesOfCompany(companyId, date)))
    for (const change of changesInTransition(transition)) {
      const key = changeKey(change)
      const line = lines.get(key)
      if (line === undefined) lines.set(key, { ...change, stores })
      else line.stores += stores
    }
  await storeLines(database, [companyId, date], lines)
  await storeCounts(database, [companyId, date], [...lines.values()])
}

type CompanyDate = readonly [companyId: number, date: string]

/** Makes these the stored lines of a company's date. Unchanged lines are not rewritten. */
async function storeLines(
  database: Sql,
  [companyId, date]: CompanyDate,
  lines: ReadonlyMap<string, CountedChange>,
): Promise<void> {
  const stored = await database.all<CountedChange>(
    `select kind, by_share, by_cents, listing_id, from_cents, to_cents, stores from price_change where company_id = ? and date = ?`,
    companyId,
    date,
  )
  const toWrite = new Map(lines)
  const toDelete: CountedChange[] = []
  for (const line of stored) {
    const key = changeKey(line)
    if (!lines.has(key)) toDelete.push(line)
    else if (lines.get(key)!.stores === line.stores) toWrite.delete(key)
  }
  for (const batch of slicesOf(toDelete, LINES_AT_ONCE)) await deleteLines(database, date, batch)
  for (const batch of slicesOf([...toWrite.values()], LINES_AT_ONCE))
    await writeLines(database, [companyId, date], batch)
}

const KEY = 'kind, by_share, by_cents, listing_id, from_cents, to_cents'
const INTEGER = 'cast(? as integer)'
const KEY_PARAMETERS = `cast(? as text), cast(? as bigint), ${INTEGER}, ${INTEGER}, ${INTEGER}, ${INTEGER}`

function keyValues(line: PriceChange): Value[] {
  return [line.kind, line.by_share, line.by_cents, line.listing_id, line.from_cents, line.to_cents]
}

async function deleteLines(database: Sql, date: string, lines: readonly CountedChange[]): Promise<void> {
  await database.run(
    `delete from price_change where date = ? and (${KEY}) in (values ${lines.map(() => `(${KEY_PARAMETERS})`).join(', ')})`,
    date,
    ...lines.flatMap(keyValues),
  )
}

/** Inserts or updates lines. Skips listings deleted meanwhile: a new one may get the same id, in another category. */
async function writeLines(
  database: Sql,
  [companyId, date]: CompanyDate,
  lines: readonly CountedChange[],
): Promise<void> {
  const tuples = lines.map(() => `(cast(? as text), ${KEY_PARAMETERS}, ${INTEGER}, ${INTEGER})`).join(', ')
  await database.run(
    `insert into price_change (date, ${KEY}, company_id, stores)
      select line.* from (values ${tuples}) as line where exists (select 1 from listing where listing.id = line.column5)
      on conflict (date, ${KEY}) do update set stores = excluded.stores`,
    ...lines.flatMap((line) => [date, ...keyValues(line), companyId, line.stores]),
  )
}

/** Stores the counts of each kind. They are written after the lines: no count is shown before its lines exist. */
async function storeCounts(
  database: Sql,
  [companyId, date]: CompanyDate,
  lines: readonly CountedChange[],
): Promise<void> {
  await database.run('delete from price_change_day where date = ? and company_id = ?', date, companyId)
  for (const [kind, ofKind] of Map.groupBy(lines, (line) => line.kind))
    await database.run(
      'insert into price_change_day (date, company_id, kind, lines, stores) values (?, ?, ?, ?, ?)',
      date,
      companyId,
      kind,
      ofKind.length,
      ofKind.reduce((sum, { stores }) => sum + stores, 0),
    )
}

/** An id of the counted state, for ETags; a new one on each call while counting is not finished. */
export async function changesRevision(database: Sql): Promise<string> {
  return (await hasUncountedChanges(database)) ? randomUUID() : await readRevision(database)
}
