/**
 * Uploads sorted by a column, page by page.
 *
 * Each state has an index of its own for each order, so that a page costs the same whichever states are asked for and
 * however many uploads there are: for all states, the first rows of each are merged.
 */
import { UPLOAD_STATES, type UploadState } from '@splitcart/shared/receipt.ts'
import { type RawBuilder, sql } from 'kysely'
import type { LedgerDatabase } from './database.ts'
import type { Upload } from './uploads.ts'

/** The columns by which uploads can be sorted. */
export const UPLOAD_SORTS = ['filename', 'state', 'rows', 'rejected', 'bytes', 'received_at'] as const
export type UploadSort = (typeof UPLOAD_SORTS)[number]

/** The sort value of an upload, and its id, which orders equal values by arrival. */
export type SortPosition = readonly [value: string | number, id: string]

/** A page to read. `after`: only uploads behind this key. */
export type SortedQuery = Readonly<{
  sort: UploadSort
  descending: boolean
  state?: UploadState
  after?: SortPosition
  limit: number
}>

/** A page of sorted uploads, and the key of its last row. */
export type SortedPage = Readonly<{ uploads: Upload[]; last: SortPosition | undefined }>

/** The SQL expression for a number in the JSON column `load`. */
export type LoadNumberSql = (name: 'rows' | 'rejected') => RawBuilder<number | null>

// The same expressions as in the indexes (migrations/…-sorted-uploads.sql).
function sortValueOf(sort: UploadSort, loadNumber: LoadNumberSql): RawBuilder<string | number> {
  if (sort === 'filename') return sql`lower(upload.filename)`
  if (sort === 'rows') return sql`coalesce(${loadNumber('rows')}, upload.lines)`
  if (sort === 'rejected') return sql`coalesce(${loadNumber('rejected')}, 0)`
  return sql.ref(sort === 'received_at' ? 'upload.id' : `upload.${sort}`)
}

/** Reads a page of sorted uploads. */
export async function sortedUploads(
  database: LedgerDatabase,
  loadNumber: LoadNumberSql,
  query: SortedQuery,
): Promise<SortedPage> {
  // Sorted by state within one state means: in the order of arrival.
  const sort = query.state !== undefined && query.sort === 'state' ? 'received_at' : query.sort
  const keys = await pagePositions(database, sortValueOf(sort, loadNumber), { ...query, sort })
  const ids = keys.map(({ id }) => id)
  const found = ids.length === 0 ? [] : database.selectFrom('upload').selectAll().where('id', 'in', ids).execute()
  const byId = new Map((await found).map((upload) => [upload.id, upload]))
  const last = keys.at(-1)
  return { uploads: ids.flatMap((id) => byId.get(id) ?? []), last: last && [last.value, last.id] }
}

/** One statement for all states, so that an upload that changes its state meanwhile appears once. */
function pagePositions(database: LedgerDatabase, value: RawBuilder<string | number>, query: SortedQuery) {
  const { sort, state, after, limit } = query
  const [direction, behind] = query.descending ? (['desc', '<'] as const) : (['asc', '>'] as const)
  const selectRange = (one: UploadState | undefined, { where, areTies }: RowRange) => {
    const select = database
      .selectFrom('upload')
      .select(['upload.id as id', value.as('value')])
      .where(where)
    const ofState = one === undefined ? select : select.where('upload.state', '=', one)
    // Rows with equal values are ordered by id only: to order by the value, too, would make the database sort them all.
    const ordered = areTies || sort === 'received_at' ? ofState : ofState.orderBy(value, direction)
    return database.selectFrom(ordered.orderBy('upload.id', direction).limit(limit).as('some')).selectAll()
  }
  // For these two orders one index serves all states.
  const isOne = state !== undefined || sort === 'state' || sort === 'received_at'
  const [first, ...others] = (isOne ? [state] : UPLOAD_STATES).flatMap((one) =>
    rangesAfter(value, sql.raw(behind), after).map((part) => selectRange(one, part)),
  )
  const all = others.reduce((together, one) => together.unionAll(one), first!)
  return all.orderBy('value', direction).orderBy('id', direction).limit(limit).execute()
}

type RowRange = Readonly<{ where: RawBuilder<boolean>; areTies: boolean }>

/** The rows behind a key: equal values, and others. No planner serves one row comparison from an expression index. */
function rangesAfter(
  value: RawBuilder<unknown>,
  behind: RawBuilder<unknown>,
  after: SortPosition | undefined,
): RowRange[] {
  if (after === undefined) return [{ where: sql`true`, areTies: false }]
  const [last, id] = after
  return [
    { where: sql`${value} = ${last} and upload.id ${behind} ${id}`, areTies: true },
    { where: sql`${value} ${behind} ${last}`, areTies: false },
  ]
}
