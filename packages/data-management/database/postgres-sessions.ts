/** Whether each connection has a session of its own, as loads need it: for temporary tables, settings and locks. */
import { randomUUID } from 'node:crypto'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Pool } from 'pg'
import { POOLER } from './postgres-problems.ts'

// Of this process: catalogue and ledger are opened one after the other, mostly at the same address.
const well = new Set<string>()

/**
 * Throws `database_unusable` where a pooler gives one session to several connections: what one has set in its own is then seen by another,
 * which gets the session that was used last. Where an address was well it is not asked again.
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
