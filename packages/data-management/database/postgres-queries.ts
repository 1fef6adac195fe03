/** Queries to PostgreSQL. Parameters are written `?`, as in SQLite, so that most statements have one text for both. */
import type { ClientBase, PoolClient, QueryConfig, QueryResult } from 'pg'
import { problemOf } from './postgres-problems.ts'
import { timed } from './slow-statements.ts'

const CHUNK_RECORDS = 1000
// A limit, because statements whose text is built each time would fill the server's memory with prepared ones.
const NAMES_MAX = 1000

export type Record = { [column: string]: unknown }

/** A statement with `$1`, `$2` …. With a name it is parsed and planned once for each connection. */
export type Statement = Readonly<{ text: string; name?: string }>

/** The prepared statements and their names. */
export class Statements {
  readonly #known = new Map<string, Statement>()

  /** A statement with `?` for its values. */
  of(sql: string): Statement {
    return this.#known.get(sql) ?? this.#name(sql, withNumbers(sql))
  }

  /** A statement with `$1`, `$2` … for its values. */
  ofNumbered(text: string): Statement {
    return this.#known.get(text) ?? this.#name(text, text)
  }

  #name(sql: string, text: string): Statement {
    if (this.#known.size >= NAMES_MAX) return { text }
    const statement = { text, name: `s${this.#known.size}` }
    this.#known.set(sql, statement)
    return statement
  }
}

type Target = Pick<ClientBase, 'query'>

/** Queries over one connection, or over any free one of a pool. */
export class PostgresQueries {
  readonly dialect = 'postgres'
  readonly #target: Target
  readonly #statements: Statements

  constructor(target: Target, statements: Statements) {
    this.#target = target
    this.#statements = statements
  }

  /** Runs a statement and tells how many records it changed. */
  async run(sql: string, ...values: unknown[]): Promise<number> {
    return (await this.query(sql, values)).rowCount ?? 0
  }

  /** The first record, or undefined. */
  async get<T = Record>(sql: string, ...values: unknown[]): Promise<T | undefined> {
    return (await this.query(sql, values)).rows[0] as T | undefined
  }

  /** All records at once: only for results that are known to be small. */
  async all<T = Record>(sql: string, ...values: unknown[]): Promise<T[]> {
    return (await this.query(sql, values)).rows as T[]
  }

  /** Runs several statements that take no values. */
  async script(sql: string): Promise<void> {
    await this.#ask({ text: sql })
  }

  protected query(sql: string, values: readonly unknown[]): Promise<QueryResult> {
    return this.#ask({ ...this.#statements.of(sql), values: [...values] })
  }

  async #ask(config: QueryConfig): Promise<QueryResult> {
    try {
      return await timed(config.text, () => this.#target.query(config))
    } catch (error) {
      throw problemOf(error)
    }
  }
}

/** A transaction: all of its queries use its one connection. */
export class PostgresTransaction extends PostgresQueries {
  /** The connection itself, for what only it can do (COPY). */
  readonly client: PoolClient
  #cursors = 0

  constructor(client: PoolClient, statements: Statements) {
    super(client, statements)
    this.client = client
  }

  /** Records one by one, for results of any size. */
  async *each<T = Record>(sql: string, ...values: unknown[]): AsyncGenerator<T> {
    const cursor = `each_${this.#cursors++}`
    await this.query(`declare ${cursor} no scroll cursor for ${sql}`, values)
    for (;;) {
      const { rows } = await this.query(`fetch ${CHUNK_RECORDS} from ${cursor}`, [])
      yield* rows as T[]
      if (rows.length < CHUNK_RECORDS) break
    }
    await this.query(`close ${cursor}`, [])
  }
}

const PLACE = /'(?:[^']|'')*'|\?(\d*)/g

/** The statement with `$1`, `$2` … for `?`, or for `?1`, `?2` …; what stands in quotes is left alone. */
function withNumbers(sql: string): string {
  let count = 0
  return sql.replace(PLACE, (found, number) => {
    if (!found.startsWith('?')) return found
    return `$${number === '' ? ++count : number}`
  })
}
