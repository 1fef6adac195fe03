/**
 * One SQL text for both databases. The tag `sql` keeps text and values apart; each database inserts what it writes in
 * its own way (placeholders, records given with the statement) when it runs the statement.
 *
 *   sql`select id from store join ${records('wanted', { code: 'text' }, [codes])} on wanted.code = store.code where company_id = ${id}`
 */
import type { MaybePromise, Sql, Value } from '../../database/sql.ts'

/** What a column of given records holds. */
export type ColumnType = 'integer' | 'bigint' | 'smallint' | 'text'

/** Records given with a statement as a named table, column by column. */
export class Records {
  readonly name: string
  readonly types: Readonly<Record<string, ColumnType>>
  readonly columns: readonly (readonly Value[])[]

  constructor(name: string, types: Readonly<Record<string, ColumnType>>, columns: readonly (readonly Value[])[]) {
    this.name = name
    this.types = types
    this.columns = columns
  }

  /** The same records under another table name. */
  as(name: string): Records {
    return new Records(name, this.types, this.columns)
  }
}

/** A statement: SQL texts and the parts between them, which are values, records, or other statements. */
export class Statement {
  readonly texts: readonly string[]
  readonly parts: readonly StatementPart[]

  constructor(texts: readonly string[], parts: readonly StatementPart[]) {
    this.texts = texts
    this.parts = parts
  }
}

type StatementPart = Value | Records | Statement

/** Template tag that makes a statement. */
export function sql(texts: TemplateStringsArray, ...parts: StatementPart[]): Statement {
  return new Statement(texts, parts)
}

/** A statement of an SQL text without values. */
export function sqlText(text: string): Statement {
  return new Statement([text], [])
}

/** Records to be given with a statement; all columns have the same length. */
export function records(
  name: string,
  types: Readonly<Record<string, ColumnType>>,
  columns: readonly (readonly Value[])[],
): Records {
  return new Records(name, types, columns)
}

/** Ids as the records `wanted`, each once. */
export function idRecords(ids: Iterable<number>): Records {
  return records('wanted', { id: 'integer' }, [[...new Set(ids)]])
}

/** How a database writes records: their text with `?` in it, and the values for that. */
export type WriteRecords = (records: Records) => Readonly<{ text: string; values: readonly unknown[] }>

/** The text of a statement with `?` for its values, and the values. */
export function render(statement: Statement, write: WriteRecords): { text: string; values: unknown[] } {
  const values: unknown[] = []
  let text = statement.texts[0]!
  for (const [place, part] of statement.parts.entries()) {
    if (part instanceof Statement || part instanceof Records) {
      const written = part instanceof Statement ? render(part, write) : write(part)
      text += written.text
      values.push(...written.values)
    } else {
      text += '?'
      values.push(part)
    }
    text += statement.texts[place + 1]
  }
  return { text, values }
}

/** A table for a bulk insert, and the columns that the records have. */
export type InsertTarget = Readonly<{ table: string; columns: readonly string[] }>

/** Runs statements in either database. */
export interface Statements {
  /** The same database, for plain SQL that both databases understand. */
  readonly queries: Sql
  /** Runs a statement and returns how many records it changed. */
  run(statement: Statement): MaybePromise<number>
  /** The first record, or undefined. */
  get<T>(statement: Statement): MaybePromise<T | undefined>
  /** All records at once: only for results that are known to be small. */
  all<T>(statement: Statement): MaybePromise<T[]>
  /** Runs several statements that take no values. */
  script(text: string): MaybePromise<void>
  /** Inserts records into the table of their name, except those that it has already. */
  insertMissing(records: Records): MaybePromise<void>
  /** Bulk-inserts many records, in the quickest way the database has. */
  bulkInsert(target: InsertTarget, lines: readonly (readonly Value[])[]): MaybePromise<void>
}

/** The search words of a listing; null removes it from the search index. */
export type ListingWords = Readonly<{ listingId: number; words: readonly string[] | null }>

/** What a load can lock against other loads. */
export type Lockable = 'products' | Readonly<{ stores: readonly number[] }> | Readonly<{ companies: readonly number[] }>

/** A database that is loaded into: operations that each database implements in its own way. */
export interface LoadDatabase extends Statements {
  /** Waits for a lock on this and holds it until the end of the transaction. */
  lock(what: Lockable): MaybePromise<void>
  /** Empties the temporary tables, before a load. */
  emptyTables(): MaybePromise<void>
  /** Ids for new records of a table, in their order. */
  newIds(table: string, count: number): MaybePromise<number[]>
  /** Adds current prices of a store: rows of listing_id, price_cents and is_available. */
  addPrices(rows: Statement): MaybePromise<void>
  /** Removes current prices of a store: the same columns. */
  removePrices(rows: Statement): MaybePromise<void>
  /** Writes the search words of listings. */
  writeSearchWords(words: readonly ListingWords[]): MaybePromise<void>
  /** The version of the catalogue. It changes whenever ids that were found before may no longer exist. */
  version(): MaybePromise<number>
  /** Changes the version, because something is being removed. */
  bumpVersion(): MaybePromise<void>
}
