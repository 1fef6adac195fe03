/** Writes many records into a table with COPY, which is faster than INSERT. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from } from 'pg-copy-streams'
import { toPostgresProblem } from './postgres-problems.ts'
import type { PostgresTransaction } from './postgres-queries.ts'
import type { Value } from './sql.ts'

/** Copies records, each a line from `copyLine`, into a table. `target`: the table, then its columns in parentheses. */
export async function copyRecords(
  transaction: PostgresTransaction,
  target: string,
  lines: readonly string[],
): Promise<void> {
  try {
    const stream = transaction.client.query(from(`copy ${target} from stdin`))
    await pipeline(Readable.from([Buffer.from(lines.join(''))]), stream)
  } catch (error) {
    throw toPostgresProblem(error)
  }
}

/** A record as a line in the text format of COPY. */
export function copyLine(values: readonly Value[]): string {
  return `${values.map(copyCell).join('\t')}\n`
}

const SPECIAL = /[\\\t\n\r]/g
const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function copyCell(value: Value): string {
  if (value === null) return '\\N'
  if (typeof value === 'number' || typeof value === 'bigint') return `${value}`
  if (typeof value === 'string') return value.replace(SPECIAL, (character) => ESCAPED[character]!)
  return `\\\\x${Buffer.from(value).toString('hex')}`
}
