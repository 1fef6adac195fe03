/** Checks of `splitcart doctor` on a scraping machine: whether files can be written, locked and moved as needed. */
import { join } from 'node:path'
import {
  type CheckResult,
  checkFreeSpace,
  checkOwner,
  fail,
  ok,
  runCheck,
  warn,
} from '@splitcart/shared/check-result.ts'
import { type Disk, isMissing } from '@splitcart/shared/disk.ts'
import { publish, remove, removeIfThere, writePart } from '@splitcart/shared/durable-file.ts'
import { PRODUCTS } from '@splitcart/shared/kinds.ts'
import { canLockNextTo } from '@splitcart/shared/lock.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { type Folders, foldersIn, kindsWithOutbox } from './folders.ts'
import { orphanedPartsIn } from './orphaned-parts.ts'
import { scanOutbox } from './outbox.ts'

const DISK_BYTES_MIN = 100 * 1024 * 1024
const WAITING_MS_MAX = DAY_MS
const PROBE = '.doctor-probe'

type TimeOfDay = Readonly<{ now: number; zone: TimeZone }>

/** Checks the folders of each kind below a data folder. Missing ones are fine: they are made when needed. */
export async function* checkFolders(disk: Disk, dataDir: string, clock: TimeOfDay): AsyncGenerator<CheckResult> {
  // An unreadable data folder is reported by the checks below.
  for (const kind of await kindsWithOutbox(disk, dataDir).catch(() => [PRODUCTS])) {
    const about = kind === PRODUCTS ? '' : ` of ${kind}`
    for await (const result of checkKind(disk, foldersIn(dataDir, kind), clock))
      yield { ...result, check: `${result.check}${about}` }
  }
}

async function* checkKind(disk: Disk, folders: Folders, clock: TimeOfDay): AsyncGenerator<CheckResult> {
  const there: string[] = []
  for (const folder of Object.values(folders)) {
    if (await isMissing(disk, folder)) continue
    there.push(folder)
    yield await runCheck('folder', RIGHTS_TODO, () => checkOwner(disk, 'folder', folder))
  }
  if (there.length === 0) {
    yield ok('folder', `${folders.outbox} is not there yet; the first scrape or upload-data makes it`)
    return
  }
  yield await runCheck('same disk', RIGHTS_TODO, () => checkSameDisk(disk, there))
  if (there.includes(folders.part) && there.includes(folders.spool))
    yield await runCheck('writing', LINKS_TODO, () => checkWriting(disk, folders))
  if (there.includes(folders.outbox)) yield await runCheck('locks', LOCKS_TODO, () => checkLocks(folders))
  yield await runCheck('disk', RIGHTS_TODO, () => checkFreeSpace(disk, folders.outbox, DISK_BYTES_MIN))
  yield await runCheck('outbox', RIGHTS_TODO, () => checkWaiting(disk, folders, clock))
  yield await runCheck('outbox', RIGHTS_TODO, () => checkSkipped(disk, folders))
  yield await runCheck('left over', RIGHTS_TODO, () => checkOrphanedParts(disk, folders, clock.now))
}

const RIGHTS_TODO = 'Give this user the right to read and write there, or run it as the user who has it.'
const LINKS_TODO =
  'Put SCRAPING_DATA_DIR on a disk of this machine with a file system that has hard links (ext4, APFS, NTFS; not FAT or exFAT).'
const LOCKS_TODO =
  'Put SCRAPING_DATA_DIR on a disk of this machine, or on a share that has locks (NFS with lockd, SMB without "nobrl").'

async function checkSameDisk(disk: Disk, folders: readonly string[]): Promise<CheckResult> {
  const devices = new Set<number>()
  for (const folder of folders) devices.add((await disk.lstat(folder)).dev)
  if (devices.size === 1) return ok('same disk', 'all folders are on one file system')
  return warn(
    'same disk',
    'the folders are on several file systems, so files are copied where they would be moved',
    'Put outbox, archive and product_refused on one.',
  )
}

/** Takes the same steps as for a real file: written, synced, linked, its folder synced. */
async function checkWriting(disk: Disk, folders: Folders): Promise<CheckResult> {
  const part = join(folders.part, PROBE)
  await removeIfThere(disk, part)
  await writePart(disk, part, (file) => file.appendFile('a test of splitcart doctor; it may be deleted\n'))
  try {
    await publish(disk, part, folders.spool, [PROBE])
  } finally {
    await removeIfThere(disk, part)
    await remove(disk, join(folders.spool, PROBE))
  }
  return ok('writing', 'files can be written, synced and linked')
}

async function checkWaiting(disk: Disk, folders: Folders, { now, zone }: TimeOfDay): Promise<CheckResult> {
  const { waiting: files } = await scanOutbox(disk, folders.outbox)
  const [oldest] = files
  if (oldest !== undefined && now - oldest.mtimeMs > WAITING_MS_MAX)
    return warn(
      'outbox',
      `${files.length} wait, the oldest since ${zone.dateAt(oldest.mtimeMs)}`,
      'Run "splitcart upload-data"; "splitcart status" says how its last run ended.',
    )
  return ok('outbox', `${files.length} wait`)
}

async function checkSkipped(disk: Disk, folders: Folders): Promise<CheckResult> {
  const { skipped } = await scanOutbox(disk, folders.outbox)
  if (skipped.length === 0) return ok('outbox', 'everything in the outbox can be sent')
  const each = skipped.map(({ name, reason }) => `${name} ${reason}`)
  return warn('outbox', `not sent, ${skipped.length}: ${each.join('; ')}`, 'Rename them, or move them away.')
}

/** Takes a probe lock next to the lock of upload-data, which may be held now. */
async function checkLocks(folders: Folders): Promise<CheckResult> {
  if (canLockNextTo(join(folders.outbox, '.lock'))) return ok('locks', 'files can be locked')
  return fail('locks', `${folders.outbox} is on a file system without locks, so upload-data does nothing`, LOCKS_TODO)
}

async function checkOrphanedParts(disk: Disk, folders: Folders, now: number): Promise<CheckResult> {
  const { length } = await orphanedPartsIn(disk, folders, now)
  if (length === 0) return ok('left over', 'no scrape was left unfinished')
  return warn('left over', `${length} left by scrapes that did not finish`, 'Run "splitcart salvage", or delete them.')
}
