/** Guards pruning against a wrong clock, which would make too many kept files look old. */
import { Problem } from './problem.ts'
import { DAY_MS } from './time.ts'

// A longer gap between files is implausible: an active machine scrapes more often.
const GAP_DAYS_MAX = 60

/**
 * Throws `prune_refused` if no file would stay, or if there is a gap of more than 60 days between the files to remove
 * and those to keep: then the clock is probably wrong, so that only the files stored since look young. `old`, `young`:
 * when each file was stored, in milliseconds since 1970.
 */
export function checkPruneClock(old: readonly number[], young: readonly number[]): void {
  if (old.length === 0) return
  if (young.length === 0) throw new Problem('prune_refused', `all ${old.length} files that were loaded are too old`)
  const newest = old.reduce((one, other) => Math.max(one, other))
  const oldest = young.reduce((one, other) => Math.min(one, other))
  const days = Math.floor((oldest - newest) / DAY_MS)
  if (days > GAP_DAYS_MAX)
    throw new Problem(
      'prune_refused',
      `nothing was kept for ${days} days between the ${old.length} files that would go and the ${young.length} that would stay`,
    )
}
