/**
 * A SQLite database, opened so that no committed transaction is lost: write-ahead log, `synchronous=FULL` (NORMAL may
 * lose some in a power cut), a busy time-out, and SQLite 3.51.3 or later (earlier ones have the WAL-reset race).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { foldedCode } from '@splitcart/shared/codes.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { SQLITE_MIN } from '@splitcart/shared/versions.ts'

const BUSY_MS_MAX = 30_000

export type Value = SQLInputValue
export type Record = { [column: string]: unknown }

// 4 MiB of pages: with the default of 2 MiB a query over many stores takes three times as long.
const CACHE = 'pragma cache_size = -4000'
// 16 MiB for the read-only connection of a query thread: a search over a million products reads more than 4 MiB.
const CACHE_OF_READER = 'pragma cache_size = -16000'

/** One connection to a database. It is synchronous, and prepares each statement once. */
export class SqliteDatabase implements Disposable {
  readonly dialect = 'sqlite'
  readonly connection: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  /** The number of rollbacks so far. After one, caches of what was read within the transaction are invalid. */
  undone = 0
  /** How many migrations this program knows; undefined for a read-only connection. */
  #knownMigrations: number | undefined

  private constructor(connection: DatabaseSync) {
    this.connection = connection
  }

  /** Opens a file and applies the missing migrations from a folder. Throws `schema_newer`, `database_unusable`. */
  static open(path: string, migrations: string): SqliteDatabase {
    const connection = connect(path)
    const database = new SqliteDatabase(connection)
    try {
      database.#migrate(migrations, path)
      return database
    } catch (error) {
      connection.close()
      throw error
    }
  }

  /** Opens an existing database, read-only. */
  static openReadOnly(path: string): SqliteDatabase {
    const connection = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS_MAX })
    connection.exec(CACHE_OF_READER)
    return new SqliteDatabase(connection)
  }

  /** The prepared statement of a text, from the cache. */
  statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.connection.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  /** Runs a statement and tells how many records it changed. */
  run(sql: string, ...values: Value[]): number {
    return Number(this.statement(sql).run(...values).changes)
  }

  /** The first record, or undefined. */
  get<T = Record>(sql: string, ...values: Value[]): T | undefined {
    return this.statement(sql).get(...values) as T | undefined
  }

  /** All records at once: only for results that are known to be small. */
  all<T = Record>(sql: string, ...values: Value[]): T[] {
    return this.statement(sql).all(...values) as T[]
  }

  /** Records one by one, for results of any size. The database must not change in between. */
  each<T = Record>(sql: string, ...values: Value[]): IterableIterator<T> {
    return this.connection.prepare(sql).iterate(...values) as IterableIterator<T>
  }

  /** Opens a transaction, or a savepoint within an open one. Disposing of it rolls it back unless it was committed. */
  begin(): Disposable & { commit: () => void } {
    const isNested = this.connection.isTransaction
    this.script(isNested ? 'savepoint part' : 'begin immediate')
    if (!isNested) this.#checkBegun()
    let isOpen = true
    const end = (script: string) => {
      if (isOpen) this.script(script)
      isOpen = false
    }
    const undo = () => {
      if (isOpen) this.undone++
      end(isNested ? 'rollback to part; release part' : 'rollback')
    }
    return {
      commit: () => end(isNested ? 'release part' : 'commit'),
      [Symbol.dispose]: undo,
    }
  }

  /** Runs several statements that take no values. */
  script(sql: string): void {
    this.connection.exec(sql)
  }

  [Symbol.dispose](): void {
    this.#statements.clear()
    this.connection.close()
  }

  /** Throws `schema_newer` if a newer version has changed the schema since this program opened the database. */
  checkSchema(): void {
    if (this.#knownMigrations !== undefined)
      this.#checkedVersion(this.#knownMigrations, this.connection.location() ?? '')
  }

  /** Checks the schema in the transaction that has just begun: no other process can change it now. */
  #checkBegun(): void {
    try {
      this.checkSchema()
    } catch (error) {
      this.script('rollback')
      throw error
    }
  }

  /** The number of applied migrations. Throws `schema_newer` if there are more than `known`. */
  #checkedVersion(known: number, path: string): number {
    const { user_version: current = 0 } = this.get<{ user_version: number }>('pragma user_version') ?? {}
    if (current <= known) return current
    throw new Problem('schema_newer', `${path} has schema ${current}, this program knows ${known}`)
  }

  #migrate(folder: string, path: string): void {
    const files = readdirSync(folder)
      .filter((name) => name.endsWith('.sql'))
      .sort()
    this.#knownMigrations = files.length
    // Checked first without a lock: usually no migration is missing, and a running load would block this for minutes.
    if (this.#checkedVersion(files.length, path) === files.length) return
    // Immediate: if two programs start at once, the second waits, and then finds the migrations applied.
    this.script('begin immediate')
    try {
      for (const name of files.slice(this.#checkedVersion(files.length, path)))
        this.script(readFileSync(join(folder, name), 'utf8'))
      this.script(`pragma user_version = ${files.length}; commit`)
    } catch (error) {
      this.script('rollback')
      throw error
    }
  }
}

function connect(path: string): DatabaseSync {
  const version = process.versions.sqlite ?? '0'
  if (isOlder(version, SQLITE_MIN))
    throw new Problem('database_unusable', `SQLite ${version} is older than ${SQLITE_MIN}`)
  let connection: DatabaseSync | undefined
  try {
    connection = new DatabaseSync(path, { timeout: BUSY_MS_MAX })
    connection.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; ${CACHE}`)
    connection.function('fold_code', { deterministic: true }, (code) => foldedCode(String(code)))
    return connection
  } catch (cause) {
    connection?.close()
    throw new Problem('database_unusable', `${path}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

function isOlder(version: string, than: string): boolean {
  const [one, other] = [version, than].map((text) => text.split('.').map(Number))
  for (let part = 0; part < 3; part++) {
    const difference = (one?.[part] ?? 0) - (other?.[part] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
