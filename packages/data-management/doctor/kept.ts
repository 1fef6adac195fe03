/** Finds files kept for replay that the disk has damaged. The server checks all of them over time; this is a sample. */
import { type CheckResult, fail } from '@splitcart/shared/check-result.ts'
import type { Disk } from '@splitcart/shared/disk.ts'
import type { Folders } from '../folders.ts'
import { ProcessedIntegrity } from '../inbox/processed-integrity.ts'
import { openLedgerReadOnly } from '../ledger/ledger.ts'

// Takes some seconds to read.
const BYTES_MAX = 256 * 1024 * 1024

/** Names one damaged file. Undefined if none was found, or the ledger cannot be read: another check reports that. */
export async function checkKeptFiles(disk: Disk, folders: Folders): Promise<CheckResult | undefined> {
  const damaged = await damagedIn(disk, folders).catch(() => [])
  const [first] = damaged
  if (first === undefined) return undefined
  const more = damaged.length > 1 ? `, and ${damaged.length - 1} more files` : ''
  const todo =
    'Its rows are in the catalogue; it cannot be replayed. Look at the disk, and make a backup: splitcart backup'
  return fail('kept files', `${first}${more}`, todo)
}

async function damagedIn(disk: Disk, folders: Folders): Promise<string[]> {
  await using ledger = openLedgerReadOnly(folders.data)
  return await new ProcessedIntegrity(
    { disk, folders, ledger },
    { bytesPerCheck: BYTES_MAX, isThrottled: false },
  ).check()
}
