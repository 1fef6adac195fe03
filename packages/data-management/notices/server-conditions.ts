/** Finds conditions of the server: its disk, loader, backups and keys. */
import { DAY_MS } from '@splitcart/shared/time.ts'
import { freshnessContext } from '../http/threads/query-context.ts'
import type { Condition } from '../ledger/conditions.ts'
import { type ConditionInput, shortName, shortSentence } from './condition-input.ts'
import { waitingUploadsText } from './upload-conditions.ts'

const BACKUP_OLD_MS = 8 * DAY_MS
const NO_BACKUP_MS = 2 * DAY_MS
const KEY_DAYS = 7
const GIB = 1024 ** 3

/** One condition if the disk of this machine is nearly full. */
export async function lowDisk({ serverFacts: { machine, disk } }: ConditionInput): Promise<readonly Condition[]> {
  if (!disk.is_low) return []
  const [free, kept] = [disk.free_bytes, disk.kept_bytes].map((bytes) => `${(bytes / GIB).toFixed(1)} GiB`)
  const text = `${shortName(machine)} has ${free} of disk left; below ${kept} uploads are refused`
  return [{ kind: 'disk', subject: machine, text }]
}

/** One condition for each damaged file of this machine. Until the first check after a start, those on record stay. */
export async function diskDamage({ serverFacts, recorded }: ConditionInput): Promise<readonly Condition[]> {
  const { machine, damage } = serverFacts
  if (damage === null) return [...recorded].map((subject) => ({ kind: 'damage', subject, text: '' }))
  return damage.map((fault) => {
    const text = `Damaged on ${shortName(machine)}: ${shortSentence(fault)}`
    return { kind: 'damage', subject: `${machine} ${fault}`, text }
  })
}

/** One condition if uploads wait and no loader runs. */
export async function missingLoader({ context, serverFacts }: ConditionInput): Promise<readonly Condition[]> {
  if (serverFacts.hasLoader) return []
  const { files } = await context.inbox.ledger.uploads.backlog()
  if (files === 0) return []
  return [
    { kind: 'loader', subject: '', text: `${waitingUploadsText(files)}, and no program is there that loads them` },
  ]
}

/**
 * One condition if the latest backup is old, or if there is none. PostgreSQL has its own backup tools: on it, a missing
 * backup is no condition.
 */
export async function oldBackup({ context }: ConditionInput): Promise<readonly Condition[]> {
  const { ledger } = context.inbox
  const { now, zone } = freshnessContext(context)
  const latest = await ledger.latestBackup()
  if (latest === undefined) {
    const oldest = await ledger.uploads.firstReceived()
    if (context.catalogue.path === null || now - (oldest ?? now) < NO_BACKUP_MS) return []
    return [{ kind: 'backup', subject: 'none', text: 'No backup has ever been made' }]
  }
  if (now - latest.at < BACKUP_OLD_MS) return []
  const day = zone.dateAt(latest.at)
  return [{ kind: 'backup', subject: String(latest.id), text: `The latest backup is of ${day}` }]
}

/** Keys that expire within seven days and have no successor. */
export async function expiringKeys({ context }: ConditionInput): Promise<readonly Condition[]> {
  const { ledger } = context.inbox
  const { now, zone } = freshnessContext(context)
  const keys = await ledger.keysExpiring(now, now + KEY_DAYS * DAY_MS)
  return keys.map(({ id, name, expires_at }) => {
    const day = zone.dateAt(expires_at ?? 0)
    return {
      kind: 'key',
      subject: id,
      text: `The key ${shortName(name)} (${id}) expires on ${day}, and has no successor`,
    }
  })
}
