/** The ledger in a SQLite file. */
import { fileURLToPath } from 'node:url'
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
} from 'kysely'
import { openForReading } from '../database/open-for-reading.ts'
import { SqliteDatabase } from '../database/sqlite.ts'
import { CHANGES_BETWEEN_SQL, LATEST_CHANGE_SQL, lastChanges, type UploadChangeReader } from './changes.ts'
import type { LedgerDatabase } from './database.ts'

const MIGRATIONS = fileURLToPath(new URL('migrations/sqlite', import.meta.url))

/** Opens the ledger in a file, which is created if missing. Close it with `destroy`. */
export function openSqliteLedger(path: string): LedgerDatabase {
  return ledgerIn(SqliteDatabase.open(path, MIGRATIONS))
}

/** Opens an existing ledger file, read-only. */
export function openSqliteLedgerReadOnly(path: string): LedgerDatabase {
  return ledgerIn(SqliteDatabase.openReadOnly(path))
}

function ledgerIn(sqlite: SqliteDatabase): LedgerDatabase {
  const prepare = (sql: string) => {
    const statement = sqlite.statement(sql)
    return {
      reader: statement.columns().length > 0,
      all: (values: readonly unknown[]) => statement.all(...(values as never[])),
      run: (values: readonly unknown[]) => statement.run(...(values as never[])),
      iterate: (values: readonly unknown[]) => statement.iterate(...(values as never[])) as IterableIterator<unknown>,
    }
  }
  return new Kysely({ dialect: new LedgerDialect({ database: { prepare, close: () => sqlite[Symbol.dispose]() } }) })
}

class LedgerDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig

  constructor(config: SqliteDialectConfig) {
    super(config)
    this.#config = config
  }

  override createDriver(): SqliteDriver {
    return new WritingDriver(this.#config)
  }
}

/**
 * Every transaction writes, so it takes the write lock when it begins, and waits there. One that read first and then
 * wrote would fail at once if another process had written in between; no time-out helps (SQLITE_BUSY_SNAPSHOT).
 */
class WritingDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}

/** Reads the changes of an existing ledger over a connection of its own. */
export function openSqliteChangeReader(path: string): UploadChangeReader {
  const connection = openForReading(path)
  const dataVersion = () => connection.prepare('pragma data_version').get()?.data_version
  let version = dataVersion()
  return {
    hasChanged: async () => {
      const before = version
      version = dataVersion()
      return version !== before
    },
    latest: async () => Number(connection.prepare(LATEST_CHANGE_SQL).get()?.id),
    between: async (after, until) =>
      lastChanges(connection.prepare(CHANGES_BETWEEN_SQL).all(after, until), until - after),
    [Symbol.asyncDispose]: async () => connection.close(),
  }
}
