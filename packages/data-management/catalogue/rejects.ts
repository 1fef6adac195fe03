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
