/** Statements of a load in PostgreSQL, on its transaction's connection. Given records are arrays; `bulkInsert` uses COPY. */
import { copyLine, copyRecords } from '../../../database/postgres-copy.ts'
import type { PostgresTransaction } from '../../../database/postgres-queries.ts'
import type { Sql, Value } from '../../../database/sql.ts'
import {
  type InsertTarget,
  type ListingWords,
  type LoadDatabase,
  type Lockable,
  type Records,
  render,
  Statement,
} from '../../load/statement.ts'
import { lockCompanies, lockProducts, lockStores } from './locks.ts'
import { writeSearchWords } from './search.ts'
import { countRows, emptyTables } from './temp-tables.ts'
import type { Transactions } from './transactions.ts'

/** The statements of a transaction that loads into a catalogue. */
export class PostgresStatements implements LoadDatabase {
  readonly #transaction: PostgresTransaction
  readonly #transactions: Pick<Transactions, 'rollbacks'>

  constructor(transaction: PostgresTransaction, transactions: Pick<Transactions, 'rollbacks'>) {
    this.#transaction = transaction
    this.#transactions = transactions
  }

  get queries(): Sql {
    return this.#transaction
  }

  run(statement: Statement): Promise<number> {
    const { text, values } = render(statement, writeRecords)
    return this.#transaction.run(text, ...values)
  }

  get<T>(statement: Statement): Promise<T | undefined> {
    const { text, values } = render(statement, writeRecords)
    return this.#transaction.get<T>(text, ...values)
  }

  all<T>(statement: Statement): Promise<T[]> {
    const { text, values } = render(statement, writeRecords)
    return this.#transaction.all<T>(text, ...values)
  }

  script(text: string): Promise<void> {
    return this.#transaction.script(text)
  }

  async insertMissing(records: Records): Promise<void> {
    const columns = Object.keys(records.types).join(', ')
    const text = `insert into ${records.name} (${columns}) select given.* from `
    await this.run(new Statement([text, ' where true on conflict do nothing'], [records.as('given')]))
  }

  async bulkInsert({ table, columns }: InsertTarget, lines: readonly (readonly Value[])[]): Promise<void> {
    await copyRecords(this.#transaction, `${table} (${columns.join(', ')})`, lines.map(copyLine))
    countRows(this.#transaction, lines.length)
  }

  async lock(what: Lockable): Promise<void> {
    if (what === 'products') await lockProducts(this.#transaction)
    else if ('stores' in what) await lockStores(this.#transaction, what.stores)
    else await lockCompanies(this.#transaction, what.companies)
  }

  emptyTables(): Promise<void> {
    return emptyTables(this.#transaction)
  }

  async newIds(table: string, count: number): Promise<number[]> {
    const made = await this.#transaction.all<{ id: number }>(
      `select nextval(pg_get_serial_sequence('${table}', 'id')) as id from generate_series(1, ?::integer)`,
      count,
    )
    return made.map(({ id }) => id)
  }

  // Not counted, since concurrent loads would wait for each other: queries for prices read the runs.
  addPrices(): void {}

  removePrices(): void {}

  writeSearchWords(words: readonly ListingWords[]): Promise<void> {
    return writeSearchWords(this, words)
  }

  /** Other loaders remove things too, so the number of removals is kept in the database. */
  async version(): Promise<number> {
    const { times } = (await this.#transaction.get<{ times: number }>('select times from undone'))!
    return this.#transactions.rollbacks + times
  }

  async bumpVersion(): Promise<void> {
    await this.#transaction.run('update undone set times = times + 1')
  }
}

/** Writes records as arrays. Texts are compared in byte order, as in the tables. */
function writeRecords({ name, types, columns }: Records) {
  const names = Object.keys(types)
  const arrays = Object.values(types).map((type) => `?::${type}[]`)
  const cells = Object.entries(types).map(([column, type]) => (type === 'text' ? `${column} collate "C"` : column))
  const given = `unnest(${arrays.join(', ')}) as given (${names.join(', ')})`
  return { text: `(select ${cells.join(', ')} from ${given}) as ${name}`, values: columns }
}
