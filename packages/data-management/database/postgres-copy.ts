/** COPY: the fastest way to write many records into a table. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from } from 'pg-copy-streams'
import { problemOf } from './postgres-problems.ts'
import type { PostgresTransaction } from './postgres-queries.ts'
import type { Value } from './sql.ts'

/** Copies records into a table; each is a line that `lineOf` made. `target`: the table, and its columns in their order. */
export async function copyInto(
  transaction: PostgresTransaction,
  target: string,
  lines: readonly string[],
): Promise<void> {
  try {
    const stream = transaction.client.query(from(`copy ${target} from stdin`))
    await pipeline(Readable.from([Buffer.from(lines.join(''))]), stream)
  } catch (error) {
    throw problemOf(error)
  }
}

/** A record in the text format of COPY. */
export function lineOf(values: readonly Value[]): string {
  return `${values.map(cellOf).join('\t')}\n`
}

const SPECIAL = /[\\\t\n\r]/g
const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function cellOf(value: Value): string {
  if (value === null) return '\\N'
  if (typeof value === 'number' || typeof value === 'bigint') return `${value}`
  if (typeof value === 'string') return value.replace(SPECIAL, (character) => ESCAPED[character]!)
  return `\\\\x${Buffer.from(value).toString('hex')}`
}
