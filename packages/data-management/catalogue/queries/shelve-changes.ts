/**
 * Assigns price changes to shelves. A shelf is the set of the names of all categories, at any level, of a listing; from
 * it, triggers maintain the changes by category (the tables `category_change` and `category_change_day`). Listings with
 * new changes, or whose categories have changed, are marked in `shelf_pending`.
 */
import { createHash } from 'node:crypto'
import { LISTS } from '../../database/lists.ts'
import type { Sql, Value } from '../../database/sql.ts'
import { slicesOf } from '../load/batches.ts'

type MarkedListing = Readonly<{ listing_id: number; marks: number }>
type StoredChange = Readonly<
  Record<(typeof KEY)[number], string | number> & { listing_id: number; shelf_id: number | null }
>

const KEY = ['date', 'kind', 'by_share', 'by_cents', 'listing_id', 'from_cents', 'to_cents'] as const
const KEY_TYPES = ['text', 'text', 'bigint', 'integer', 'integer', 'integer', 'integer'] as const
const BATCH_SIZE = 300

/** Whether any listing is marked, so that its changes may be on no shelf or on a former one. */
export async function hasUnshelvedChanges(database: Sql): Promise<boolean> {
  return (await database.get('select 1 as one from shelf_pending limit 1')) !== undefined
}

/** Assigns the changes of all marked listings to the current shelves of these. Returns whether any was marked. */
export async function shelveChanges(database: Sql): Promise<boolean> {
  const shelves = new Shelves(database)
  let last = 0
  for (;;) {
    const sql = 'select listing_id, marks from shelf_pending where listing_id > ? order by listing_id limit ?'
    const marked = await database.all<MarkedListing>(sql, last, BATCH_SIZE)
    if (marked.length === 0) return last > 0
    await shelve(database, shelves, marked)
    await unmark(database, marked)
    last = marked.at(-1)!.listing_id
  }
}

async function shelve(database: Sql, shelves: Shelves, marked: readonly MarkedListing[]): Promise<void> {
  const { areIn, asValue } = LISTS[database.dialect]
  const ids = asValue(marked.map(({ listing_id }) => listing_id))
  const shelfOf = await shelves.idsOf(ids)
  const lines = await database.all<StoredChange>(
    `select ${KEY.join(', ')}, shelf_id from price_change where listing_id ${areIn('?1', 'integer')}`,
    ids,
  )
  const misplaced = lines.filter(({ listing_id, shelf_id }) => shelf_id !== shelfOf(listing_id))
  for (const some of slicesOf(misplaced, BATCH_SIZE)) await setShelves(database, some, shelfOf)
}

async function setShelves(
  database: Sql,
  lines: readonly StoredChange[],
  shelfOf: (listingId: number) => number,
): Promise<void> {
  const shelves = [...new Set(lines.map(({ listing_id }) => listing_id))].map((id) => [id, shelfOf(id)])
  await database.run(
    `update price_change set shelf_id = (
        select moved.column2 from (values ${tuplesOf(shelves, ['integer', 'integer'])}) as moved
          where moved.column1 = price_change.listing_id)
      where (${KEY.join(', ')}) in (values ${tuplesOf(lines, KEY_TYPES)})`,
    ...shelves.flat(),
    ...lines.flatMap((line) => KEY.map((column) => line[column])),
  )
}

function tuplesOf(rows: readonly unknown[], types: readonly string[]): string {
  const tuple = `(${types.map((type) => `cast(? as ${type})`).join(', ')})`
  return rows.map(() => tuple).join(', ')
}

/**
 * Removes the marks, except those of listings marked again meanwhile: their `marks` differ. Locks them in the order in
 * which loads mark listings, else both could deadlock in PostgreSQL.
 */
async function unmark(database: Sql, marked: readonly MarkedListing[]): Promise<void> {
  const tuples = marked.map(() => '(cast(? as integer), cast(? as integer))').join(', ')
  const lock = database.dialect === 'postgres' ? 'for update' : ''
  const range = [marked[0]!.listing_id, marked.at(-1)!.listing_id]
  await database.run(
    `delete from shelf_pending where listing_id between ? and ? and listing_id in (
      select listing_id from shelf_pending where listing_id between ? and ? and (listing_id, marks) in (values ${tuples})
        order by listing_id ${lock})`,
    ...range,
    ...range,
    ...marked.flatMap(({ listing_id, marks }): Value[] => [listing_id, marks]),
  )
}

/** Looks up shelves by their names, and creates missing ones. */
class Shelves {
  readonly #database: Sql
  readonly #known = new Map<string, number>()

  constructor(database: Sql) {
    this.#database = database
  }

  /** The shelf ids of these listings. Listings without a category are on the shelf without names. */
  async idsOf(listingIds: Value): Promise<(listingId: number) => number> {
    const { areIn } = LISTS[this.#database.dialect]
    const categories = await this.#database.all<{ listing_id: number; name: string }>(
      `select distinct listing_id, name from listing_category join category on category.id = category_id
        where listing_id ${areIn('?1', 'integer')}`,
      listingIds,
    )
    const namesOf = new Map<number, string[]>()
    for (const { listing_id, name } of categories) namesOf.set(listing_id, [...(namesOf.get(listing_id) ?? []), name])
    const keys = new Map([...namesOf].map(([listingId, names]) => [listingId, shelfKey(names)]))
    await this.#make(
      new Map([[shelfKey([]), []], ...[...namesOf].map(([id, names]) => [keys.get(id)!, names] as const)]),
    )
    return (listingId) => this.#known.get(keys.get(listingId) ?? shelfKey([]))!
  }

  /** Makes those of these shelves that are missing, given by their keys and names. */
  async #make(wanted: ReadonlyMap<string, readonly string[]>): Promise<void> {
    // In one order, so that two programs that make the same ones wait for each other and do not deadlock.
    const missing = [...wanted]
      .filter(([key]) => !this.#known.has(key))
      .sort(([one], [other]) => (one < other ? -1 : 1))
    if (missing.length === 0) return
    const database = this.#database
    const keys = missing.map(([key]) => key)
    await database.run(`insert into shelf (key) values ${tuplesOf(keys, ['text'])} on conflict do nothing`, ...keys)
    const named = missing.flatMap(([key, names]) => names.map((name) => [key, name]))
    const names = [...new Set(named.map(([, name]) => name!))].sort()
    if (names.length > 0) {
      const some = tuplesOf(names, ['text'])
      await database.run(`insert into category_name (name) values ${some} on conflict do nothing`, ...names)
      await database.run(
        `insert into shelf_category (shelf_id, name_id) select shelf.id, category_name.id
          from (values ${tuplesOf(named, ['text', 'text'])}) as wanted
          join shelf on shelf.key = wanted.column1 join category_name on category_name.name = wanted.column2
          where true on conflict do nothing`,
        ...named.flat(),
      )
    }
    const { areIn, asValue } = LISTS[database.dialect]
    const sql = `select id, key from shelf where key ${areIn('?1', 'text')}`
    const made = await database.all<{ id: number; key: string }>(sql, asValue(keys))
    // Cached last: a shelf left incomplete by an interruption has no lines yet, and the next call completes it.
    for (const { id, key } of made) this.#known.set(key, id)
  }
}

/** The key of the shelf with these names. */
function shelfKey(names: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(names.toSorted())).digest('hex')
}
