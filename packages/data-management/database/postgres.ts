/** A PostgreSQL database. Ledger and catalogue have separate schemas, so one database can hold both. */
import { Problem } from '@splitcart/shared/problem.ts'
import pg from 'pg'
import { FailoverPool } from './postgres-hosts.ts'
import { lockSchema, migrate } from './postgres-migrations.ts'
import { isDatabaseFailure, toPostgresProblem } from './postgres-problems.ts'
import {
  PostgresQueries,
  PostgresTransaction,
  PreparedStatements,
  type Record,
  type Statement,
} from './postgres-queries.ts'
import { checkSessions } from './postgres-sessions.ts'

const CONNECTIONS_MAX = 10

/** The most connections (default: 10), and the longest time of a statement in milliseconds (default: no limit). */
export type ConnectionLimits = Readonly<{ connections?: number; statementMsMax?: number }>

/**
 * The address of the database, the schema, and its migrations. `temporary`: SQL that creates the temporary tables of
 * each connection.
 */
export type PostgresTarget = ConnectionLimits &
  Readonly<{
    address: string
    schema: string
    migrations: string
    temporary?: string
  }>

/** An open transaction; disposing of it rolls it back unless it was committed. */
export type OpenTransaction = AsyncDisposable &
  Readonly<{
    transaction: PostgresTransaction
    /** Throws an `UnknownCommit` if the connection is lost meanwhile. */
    commit: () => Promise<void>
  }>

/** The connection was lost during a commit: it is unknown whether the transaction was committed. */
export class UnknownCommit extends Error {
  override readonly name = 'UnknownCommit'
}

/** A pool of connections to a database, and the transactions over them. */
export class PostgresDatabase extends PostgresQueries implements AsyncDisposable {
  readonly pool: pg.Pool
  readonly #statements: PreparedStatements
  readonly #temporary: string | undefined
  readonly #schema: string
  /** How many migrations this program knows; undefined while it applies them. */
  #knownMigrations: number | undefined
  // Connections with temporary tables. These are created outside of transactions: a rollback would drop them.
  readonly #prepared = new WeakSet<pg.PoolClient>()

  private constructor(pool: pg.Pool, statements: PreparedStatements, { schema, temporary }: PostgresTarget) {
    super(pool, statements)
    this.pool = pool
    this.#statements = statements
    this.#temporary = temporary
    this.#schema = schema
  }

  /** Connects, and brings the schema up to date. Throws `schema_newer`, `database_unusable`, `database_unreachable`. */
  static async open(target: PostgresTarget): Promise<PostgresDatabase> {
    const statements = new PreparedStatements()
    const database = new PostgresDatabase(openPool(target), statements, target)
    try {
      await checkEncoding(database)
      if (target.connections !== 1) await checkSessions(database.pool, target.address)
      database.#knownMigrations = await migrate(database, target)
      return database
    } catch (error) {
      await database.pool.end()
      throw toPostgresProblem(error)
    }
  }

  /**
   * Runs `work` in a transaction. Throws an `UnknownCommit` if the connection is lost during the commit; a conflict
   * with another transaction (`isConflict`) is thrown as it is, for `retryConflicts` to retry.
   */
  async transaction<T>(work: (transaction: PostgresTransaction) => Promise<T>, mode = ''): Promise<T> {
    await using open = await this.begin(mode)
    const result = await work(open.transaction)
    await open.commit()
    return result
  }

  /** Throws `schema_newer` if a newer version has changed the schema since this program opened the database. */
  async checkSchema(): Promise<void> {
    await this.transaction(async () => {})
  }

