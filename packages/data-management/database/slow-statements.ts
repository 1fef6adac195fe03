/** Logs slow statements with their SQL, which contains no values and therefore no personal data. */
import { channel } from 'node:diagnostics_channel'
import type { Log } from '@splitcart/shared/log.ts'

/** A statement that has run, and how long it took. */
type TimedStatement = Readonly<{ sql: string; ms: number }>

const STATEMENTS = channel('splitcart:statement')
const CHARACTERS_MAX = 2_000

/** Runs a query and publishes its duration to subscribers. */
export async function timeStatement<T>(sql: string, run: () => Promise<T>): Promise<T> {
  const begin = performance.now()
  try {
    return await run()
  } finally {
    publishDuration(sql, begin)
  }
}

/** Publishes the duration of a statement that began at `begin` (of `performance.now()`). */
export function publishDuration(sql: string, begin: number): void {
  if (STATEMENTS.hasSubscribers) STATEMENTS.publish({ sql, ms: performance.now() - begin } satisfies TimedStatement)
}

/** Logs statements of this thread that take `msMin` or longer (0: none), until the returned function is called. */
export function logSlowStatements(log: Log, msMin: number): () => void {
  if (msMin === 0) return () => {}
  const onStatement = (message: unknown) => {
    const { sql, ms } = message as TimedStatement
    if (ms < msMin) return
    log.warn({ ms: Math.round(ms), sql: sql.replace(/\s+/g, ' ').trim().slice(0, CHARACTERS_MAX) }, 'slow statement')
  }
  STATEMENTS.subscribe(onStatement)
  return () => void STATEMENTS.unsubscribe(onStatement)
}
