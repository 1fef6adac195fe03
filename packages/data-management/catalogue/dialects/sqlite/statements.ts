/** Statements of a load in SQLite. Given records are JSON; there is no other writer, so nothing has to be locked. */
import type { StatementSync } from 'node:sqlite'
import type { Sql, Value } from '../../../database/sql.ts'
import type { SqliteDatabase, Value as SqliteValue } from '../../../database/sqlite.ts'
import {
  type InsertTarget,
  type ListingWords,
  type LoadDatabase,
  type Records,
  render,
  type Statement,
} from '../../load/statement.ts'
import { tempTables } from '../../load/temp-tables.ts'
import { addPrices, removePrices } from './prices.ts'
import { writeSearchWords } from './search.ts'

const TABLES = tempTables({ text: 'text', wide: 'integer' })
const CREATE_TABLES = TABLES.map(({ name, columns }) => {
  const kept = name === 'observed' ? ' without rowid' : ''
  return `create temp table if not exists ${name} (${columns})${kept};`
}).join('\n')
// One statement for many records takes half the time of one statement for each.
const RECORDS_AT_ONCE = 50
const INSERT = /^insert into/
// A failed statement fails its load, so it needs no rollback of its own, for which SQLite would write a copy of each
// page that the statement is the first to change into a file.
const OR_FAIL = 'insert or fail into'
const EMPTY_TABLES = TABLES.map(({ name }) => `delete from temp.${name};`).join('\n')

/** The statements of a catalogue's connection. */
export class SqliteStatements implements LoadDatabase {
  readonly #database: SqliteDatabase

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  get queries(): Sql {
    return this.#database
  }

  run(statement: Statement): number {
    const { text, values } = render(statement, writeRecords)
    return this.#database.run(text.replace(INSERT, OR_FAIL), ...(values as SqliteValue[]))
  }

  get<T>(statement: Statement): T | undefined {
    const { text, values } = render(statement, writeRecords)
    return this.#database.get<T>(text, ...(values as SqliteValue[]))
  }

  all<T>(statement: Statement): T[] {
    const { text, values } = render(statement, writeRecords)
    return this.#database.all<T>(text, ...(values as SqliteValue[]))
  }

  script(text: string): void {
    this.#database.script(text)
  }

  insertMissing({ name: table, types, columns }: Records): void {
    const lines = columns[0]!.map((_, line) => columns.map((column) => column[line]!))
    this.#insert({ table, columns: Object.keys(types) }, lines, 'on conflict do nothing')
  }

  bulkInsert(target: InsertTarget, lines: readonly (readonly Value[])[]): void {
    this.#insert(target, lines, '')
  }

  addPrices(rows: Statement): Promise<void> {
    return addPrices(this, rows)
  }

  removePrices(rows: Statement): Promise<void> {
    return removePrices(this, rows)
  }

  lock(): void {}

  emptyTables(): void {
    // They may be missing: tables made within a transaction that was rolled back are gone with it.
    this.#database.script(CREATE_TABLES)
    this.#database.script(EMPTY_TABLES)
  }

  newIds(table: string, count: number): number[] {
    const { last } = this.#database.get<{ last: number }>(`select coalesce(max(id), 0) as last from ${table}`)!
    return Array.from({ length: count }, (_, place) => last + 1 + place)
  }

  writeSearchWords(words: readonly ListingWords[]): void {
    writeSearchWords(this.#database, words)
  }

  version(): number {
    return this.#database.undone
  }

  bumpVersion(): void {
    this.#database.undone++
  }

  #insert(target: InsertTarget, lines: readonly (readonly Value[])[], conflict: string): void {
    const rest = lines.length % RECORDS_AT_ONCE
    const many = this.#insertion(target, RECORDS_AT_ONCE, conflict)
    for (let at = 0; at < lines.length - rest; at += RECORDS_AT_ONCE) {
      const values: Value[] = []
      for (let line = at; line < at + RECORDS_AT_ONCE; line++) values.push(...lines[line]!)
      many.run(...values)
    }
    const one = this.#insertion(target, 1, conflict)
    for (const line of lines.slice(lines.length - rest)) one.run(...line)
  }

  #insertion({ table, columns }: InsertTarget, records: number, conflict: string): StatementSync {
    const record = `(${columns.map(() => '?').join(', ')})`
    const values = Array.from({ length: records }, () => record).join(', ')
    return this.#database.statement(`${OR_FAIL} ${table} (${columns.join(', ')}) values ${values} ${conflict}`)
  }
}

function writeRecords({ name, types, columns }: Records) {
  const cells = Object.keys(types).map((column, place) => `value ->> ${place} as ${column}`)
  const lines = columns[0]!.map((_, line) => columns.map((column) => column[line]))
  return { text: `(select ${cells.join(', ')} from json_each(?)) as ${name}`, values: [JSON.stringify(lines)] }
}
