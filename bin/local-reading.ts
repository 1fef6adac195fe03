/** Questions of the page, asked on the command line of the databases of this machine. */
import type { Reading } from '@splitcart/data-management/http/threads/reading.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import type { DataManagement } from './data-management.ts'

/** What questions are answered from. */
export function readingOf({ catalogue, ledger, disk, folders, zone }: DataManagement, settings: Settings): Reading {
  const inbox = { disk, folders, ledger, diskBytesKept: 0, now: Date.now }
  return { catalogue, inbox, partialShare: settings.HOLD_ROWS_SHARE, zone, currency: settings.CURRENCY }
}
