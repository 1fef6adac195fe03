/** Checks a sample of the stored files of uploads for disk damage. The server checks all of them over time. */
import { type CheckResult, fail } from '@splitcart/shared/check-result.ts'
import type { Disk } from '@splitcart/shared/disk.ts'
import type { Folders } from '../folders.ts'
import { ProcessedIntegrity, UnreadFiles } from '../inbox/processed-integrity.ts'
import { openLedgerReadOnly } from '../ledger/ledger.ts'

// Reading so much takes some seconds.
const BYTES_MAX = 256 * 1024 * 1024

const UNREAD_TODO =
  'It cannot be replayed as it is. Run this as the user of the server, and look at the rights of the file and at the disk.'
const DAMAGED_TODO =
  'Its rows are in the catalogue; it cannot be replayed. Look at the disk, and make a backup: splitcart backup'

/** Names a damaged or unreadable file. Undefined if there is none, or no ledger: another check reports that. */
export async function checkKeptFiles(disk: Disk, folders: Folders): Promise<CheckResult | undefined> {
  const ledger = openLedgerIfReadable(folders)
  if (ledger === undefined) return undefined
  await using opened = ledger
  const kept = new ProcessedIntegrity(
    { disk, folders, ledger: opened },
    { bytesPerCheck: BYTES_MAX, isThrottled: false },
  )
  const unread = await kept.check().then(() => undefined, unreadableText)
  const [first, ...others] = kept.faults
  if (first === undefined) return unread === undefined ? undefined : fail('kept files', unread, UNREAD_TODO)
  const more = others.length > 0 ? `, and ${others.length} more files` : ''
  return fail('kept files', `${first}${more}${unread === undefined ? '' : `; ${unread}`}`, DAMAGED_TODO)
}

function openLedgerIfReadable(folders: Folders): ReturnType<typeof openLedgerReadOnly> | undefined {
  try {
    return openLedgerReadOnly(folders.data)
  } catch {
    return undefined
  }
}

/** Why a file could not be read; undefined if a folder or the ledger could not: other checks report those. */
function unreadableText(error: unknown): string | undefined {
  if (!(error instanceof UnreadFiles)) return undefined
  const { syscall } = error.cause as NodeJS.ErrnoException
  return syscall === 'scandir' ? undefined : error.message
}
