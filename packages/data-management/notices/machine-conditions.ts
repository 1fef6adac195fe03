/** Finds conditions in the latest heartbeats of scraping machines. */
import { MINUTE_MS } from '@splitcart/shared/time.ts'
import { freshnessContext } from '../http/threads/query-context.ts'
import type { Condition } from '../ledger/conditions.ts'
import type { WorkingMachine } from '../ledger/machines.ts'
import { type ConditionInput, shortName } from './condition-input.ts'

const SKEW_MS_MAX = 5 * MINUTE_MS
// A condition on record lasts until the clock is clearly right again.
const SKEW_MS_RIGHT = 4 * MINUTE_MS
// A machine that sends several times a day is heard of within this time, even if it is off at night.
const QUIET_MS = 26 * 60 * MINUTE_MS

/** Machines whose recent heartbeats show a wrong clock. */
export async function wrongClocks({ context, recorded }: ConditionInput): Promise<readonly Condition[]> {
  const { now } = freshnessContext(context)
  const machines = await context.inbox.ledger.machines.listWorking(now)
  return machines
    .filter(({ key_id, skew_ms }) => Math.abs(skew_ms) > (recorded.has(key_id) ? SKEW_MS_RIGHT : SKEW_MS_MAX))
    .filter(({ heard_at }) => now - heard_at < QUIET_MS)
    .map(({ key_id, name, skew_ms }) => {
      const text = `The clock of ${shortName(name)} (${key_id}) is ${skewText(skew_ms)} that of the server`
      return { kind: 'clock', subject: key_id, text }
    })
}

/** Machines that had files to send, and have sent no heartbeat since. */
export async function missingMachines({ context }: ConditionInput): Promise<readonly Condition[]> {
  const { now, zone } = freshnessContext(context)
  const machines = await context.inbox.ledger.machines.listWorking(now)
  return machines
    .filter((machine) => machine.waiting_files > 0 && now - heardAt(machine) >= QUIET_MS)
    .map((machine) => {
      const { key_id, name, waiting_files } = machine
      const files = waiting_files === 1 ? '1 file waits' : `${waiting_files} files wait`
      const last = zone.dateAt(heardAt(machine))
      const text = `${files} on ${shortName(name)} (${key_id}), which has not been heard of since ${last}`
      return { kind: 'machine', subject: key_id, text }
    })
}

/** How far a clock is off, as in "6 minutes behind"; by whole minutes, hours or days. */
function skewText(skewMs: number): string {
  const minutes = Math.round(Math.abs(skewMs) / MINUTE_MS)
  const [amount, unit] =
    minutes < 120
      ? [minutes, 'minute']
      : minutes < 48 * 60
        ? [Math.round(minutes / 60), 'hour']
        : [Math.round(minutes / 1440), 'day']
  return `${amount} ${unit}${amount === 1 ? '' : 's'} ${skewMs > 0 ? 'behind' : 'ahead of'}`
}

// Older clients send no heartbeats, but use their key.
function heardAt({ heard_at, last_used_at }: WorkingMachine): number {
  return Math.max(heard_at, last_used_at ?? 0)
}
