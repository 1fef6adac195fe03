/** Checks that each connection has its own session: loads need it for temporary tables, settings and locks. */
import { randomUUID } from 'node:crypto'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Pool } from 'pg'
import { POOLER_DETAIL } from './postgres-problems.ts'

// Addresses that passed in this process: catalogue and ledger usually have the same address.
const checkedAddresses = new Set<string>()

/**
 * Throws `database_unusable` if a pooler gives several connections the same session: one then sees a setting that the
 * other made. An address that passed is not checked again.
 */
export async function checkSessions(pool: Pool, address: string): Promise<void> {
  if (checkedAddresses.has(address)) return
  const one = await pool.connect()
  try {
    const mark = randomUUID()
    await one.query("select set_config('splitcart.session', $1, false)", [mark])
    const other = await pool.connect()
    try {
      const { rows } = await other.query("select current_setting('splitcart.session', true) as mark")
      if (rows[0]?.mark === mark) throw new Problem('database_unusable', POOLER_DETAIL)
    } finally {
      other.release()
    }
  } finally {
    one.release()
  }
  checkedAddresses.add(address)
}
