/** Files kept for replay whose bytes the disk has changed. The server looks at all of them by and by; here it is some, at once. */

import { type CheckResult, fail } from '@splitcart/shared/check-result.ts'
import type { Disk } from '@splitcart/shared/disk.ts'
import type { Folders } from '../folders.ts'
import { ProcessedRound } from '../inbox/processed-integrity.ts'
import { openLedgerToAsk } from '../ledger/ledger.ts'

// Some seconds of reading.
const BYTES_MAX = 256 * 1024 * 1024

/** Names one of them. Undefined: none was found, or the ledger cannot be asked, which is told elsewhere. */
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
  await using ledger = openLedgerToAsk(folders.data)
  return await new ProcessedRound({ disk, folders, ledger }, { bytesAtOnce: BYTES_MAX, rests: false }).look()
}
