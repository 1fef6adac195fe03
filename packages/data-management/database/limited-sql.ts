/** Limits the time of queries and the records that they read, and stops them when their client disconnects. */
import { Problem } from '@splitcart/shared/problem.ts'
import { publishDuration } from './slow-statements.ts'
import type { Sql, Value } from './sql.ts'
import { type Record, SqliteDatabase } from './sqlite.ts'

/** The most milliseconds and records of a request. `isStopped`: whether its client has disconnected. */
export type QueryLimits = Readonly<{ msMax: number; recordsMax: number; isStopped: () => boolean }>

// Records read between two checks of the limits.
const RECORDS_PER_CHECK = 256

/** A database whose queries throw `answer_late` when a limit of the request is reached. `begin` starts a request. */
export class LimitedSql implements Sql {
  readonly #database: Sql
  readonly #limits: QueryLimits
  #end = Number.POSITIVE_INFINITY
  #records = 0

  constructor(database: Sql, limits: QueryLimits) {
    this.#database = database
    this.#limits = limits
  }

  get dialect(): Sql['dialect'] {
    return this.#database.dialect
  }

  /** Starts the limits anew, for the next request. */
  begin(): void {
    this.#end = performance.now() + this.#limits.msMax
    this.#records = 0
  }

  /** Throws if a limit is reached. Code that computes for long between two statements calls it too. */
  check(): void {
    if (this.#limits.isStopped()) throw new Problem('answer_late', 'nobody waits for it')
    if (performance.now() > this.#end) throw new Problem('answer_late', `more than ${this.#limits.msMax} ms`)
    if (this.#records > this.#limits.recordsMax)
      throw new Problem('answer_late', `more than ${this.#limits.recordsMax} records`)
  }

  run(sql: string, ...values: Value[]): number | Promise<number> {
    this.check()
    return this.#database.run(sql, ...values)
  }

  get<T = Record>(sql: string, ...values: Value[]): T | undefined | Promise<T | undefined> {
    this.#records++
    this.check()
    if (!(this.#database instanceof SqliteDatabase)) return this.#database.get<T>(sql, ...values)
    const begin = performance.now()
    const found = this.#database.get<T>(sql, ...(values as never[]))
    publishDuration(sql, begin)
    return found
  }

  all<T = Record>(sql: string, ...values: Value[]): T[] | Promise<T[]> {
    this.check()
    if (!(this.#database instanceof SqliteDatabase)) return this.#allCounted(this.#database.all<T>(sql, ...values))
    const begin = performance.now()
    const found: T[] = []
    for (const record of this.#database.statement(sql).iterate(...values) as Iterable<T>) {
      this.#count()
      found.push(record)
    }
    publishDuration(sql, begin)
    return found
  }

  each<T = Record>(sql: string, ...values: Value[]): Iterable<T> | AsyncIterable<T> {
    this.check()
    const records = this.#database.each<T>(sql, ...values)
    if (this.#database instanceof SqliteDatabase) return this.#counted(records as Iterable<T>)
    return this.#countedAsync(records)
  }

  /** PostgreSQL sends all records at once, so they are counted after they have arrived. */
  async #allCounted<T>(answer: T[] | Promise<T[]>): Promise<T[]> {
    const records = await answer
    this.#records += records.length
    this.check()
    return records
  }

  *#counted<T>(records: Iterable<T>): Generator<T> {
    for (const record of records) {
      this.#count()
      yield record
    }
  }

  async *#countedAsync<T>(records: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
    for await (const record of records) {
      this.#count()
      yield record
    }
  }

  #count(): void {
    if (++this.#records % RECORDS_PER_CHECK === 0) this.check()
  }
}
