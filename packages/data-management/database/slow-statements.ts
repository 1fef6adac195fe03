/** Statements that take long, with their SQL: it has no values in it, so it says nothing of anybody. */
import { channel } from 'node:diagnostics_channel'
import type { Log } from '@splitcart/shared/log.ts'

/** A statement that was asked, and how long it took. */
type Asked = Readonly<{ sql: string; ms: number }>

const ASKED = channel('splitcart:statement')
const CHARACTERS_MAX = 2_000

/** Asks something, and tells whoever listens how long it took. */
export async function timed<T>(sql: string, ask: () => Promise<T>): Promise<T> {
  const begin = performance.now()
  try {
    return await ask()
  } finally {
    noteAsked(sql, begin)
  }
}

/** The same for what has been asked since a moment of `performance.now()`. */
export function noteAsked(sql: string, begin: number): void {
  if (ASKED.hasSubscribers) ASKED.publish({ sql, ms: performance.now() - begin } satisfies Asked)
}

/** Logs what this thread asks of databases that takes as long or longer, until the function that it returns is called; 0: nothing. */
export function tellSlowStatements(log: Log, msMin: number): () => void {
  if (msMin === 0) return () => {}
  const tell = (message: unknown) => {
    const { sql, ms } = message as Asked
    if (ms < msMin) return
    log.warn({ ms: Math.round(ms), sql: sql.replace(/\s+/g, ' ').trim().slice(0, CHARACTERS_MAX) }, 'slow statement')
  }
  ASKED.subscribe(tell)
  return () => void ASKED.unsubscribe(tell)
}
