/** Queries to PostgreSQL. Parameters are written `?`, as in SQLite, so that most statements have one text for both. */
import type { ClientBase, PoolClient, QueryConfig, QueryResult } from 'pg'
import { toPostgresProblem } from './postgres-problems.ts'
import { timeStatement } from './slow-statements.ts'

const FETCH_RECORDS = 1000
// A limit, because statements with ever new texts would fill the memory of the database server.
const PREPARED_MAX = 1000

export type Record = { [column: string]: unknown }

/** A statement with placeholders `$1`, `$2` …. If it has a name, each connection parses it only once. */
export type Statement = Readonly<{ text: string; name?: string }>

/** Names statements, so that each connection prepares them once; those beyond `PREPARED_MAX` get no name. */
export class PreparedStatements {
  readonly #byText = new Map<string, Statement>()

  /** The statement of a text with placeholders `?`. */
  of(sql: string): Statement {
    return this.#byText.get(sql) ?? this.#add(sql, withNumbers(sql))
  }

  /** The statement of a text with placeholders `$1`, `$2` …. */
  ofNumbered(text: string): Statement {
    return this.#byText.get(text) ?? this.#add(text, text)
  }

  #add(sql: string, text: string): Statement {
    if (this.#byText.size >= PREPARED_MAX) return { text }
    const statement = { text, name: `s${this.#byText.size}` }
    this.#byText.set(sql, statement)
    return statement
  }
}

type Queryable = Pick<ClientBase, 'query'>

/** Queries over one connection, or over any free one of a pool. */
export class PostgresQueries {
  readonly dialect = 'postgres'
  readonly #target: Queryable
  readonly #statements: PreparedStatements

  constructor(target: Queryable, statements: PreparedStatements) {
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
    await this.#send({ text: sql })
  }

  protected query(sql: string, values: readonly unknown[]): Promise<QueryResult> {
    return this.#send({ ...this.#statements.of(sql), values: [...values] })
  }

  async #send(config: QueryConfig): Promise<QueryResult> {
    try {
      return await timeStatement(config.text, () => this.#target.query(config))
    } catch (error) {
      throw toPostgresProblem(error)
    }
  }
}

/** A transaction: all of its queries use its one connection. */
export class PostgresTransaction extends PostgresQueries {
  /** The connection, for COPY. */
  readonly client: PoolClient
  #cursors = 0

  constructor(client: PoolClient, statements: PreparedStatements) {
    super(client, statements)
    this.client = client
  }

  /** Records one by one, for results of any size. */
  async *each<T = Record>(sql: string, ...values: unknown[]): AsyncGenerator<T> {
    const cursor = `each_${this.#cursors++}`
    await this.query(`declare ${cursor} no scroll cursor for ${sql}`, values)
    for (;;) {
      const { rows } = await this.query(`fetch ${FETCH_RECORDS} from ${cursor}`, [])
      yield* rows as T[]
      if (rows.length < FETCH_RECORDS) break
    }
    await this.query(`close ${cursor}`, [])
  }
}

const PLACEHOLDER = /'(?:[^']|'')*'|\?(\d*)/g

/** Replaces the placeholders `?` or `?1`, `?2` … by `$1`, `$2` …, except in quoted text. */
function withNumbers(sql: string): string {
  let count = 0
  return sql.replace(PLACEHOLDER, (found, number) => {
    if (!found.startsWith('?')) return found
    return `$${number === '' ? ++count : number}`
  })
}