  /**
   * Opens a transaction that the caller ends with `commit`; disposing of it otherwise rolls it back. While it is open,
   * no migration can run. `mode`: options of BEGIN, such as the isolation level. Throws `schema_newer`.
   */
  async begin(mode = ''): Promise<OpenTransaction> {
    const open = openTransaction(await this.connect(), this.#statements)
    try {
      await this.#prepare(open.transaction.client)
      await open.transaction.script(`begin ${mode}`)
      if (this.#knownMigrations !== undefined) await lockSchema(open.transaction, this.#schema, this.#knownMigrations)
      return open
    } catch (error) {
      await open[Symbol.asyncDispose]()
      throw toPostgresProblem(error)
    }
  }

  /** Streams the records of a query from one snapshot, for results of any size. */
  async *each<T = Record>(sql: string, ...values: unknown[]): AsyncGenerator<T> {
    const client = await this.connect()
    try {
      const transaction = new PostgresTransaction(client, this.#statements)
      await transaction.script('begin isolation level repeatable read read only')
      yield* transaction.each<T>(sql, ...values)
    } finally {
      client.release(await rollBack(client, undefined))
    }
  }

  /** Runs `work` with an advisory lock. Returns false, without running it, if another connection holds the lock. */
  async tryWithLock(name: string, work: () => Promise<void>): Promise<boolean> {
    const client = await this.connect()
    let broken: Error | undefined
    try {
      const taken = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as taken'
      if (!(await client.query<{ taken: boolean }>(taken, [name])).rows[0]!.taken) return false
      await work()
      return true
    } catch (error) {
      throw toPostgresProblem(error)
    } finally {
      await client.query('select pg_advisory_unlock_all()').catch((error) => {
        broken = error
      })
      client.release(broken)
    }
  }

  /** The prepared statement of a text with placeholders `$1`, `$2` …. */
  preparedStatement(text: string): Statement {
    return this.#statements.ofNumbered(text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.end()
  }

  async #prepare(client: pg.PoolClient): Promise<void> {
    if (this.#temporary === undefined || this.#prepared.has(client)) return
    await client.query(this.#temporary)
    this.#prepared.add(client)
  }

  /** Takes a connection from the pool; the caller releases it. */
  async connect(): Promise<pg.PoolClient> {
    try {
      return await this.pool.connect()
    } catch (error) {
      throw toPostgresProblem(error)
    }
  }
}

function openPool({ address, schema, connections = CONNECTIONS_MAX, statementMsMax = 0 }: PostgresTarget): pg.Pool {
  const pool = new FailoverPool(address, {
    application_name: `splitcart ${schema}`,
    keepAlive: true,
    max: connections,
    types: { getTypeParser: typeParserOf },
    onConnect: async (client) => {
      await client.query(`set search_path = ${pg.escapeIdentifier(schema)}, public; set datestyle = iso, ymd`)
      await client.query(timeoutsSql(statementMsMax))
      // Committed transactions must be on the disk, so `off` is overridden. Other values, such as `remote_apply`, stay.
      await client.query(
        `select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`,
      )
    },
  })
  // A broken connection fails its running query; on an idle one, an unhandled error event would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** SQL that overrides the time-outs of role and database. Only PostgreSQL 17 and later have `transaction_timeout`. */
function timeoutsSql(statementMsMax: number): string {
  const others = "('lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')"
  return `set statement_timeout = ${Math.ceil(statementMsMax)};
    select set_config(name, '0', false) from pg_settings where name in ${others}`
}

async function checkEncoding(database: PostgresDatabase): Promise<void> {
  const { encoding } = (await database.get<{ encoding: string }>(
    "select current_setting('server_encoding') as encoding",
  ))!
  if (encoding !== 'UTF8')
    throw new Problem(
      'database_unusable',
      `its encoding is ${encoding}; make one with: create database … encoding 'UTF8'`,
    )
}

async function commit(client: pg.PoolClient): Promise<undefined> {
  try {
    const { command } = await client.query('commit')
    // PostgreSQL answers ROLLBACK to a commit if an earlier statement failed and its error was ignored.
    if (command !== 'COMMIT') throw new Error('the transaction had failed before it was committed')
  } catch (error) {
    if (!isDatabaseFailure(error)) throw error
    throw new UnknownCommit('the connection was lost while a transaction was committed', { cause: error })
  }
}

/** Wraps a transaction: its end returns the connection to the pool, or destroys one that is broken. */
function openTransaction(client: pg.PoolClient, statements: PreparedStatements): OpenTransaction {
  let isOpen = true
  const end = async (work: () => Promise<Error | undefined>) => {
    if (!isOpen) return
    isOpen = false
    let broken: Error | undefined
    try {
      broken = await work()
    } catch (error) {
      broken = await rollBack(client, error)
      throw toPostgresProblem(error)
    } finally {
      client.release(broken)
    }
  }
  return {
    transaction: new PostgresTransaction(client, statements),
    commit: () => end(() => commit(client)),
    [Symbol.asyncDispose]: () => end(() => rollBack(client, undefined)),
  }
}

/** Rolls a transaction back. Returns the error that makes the connection unusable, if any. */
async function rollBack(client: pg.PoolClient, error: unknown): Promise<Error | undefined> {
  if (error instanceof UnknownCommit) return error
  try {
    await client.query('rollback')
    return undefined
  } catch (broken) {
    return broken as Error
  }
}

const INT8 = 20
const NUMERIC = 1700
const DATE_TYPES = new Set([1082, 1114, 1184])
const INT8_ARRAY = 1016

const typeParserOf = ((type: number, format?: 'text') => {
  if (type === INT8 || type === NUMERIC) return parseNumber
  if (type === INT8_ARRAY) return (text: string) => text.slice(1, -1).split(',').filter(Boolean).map(parseNumber)
  if (DATE_TYPES.has(type)) return (text: string) => text
  return pg.types.getTypeParser(type, format)
}) as typeof pg.types.getTypeParser

/** A number if it is an integer that JavaScript represents exactly; otherwise the text. */
function parseNumber(text: string): number | string {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : text
}
