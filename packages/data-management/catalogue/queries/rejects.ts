/**
 * The rejects of all loads: grouped by code, field and source, and one by one. They are counted from `reject_group`,
 * which has a few records per load: a query may be about a hundred thousand loads.
 */
import type { Sql, Value } from '../../database/sql.ts'
import type { StoredReject } from '../rejects.ts'

/** A filter of rejects; null: any. `store` is company and store id joined by a slash, `since` is in milliseconds. */
export type RejectFilter = Readonly<{
  code: string | null
  field: string | null
  company: string | null
  store: string | null
  loadId: number | null
  since: number
}>

/** Rejects with one code and field, of one source. `lastAt`: when the latest of their loads ended. */
export type RejectsOfSource = Readonly<{
  code: string
  field: string
  company: string | null
  store_id: string | null
  count: number
  uploads: number
  lastAt: number
}>

/** The place of a group in the list: count, code, field, company and store. */
export type RejectGroupCursor = [number, string, string, string, string]

/** The first line of a group in one file. */
export type RejectSample = Readonly<{ sha256: string; filename: string; store_name: string | null }> &
  Pick<StoredReject, 'line' | 'reason' | 'raw'>

/** A file with rejects that pass the filter. */
export type FileWithRejects = Readonly<{
  loadId: number
  sha256: string
  filename: string
  company: string | null
  store_id: string | null
}>

const PAGE_REJECTS = 500

const FILTER = `(cast(?1 as text) is null or code = ?1) and (cast(?2 as text) is null or field = ?2)
  and (cast(?3 as text) is null or company = ?3) and (cast(?4 as text) is null or company || '/' || store_id = ?4)
  and (cast(?5 as bigint) is null or load_id = ?5) and finished_at >= ?6`

/** The table of groups. SQLite is told to read it from its one index; PostgreSQL does so by itself. */
function groupTable({ dialect }: Sql): string {
  return dialect === 'sqlite' ? 'reject_group indexed by reject_group_by_source' : 'reject_group'
}

/** A join that reads the tables in the order written. SQLite must be told; PostgreSQL finds it by itself. */
function joinInOrder({ dialect }: Sql): string {
  return dialect === 'sqlite' ? 'cross join' : 'join'
}

/** The groups after a page, the largest first. */
export async function rejectsOfSources(
  database: Sql,
  filter: RejectFilter,
  after: RejectGroupCursor | undefined,
  limit: number,
): Promise<RejectsOfSource[]> {
  const [count, ...names] = after ?? [Number.MAX_SAFE_INTEGER, '', '', '', '']
  return await database.all<RejectsOfSource>(
    `select * from (
        select code, field, company, store_id, sum(count) as count, sum(is_first) as uploads, max(finished_at) as "lastAt"
        from ${groupTable(database)} where ${FILTER} group by code, field, company, store_id
      ) as counted
      where count < ?7 or (count = ?7 and (code, field, coalesce(company, ''), coalesce(store_id, '')) > (?8, ?9, ?10, ?11))
      order by count desc, code, field, coalesce(company, ''), coalesce(store_id, '') limit ?12`,
    ...filterValues(filter),
    count,
    ...names,
    limit,
  )
}

/** The place of a group in the list. */
export function groupCursorOf({ count, code, field, company, store_id }: RejectsOfSource): RejectGroupCursor {
  return [count, code, field, company ?? '', store_id ?? '']
}

/** How many rejects pass the filter. */
export async function countFilteredRejects(database: Sql, filter: RejectFilter): Promise<number> {
  const sql = `select coalesce(sum(count), 0) as count from ${groupTable(database)} where ${FILTER}`
  return (await database.get<{ count: number }>(sql, ...filterValues(filter)))!.count
}

/** The first lines of a group in its newest files. */
export async function readRejectSamples(
  database: Sql,
  { code, field, company, store_id }: RejectsOfSource,
  { loadId, since }: RejectFilter,
  limit: number,
): Promise<RejectSample[]> {
  return await database.all<RejectSample>(
    `select load.sha256, load.filename, newest.store_name, reject.line, reject.reason, reject.raw
      from (
        select load_id, first_line, store_name from ${groupTable(database)}
        where code = ?1 and field = ?2 and company is not distinct from ?3 and store_id is not distinct from ?4 and is_first = 1
          and (cast(?5 as bigint) is null or load_id = ?5) and finished_at >= ?6
        order by load_id desc limit ?7
      ) as newest
      ${joinInOrder(database)} load on load.id = newest.load_id
      ${joinInOrder(database)} reject on reject.load_id = newest.load_id and reject.line = newest.first_line
      order by newest.load_id desc`,
    code,
    field,
    company,
    store_id,
    loadId,
    since,
    limit,
  )
}

/** The files with rejects that pass the filter, newest first, among loads with ids below `beforeLoad`. */
export async function filesWithRejects(
  database: Sql,
  filter: RejectFilter,
  beforeLoad: number,
  limit: number,
): Promise<FileWithRejects[]> {
  return await database.all<FileWithRejects>(
    `select "loadId", load.sha256, load.filename, company, store_id
      from (
        select distinct load_id as "loadId", company, store_id from reject_group
        where ${FILTER} and load_id < ?7 order by load_id desc limit ?8
      ) as files ${joinInOrder(database)} load on load.id = "loadId"
      order by "loadId" desc`,
    ...filterValues(filter),
    beforeLoad,
    limit,
  )
}

/** The rejects of a load that pass the filter, after a line and in line order. Each page has the last line examined. */
export async function* filteredRejects(
  database: Sql,
  loadId: number,
  { code, field }: RejectFilter,
  after: number,
): AsyncGenerator<{ rejects: StoredReject[]; last: number }> {
  for (let last = after; ; ) {
    const page = await database.all<StoredReject>(
      `select line, code, field, reason, raw from reject where load_id = ? and line > ? order by line limit ${PAGE_REJECTS}`,
      loadId,
      last,
    )
    const isEnd = page.length < PAGE_REJECTS
    last = isEnd ? Number.MAX_SAFE_INTEGER : page.at(-1)!.line
    const rejects = page.filter(
      (each) => (code === null || each.code === code) && (field === null || (each.field ?? '') === field),
    )
    yield { rejects, last }
    if (isEnd) return
  }
}

function filterValues({ code, field, company, store, loadId, since }: RejectFilter): Value[] {
  return [code, field, company, store, loadId, since]
}
