/**
 * One SQL text for both databases. The tag `sql` keeps a text and its values apart; what the databases write differently (a value's
 * place, records given with the statement) is put in by each of them when it runs.
 *
 *   sql`select id from store join ${records('wanted', { code: 'text' }, [codes])} on wanted.code = store.code where company_id = ${id}`
 */
import type { Sql, Value } from '../../database/sql.ts'

/** SQLite answers at once, PostgreSQL when it has answered. */
export type Soon<T> = T | Promise<T>

/** What a column of given records holds. */
export type ColumnType = 'integer' | 'bigint' | 'smallint' | 'text'

/** Records given with a statement, column by column: a table with a name. */
export class Records {
  readonly name: string
  readonly types: Readonly<Record<string, ColumnType>>
  readonly columns: readonly (readonly Value[])[]

  constructor(name: string, types: Readonly<Record<string, ColumnType>>, columns: readonly (readonly Value[])[]) {
    this.name = name
    this.types = types
    this.columns = columns
  }

  /** The same under another name. */
  as(name: string): Records {
    return new Records(name, this.types, this.columns)
  }
}

/** A text with what stands between its parts: values, records, or other statements. */
export class Statement {
  readonly texts: readonly string[]
  readonly parts: readonly Part[]

  constructor(texts: readonly string[], parts: readonly Part[]) {
    this.texts = texts
    this.parts = parts
  }
}

type Part = Value | Records | Statement

/** A statement. */
export function sql(texts: TemplateStringsArray, ...parts: Part[]): Statement {
  return new Statement(texts, parts)
}

/** Records to be given with a statement; all columns have the same length. */
export function records(
  name: string,
  types: Readonly<Record<string, ColumnType>>,
  columns: readonly (readonly Value[])[],
): Records {
  return new Records(name, types, columns)
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

/** A table that takes many records at once, and those of its columns that they have. */
export type Target = Readonly<{ table: string; columns: readonly string[] }>

/** What is asked of a database. */
export interface Statements {
  /** The same database for statements that both understand as they are. */
  readonly queries: Sql
  /** Runs a statement and tells how many records it changed. */
  run(statement: Statement): Soon<number>
  /** The first record, or undefined. */
  get<T>(statement: Statement): Soon<T | undefined>
  /** All records at once: only for results that are known to be small. */
  all<T>(statement: Statement): Soon<T[]>
  /** Runs several statements that take no values. */
  script(text: string): Soon<void>
  /** Puts given records into the table of their name, but those that it has already. */
  add(records: Records): Soon<void>
  /** Puts many records into a table: the quickest way there is. */
  copy(target: Target, lines: readonly (readonly Value[])[]): Soon<void>
}

/** The words that a listing is found by; null: it can no longer be found. */
export type ListingWords = Readonly<{ listingId: number; words: readonly string[] | null }>

/** What a load keeps others from meanwhile. */
export type Locked = 'products' | Readonly<{ stores: readonly number[] }> | Readonly<{ companies: readonly number[] }>

/** A database that is loaded into: what each of them does in a way of its own. */
export interface LoadDatabase extends Statements {
  /** Waits until nobody else changes this, until the end of the transaction. */
  lock(what: Locked): Soon<void>
  /** Empties the temporary tables, before a load. */
  emptyTables(): Soon<void>
  /** Ids for new records of a table, in their order. */
  newIds(table: string, count: number): Soon<number[]>
  /** Notes that a store asks these prices from now on: rows of listing_id, price_cents and is_available. */
  beginPrices(rows: Statement): Soon<void>
  /** Notes that it does no longer. */
  endPrices(rows: Statement): Soon<void>
  /** Writes what listings are found by. */
  writeWords(words: readonly ListingWords[]): Soon<void>
  /** Changes whenever ids that were found before may lead nowhere. */
  version(): Soon<number>
  /** Notes that something is taken out: the version is another one from now on. */
  noteUndone(): Soon<void>
}
