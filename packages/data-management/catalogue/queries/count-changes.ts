/**
 * Counts the changes of price again where loads have marked dates, and keeps them (the table `price_change`). What is counted follows from the
 * runs alone, so that it is the same whatever came first. It is written some hundred lines at a time: what else writes waits for no more.
 */
import { randomUUID } from 'node:crypto'
import type { Sql, Value } from '../../database/sql.ts'
import { type Change, changesIn, nameOfChange } from '../model/changes.ts'
import { revisionOf } from './revision.ts'
import { hasUnshelvedChanges, shelveChanges } from './shelve-changes.ts'
import { datesOfCompany, transitionsOn } from './transitions.ts'

type Pending = Readonly<{ company_id: number; store_id: number; date: string; marks: number }>

/** A change of a date, and in how many stores of the company. */
type Line = Change & { stores: number }

const AT_ONCE = 300

/** Whether anything has to be counted, or put on another shelf. */
export async function hasUncountedChanges(database: Sql): Promise<boolean> {
  const sql = 'select 1 as one from change_pending limit 1'
  return (await database.get(sql)) !== undefined || (await hasUnshelvedChanges(database))
}

/** Counts what is marked, the newest dates first. Tells whether there was anything. */
export async function countChanges(database: Sql): Promise<boolean> {
  // What is marked meanwhile is counted the next time: its number of marks is another one.
  const pending = await database.all<Pending>('select company_id, store_id, date, marks from change_pending')
  const dates = new Map<string, readonly [companyId: number, date: string]>()
  for (const mark of pending)
    for (const date of await datesFrom(database, mark)) dates.set(`${date} ${mark.company_id}`, [mark.company_id, date])
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

/** The date, though the store may have no scrape of it any more, and all later ones: on one of them something may be back, or new. */
async function datesFrom(database: Sql, { store_id, date }: Pending): Promise<string[]> {
  const sql = 'select distinct date from scrape where store_id = ? and date > ?'
  const later = await database.all<{ date: string }>(sql, store_id, date)
  return [date, ...later.map((each) => each.date)]
}

async function countDate(database: Sql, companyId: number, date: string): Promise<void> {
  const lines = new Map<string, Line>()
  for (const { stores, ...transition } of await transitionsOn(database, datesOfCompany(companyId, date)))
    for (const change of changesIn(transition)) {
      const name = nameOfChange(change)
      const line = lines.get(name)
      if (line === undefined) lines.set(name, { ...change, stores })
      else line.stores += stores
    }
  await keep(database, [companyId, date], lines)
  await keepDay(database, [companyId, date], [...lines.values()])
}

type Day = readonly [companyId: number, date: string]

/** Makes these the lines of a company's date; what is kept already is not written again. */
async function keep(database: Sql, [companyId, date]: Day, lines: ReadonlyMap<string, Line>): Promise<void> {
  const kept = await database.all<Line>(
    `select kind, by_share, by_cents, listing_id, from_cents, to_cents, stores from price_change where company_id = ? and date = ?`,
    companyId,
    date,
  )
  const wanted = new Map(lines)
  const gone: Line[] = []
  for (const line of kept) {
    const name = nameOfChange(line)
    if (!lines.has(name)) gone.push(line)
    else if (lines.get(name)!.stores === line.stores) wanted.delete(name)
  }
  for (const some of batchesOf(gone)) await remove(database, date, some)
  for (const some of batchesOf([...wanted.values()])) await write(database, [companyId, date], some)
}

function batchesOf(lines: readonly Line[]): Line[][] {
  return Array.from({ length: Math.ceil(lines.length / AT_ONCE) }, (_, at) =>
    lines.slice(at * AT_ONCE, (at + 1) * AT_ONCE),
  )
}

const KEY = 'kind, by_share, by_cents, listing_id, from_cents, to_cents'
const INTEGER = 'cast(? as integer)'
const OF_KEY = `cast(? as text), cast(? as bigint), ${INTEGER}, ${INTEGER}, ${INTEGER}, ${INTEGER}`

function keyOf(line: Change): Value[] {
  return [line.kind, line.by_share, line.by_cents, line.listing_id, line.from_cents, line.to_cents]
}

async function remove(database: Sql, date: string, lines: readonly Line[]): Promise<void> {
  await database.run(
    `delete from price_change where date = ? and (${KEY}) in (values ${lines.map(() => `(${OF_KEY})`).join(', ')})`,
    date,
    ...lines.flatMap(keyOf),
  )
}

/** Writes no line of a listing that has gone since its changes were read: a later one may get its id, in another category. */
async function write(database: Sql, [companyId, date]: Day, lines: readonly Line[]): Promise<void> {
  const each = lines.map(() => `(cast(? as text), ${OF_KEY}, ${INTEGER}, ${INTEGER})`).join(', ')
  await database.run(
    `insert into price_change (date, ${KEY}, company_id, stores)
      select line.* from (values ${each}) as line where exists (select 1 from listing where listing.id = line.column5)
      on conflict (date, ${KEY}) do update set stores = excluded.stores`,
    ...lines.flatMap((line) => [date, ...keyOf(line), companyId, line.stores]),
  )
}

/** How many there are of each kind: written last, so that what is told of a day has been there. */
async function keepDay(database: Sql, [companyId, date]: Day, lines: readonly Line[]): Promise<void> {
  await database.run('delete from price_change_day where date = ? and company_id = ?', date, companyId)
  for (const [kind, some] of Map.groupBy(lines, (line) => line.kind))
    await database.run(
      'insert into price_change_day (date, company_id, kind, lines, stores) values (?, ?, ?, ?, ?)',
      date,
      companyId,
      kind,
      some.length,
      some.reduce((sum, { stores }) => sum + stores, 0),
    )
}

/** The name of the state that is counted; while anything has to be counted, no state has the name of another. */
export async function changesState(database: Sql): Promise<string> {
  return (await hasUncountedChanges(database)) ? randomUUID() : await revisionOf(database)
}
