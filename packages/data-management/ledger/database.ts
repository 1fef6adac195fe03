/** The ledger's tables, and how to reach them: Kysely, so that one set of queries serves every database. */
import { fileURLToPath } from 'node:url'
import { type Generated, Kysely, SqliteDialect } from 'kysely'
import { SqliteDatabase } from '../database/sqlite.ts'

/** What a person wants done with an upload: load it (again) without holding it, take it out of the catalogue, or set it aside for good. */
export type Wish = 'load' | 'undo' | 'discard'

export type LedgerTables = {
  upload: {
    id: string
    sha256: string
    filename: string
    stored_as: string
    bytes: number
    lines: number
    wire_bytes: number | null
    received_at: number
    state: string
    load: string | null
    settled_at: number | null
    wish: Wish | null
    wished_by: string | null
    wish_reason: string | null
    loading_at: number | null
  }
  delivery: { upload_id: string; key_id: string; first_at: number; last_at: number; times: number }
  api_key: {
    id: string
    name: string
    secret_sha256: string
    scopes: string
    only_for: string | null
    only_from: string | null
    rotated_to: string | null
    created_at: number
    expires_at: number | null
    revoked_at: number | null
    last_used_at: number | null
    last_used_from: string | null
  }
  session: { token_sha256: string; key_id: string; key_mark: string; created_at: number; expires_at: number }
  upload_change: { id: Generated<number>; upload_id: string }
  audit: { id: Generated<number>; at: number; who: string; what: string; about: string; detail: string | null }
}

export type LedgerDatabase = Kysely<LedgerTables>

const MIGRATIONS = fileURLToPath(new URL('migrations/sqlite', import.meta.url))

/** Opens the ledger in a SQLite file, making it when it is not there. Close it with `destroy`. */
export function openLedgerDatabase(path: string): LedgerDatabase {
  const sqlite = SqliteDatabase.open(path, MIGRATIONS)
  const prepare = (sql: string) => {
    const statement = sqlite.statement(sql)
    return {
      reader: statement.columns().length > 0,
      all: (values: readonly unknown[]) => statement.all(...(values as never[])),
      run: (values: readonly unknown[]) => statement.run(...(values as never[])),
      iterate: (values: readonly unknown[]) => statement.iterate(...(values as never[])) as IterableIterator<unknown>,
    }
  }
  return new Kysely({ dialect: new SqliteDialect({ database: { prepare, close: () => sqlite[Symbol.dispose]() } }) })
}
