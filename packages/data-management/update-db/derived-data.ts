/**
 * Brings data up to date that is derived from the catalogue: suggested pairs and changes of price. One process does so
 * at a time: two would overwrite each other's results.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { countChanges, hasUncountedChanges } from '../catalogue/queries/count-changes.ts'
import { mayHaveNewPairs, renewSuggestions } from '../catalogue/queries/suggestions.ts'
import type { PostgresDatabase } from '../database/postgres.ts'
import { retryConflicts } from '../database/postgres-problems.ts'
import type { Sql } from '../database/sql.ts'

/** What is derived; in PostgreSQL also the name of the lock. */
export type DerivedData = 'suggested pairs' | 'changes of price'

/** `isDue`: whether it may be out of date; `renew` returns whether there was anything to do. */
type Task = Readonly<Record<'isDue' | 'renew', (database: Sql) => Promise<boolean>>>

const TASKS: Readonly<Record<DerivedData, Task>> = {
  'changes of price': { isDue: hasUncountedChanges, renew: countChanges },
  'suggested pairs': { isDue: mayHaveNewPairs, renew: renewSuggestions },
}

/** The names of all derived data. */
export const DERIVED_DATA = Object.keys(TASKS) as readonly DerivedData[]

// How often a loader checks whether another one that renews the same data has ended.
const POLL_MS = 200

/** Whether it may be out of date. */
export function isDue(database: Sql, derived: DerivedData): Promise<boolean> {
  return TASKS[derived].isDue(database)
}

/**
 * Brings it up to date and returns whether there was anything to do; undefined if another loader does so now. A SQLite
 * catalogue has one loader.
 */
export async function renew(database: Sql, derived: DerivedData): Promise<boolean | undefined> {
  if (!('tryWithLock' in database)) return await TASKS[derived].renew(database)
  let hasWorked: boolean | undefined
  await (database as Sql & Pick<PostgresDatabase, 'tryWithLock'>).tryWithLock(derived, async () => {
    hasWorked = await retryConflicts(() => TASKS[derived].renew(database))
  })
  return hasWorked
}

/** Brings all that is due up to date. What another loader brings up to date now is waited for. */
export async function renewAll(database: Sql, signal: AbortSignal): Promise<void> {
  for (const derived of DERIVED_DATA)
    while (!signal.aborted && (await isDue(database, derived)) && (await renew(database, derived)) === undefined)
      await sleep(POLL_MS, undefined, { signal }).catch(() => {})
}
