/** Copies tables of a SQLite database into those of the same names and columns in PostgreSQL. */
import { createHash } from 'node:crypto'
import type { PostgresDatabase } from '../database/postgres.ts'
import { copyLine, copyRecords } from '../database/postgres-copy.ts'
import type { Sql } from '../database/sql.ts'
import type { SqliteDatabase } from '../database/sqlite.ts'

/** Tables by their names, each with the columns of its key. */
export type Tables = Readonly<Record<string, string>>

const LINES_AT_ONCE = 5_000

type Cell = string | number | null | Uint8Array

/**
 * Copies tables in this order, each in its own transaction; one that has records was copied before and is skipped.
 * `onCopied` runs in the transaction of a table, after it was copied.
 */
export async function moveTables(
  from: SqliteDatabase,
  to: PostgresDatabase,
  tables: Tables,
  onCopied: (
    table: string,
    transaction: Awaited<ReturnType<PostgresDatabase['begin']>>['transaction'],
  ) => Promise<void>,
): Promise<void> {
  for (const table of Object.keys(tables)) {
    await using open = await to.begin()
    const { transaction } = open
    if ((await transaction.get(`select 1 from ${table} limit 1`)) !== undefined) continue
    const columns = await columnsOf(transaction, table)
    let lines: string[] = []
    for (const record of from.each<Record<string, Cell>>(`select ${columns.join(', ')} from ${table}`)) {
      lines.push(copyLine(columns.map((column) => record[column]!)))
      if (lines.length < LINES_AT_ONCE) continue
      await copyRecords(transaction, `${table} (${columns.join(', ')})`, lines)
      lines = []
    }
    await copyRecords(transaction, `${table} (${columns.join(', ')})`, lines)
    if (columns.includes('id')) await advanceSequence(transaction, table)
    await onCopied(table, transaction)
    await open.commit()
  }
}

/** The first of these tables whose records are not the same in both, or undefined. */
export async function differingTable(from: Sql, to: Sql, tables: Tables): Promise<string | undefined> {
  for (const [table, key] of Object.entries(tables)) {
    const sql = `select ${(await columnsOf(to, table)).join(', ')} from ${table} order by ${key}`
    if ((await digestOfRecords(from, sql)) !== (await digestOfRecords(to, sql))) return table
  }
  return undefined
}

/** Whether none of these tables has a record. */
export async function areEmpty(database: Sql, tables: Tables): Promise<boolean> {
  for (const table of Object.keys(tables))
    if ((await database.get(`select 1 from ${table} limit 1`)) !== undefined) return false
  return true
}

async function digestOfRecords(database: Sql, sql: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const record of database.each<Record<string, Cell>>(sql)) {
    const cells = Object.values(record).map((cell) =>
      cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : cell,
    )
    hash.update(JSON.stringify(cells)).update('\n')
  }
  return hash.digest('hex')
}

async function columnsOf(database: Sql, table: string): Promise<string[]> {
  const columns = await database.all<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = cast(? as regclass) and attnum > 0 and not attisdropped order by attnum`,
    table,
  )
  return columns.map(({ name }) => name)
}

/** Sets the sequences, so that new records get ids above the copied ones. */
async function advanceSequence(transaction: Sql, table: string): Promise<void> {
  const { sequence } = (await transaction.get<{ sequence: string | null }>(
    `select pg_get_serial_sequence(?, 'id') as sequence`,
    table,
  ))!
  if (sequence !== null)
    await transaction.get(
      `select setval(cast(? as regclass), (select coalesce(max(id), 0) from ${table}) + 1, false)`,
      sequence,
    )
}
