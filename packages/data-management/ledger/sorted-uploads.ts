/**
 * Uploads in another order than that in which they came, page by page.
 *
 * Each state has an index of its own for each order, so that a page costs the same whichever states are asked for and however many uploads
 * there are: where all are, the first of each state are put together.
 */
import { UPLOAD_STATES, type UploadState } from '@splitcart/shared/receipt.ts'
import { type RawBuilder, sql } from 'kysely'
import type { LedgerDatabase } from './database.ts'
import type { Upload } from './uploads.ts'

/** By what uploads are sorted. */
export const UPLOAD_SORTS = ['filename', 'state', 'rows', 'rejected', 'bytes', 'received_at'] as const
export type UploadSort = (typeof UPLOAD_SORTS)[number]

/** What an upload is sorted by, and its id: the same is in the order in which it came. */
export type SortedKey = readonly [value: string | number, id: string]

/** Which uploads are sorted by what. `after`: those behind this one. */
export type SortedQuery = Readonly<{
  sort: UploadSort
  descending: boolean
  state?: UploadState
  after?: SortedKey
  limit: number
}>

/** A page of sorted uploads, and the key of its last one. */
export type SortedPage = Readonly<{ uploads: Upload[]; last: SortedKey | undefined }>

/** A number in what a load has done, as the database reads it. */
export type LoadNumber = (name: 'rows' | 'rejected') => RawBuilder<number | null>

// As the indexes have it (migrations/…-sorted-uploads.sql).
function sortValueOf(sort: UploadSort, loadNumber: LoadNumber): RawBuilder<string | number> {
  if (sort === 'filename') return sql`lower(upload.filename)`
  if (sort === 'rows') return sql`coalesce(${loadNumber('rows')}, upload.lines)`
  if (sort === 'rejected') return sql`coalesce(${loadNumber('rejected')}, 0)`
  return sql.ref(sort === 'received_at' ? 'upload.id' : `upload.${sort}`)
}

/** A page of them. */
export async function sortedUploads(
  database: LedgerDatabase,
  loadNumber: LoadNumber,
  query: SortedQuery,
): Promise<SortedPage> {
  // Those of one state are, by it, in the order in which they came.
  const sort = query.state !== undefined && query.sort === 'state' ? 'received_at' : query.sort
  const keys = await keysOf(database, sortValueOf(sort, loadNumber), { ...query, sort })
  const ids = keys.map(({ id }) => id)
  const found = ids.length === 0 ? [] : database.selectFrom('upload').selectAll().where('id', 'in', ids).execute()
  const byId = new Map((await found).map((upload) => [upload.id, upload]))
  const last = keys.at(-1)
  return { uploads: ids.flatMap((id) => byId.get(id) ?? []), last: last && [last.value, last.id] }
}

/** In one statement: what moves from state to state meanwhile is met once. */
function keysOf(database: LedgerDatabase, value: RawBuilder<string | number>, query: SortedQuery) {
  const { sort, state, after, limit } = query
  const [direction, behind] = query.descending ? (['desc', '<'] as const) : (['asc', '>'] as const)
  const some = (one: UploadState | undefined, { where, areTies }: Part) => {
    const select = database
      .selectFrom('upload')
      .select(['upload.id as id', value.as('value')])
      .where(where)
    const ofState = one === undefined ? select : select.where('upload.state', '=', one)
    // Where all have the same value, another order than that of their ids would be made by sorting all of them.
    const ordered = areTies || sort === 'received_at' ? ofState : ofState.orderBy(value, direction)
    return database.selectFrom(ordered.orderBy('upload.id', direction).limit(limit).as('some')).selectAll()
  }
  // By these two all states have one index.
  const isOne = state !== undefined || sort === 'state' || sort === 'received_at'
  const [first, ...others] = (isOne ? [state] : UPLOAD_STATES).flatMap((one) =>
    partsOf(value, sql.raw(behind), after).map((part) => some(one, part)),
  )
  const all = others.reduce((together, one) => together.unionAll(one), first!)
  return all.orderBy('value', direction).orderBy('id', direction).limit(limit).execute()
}

type Part = Readonly<{ where: RawBuilder<boolean>; areTies: boolean }>

/** Behind a key: with the same value, and with others. Of the two compared as one no planner finds both in the index of an expression. */
function partsOf(value: RawBuilder<unknown>, behind: RawBuilder<unknown>, after: SortedKey | undefined): Part[] {
  if (after === undefined) return [{ where: sql`true`, areTies: false }]
  const [last, id] = after
  return [
    { where: sql`${value} = ${last} and upload.id ${behind} ${id}`, areTies: true },
    { where: sql`${value} ${behind} ${last}`, areTies: false },
  ]
}
