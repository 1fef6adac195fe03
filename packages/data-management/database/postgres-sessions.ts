/** Whether each connection has a session of its own, as loads need it: for temporary tables, settings and locks. */
import { randomUUID } from 'node:crypto'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Pool } from 'pg'
import { POOLER } from './postgres-problems.ts'

// Addresses checked by this process: catalogue and ledger are mostly opened at the same one.
const well = new Set<string>()

/**
 * Throws `database_unusable` if a pooler gives one session to several connections: a setting of one is then seen by
 * another, which gets the session that was used last. An address that passed is not checked again.
 */
export async function checkSessions(pool: Pool, address: string): Promise<void> {
  if (well.has(address)) return
  const one = await pool.connect()
  try {
    const mark = randomUUID()
    await one.query("select set_config('splitcart.session', $1, false)", [mark])
    const other = await pool.connect()
    try {
      const { rows } = await other.query("select current_setting('splitcart.session', true) as mark")
      if (rows[0]?.mark === mark) throw new Problem('database_unusable', POOLER)
    } finally {
      other.release()
    }
  } finally {
    one.release()
  }
  well.add(address)
}
