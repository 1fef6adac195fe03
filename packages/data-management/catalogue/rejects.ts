/** The rejected rows of a load, in the order of their lines. */
import type { SqliteDatabase } from '../database/sqlite.ts'

/** A reject on record; `raw` holds the first bytes of the line, and is null where too many lines of a file were rejected. */
export type StoredReject = Readonly<{
  line: number
  code: string
  field: string | null
  reason: string
  raw: Uint8Array | null
}>

const PAGE_REJECTS = 500

/** Reads page by page, so that a slow reader keeps no transaction open. */
export function* rejectsOf(database: SqliteDatabase, sha256: string): Generator<StoredReject> {
  for (let last = 0; ; ) {
    const page = database.all<StoredReject>(
      `select line, code, field, reason, raw from reject join load on load.id = load_id
        where sha256 = ? and line > ? order by line limit ${PAGE_REJECTS}`,
      sha256,
      last,
    )
    yield* page
    if (page.length < PAGE_REJECTS) return
    last = page.at(-1)!.line
  }
}

/** A load with rejected rows. */
export type RejectedLoad = Readonly<{ sha256: string; filename: string; state: string; rows: number; rejected: number }>

/** One reason for which rows of a load were rejected, how often, and where first. */
export type RejectGroup = Readonly<{
  code: string
  field: string | null
  reason: string
  count: number
  first_line: number
}>

const LOADS_MAX = 1_000

/** The latest loads that rejected rows, the newest first. */
export function rejectedLoads(database: SqliteDatabase): RejectedLoad[] {
  const sql = `select sha256, filename, state, rows, rejected from load where rejected > 0 order by id desc limit ${LOADS_MAX}`
  return database.all(sql)
}

/** The reasons of a load's rejects, the most frequent first. */
export function rejectGroups(database: SqliteDatabase, sha256: string): RejectGroup[] {
  return database.all(
    `select code, field, reason, count(*) as count, min(line) as first_line
      from reject join load on load.id = load_id where sha256 = ?
      group by code, field, reason order by count desc, first_line`,
    sha256,
  )
}
