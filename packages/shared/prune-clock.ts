/** Whether a clock may be believed that says which kept files are old enough to go. */
import { Problem } from './problem.ts'
import { DAY_MS } from './time.ts'

// Who scrapes at all does so more often.
const PAUSE_DAYS_MAX = 60

/**
 * Throws `prune_refused` where nothing would stay, or nothing was kept for months between what would go and what would stay: then it is more likely
 * that the clock is wrong, by which what has come since looks young and all else old. `old`, `young`: when each was put where it is kept, in
 * milliseconds since 1970.
 */
export function checkPruneClock(old: readonly number[], young: readonly number[]): void {
  if (old.length === 0) return
  if (young.length === 0) throw new Problem('prune_refused', `all ${old.length} files that were loaded are too old`)
  const newest = old.reduce((one, other) => Math.max(one, other))
  const oldest = young.reduce((one, other) => Math.min(one, other))
  const days = Math.floor((oldest - newest) / DAY_MS)
  if (days > PAUSE_DAYS_MAX)
    throw new Problem(
      'prune_refused',
      `nothing was kept for ${days} days between the ${old.length} files that would go and the ${young.length} that would stay`,
    )
}
