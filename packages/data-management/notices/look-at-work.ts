/** The machine, its loader, its backups and its keys. */
import { DAY_MS } from '@splitcart/shared/time.ts'
import { momentOf } from '../http/threads/reading.ts'
import type { Condition } from '../ledger/conditions.ts'
import { waiting } from './look-at-uploads.ts'
import { type LookInput, shortName, shortSentence } from './look-parts.ts'

const BACKUP_OLD_MS = 8 * DAY_MS
const NO_BACKUP_MS = 2 * DAY_MS
const KEY_DAYS = 7
const GIB = 1024 ** 3

/** The condition that the disk of a machine is nearly full. */
export async function diskLow({ outside: { machine, disk } }: LookInput): Promise<readonly Condition[]> {
  if (!disk.is_low) return []
  const [free, kept] = [disk.free_bytes, disk.kept_bytes].map((bytes) => `${(bytes / GIB).toFixed(1)} GiB`)
  const text = `${shortName(machine)} has ${free} of disk left; below ${kept} uploads are refused`
  return [{ kind: 'disk', subject: machine, text }]
}

/** Damage by the disk of a machine. Until the first check after a start, the recorded conditions stay. */
export async function damageFound({ outside, recorded }: LookInput): Promise<readonly Condition[]> {
  const { machine, damage } = outside
  if (damage === null) return [...recorded].map((subject) => ({ kind: 'damage', subject, text: '' }))
  return damage.map((fault) => {
    const text = `Damaged on ${shortName(machine)}: ${shortSentence(fault)}`
    return { kind: 'damage', subject: `${machine} ${fault}`, text }
  })
}

/** The condition that uploads wait and no loader runs. */
export async function loaderGone({ reading, outside }: LookInput): Promise<readonly Condition[]> {
  if (outside.hasLoader) return []
  const { files } = await reading.inbox.ledger.uploads.backlog()
  if (files === 0) return []
  return [{ kind: 'loader', subject: '', text: `${waiting(files)}, and no program is there that loads them` }]
}

/**
 * The condition that the latest backup is old, or that there is none. PostgreSQL has its own tools: with it, a backup
 * that was never recorded is no condition.
 */
export async function backupOld({ reading }: LookInput): Promise<readonly Condition[]> {
  const { ledger } = reading.inbox
  const { now, zone } = momentOf(reading)
  const latest = await ledger.latestBackup()
  if (latest === undefined) {
    const oldest = await ledger.uploads.firstReceived()
    if (reading.catalogue.path === null || now - (oldest ?? now) < NO_BACKUP_MS) return []
    return [{ kind: 'backup', subject: 'none', text: 'No backup has ever been made' }]
  }
  if (now - latest.at < BACKUP_OLD_MS) return []
  const day = zone.dateAt(latest.at)
  return [{ kind: 'backup', subject: String(latest.id), text: `The latest backup is of ${day}` }]
}

/** Keys that expire within seven days and have no successor. */
export async function keysExpiring({ reading }: LookInput): Promise<readonly Condition[]> {
  const { ledger } = reading.inbox
  const { now, zone } = momentOf(reading)
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
