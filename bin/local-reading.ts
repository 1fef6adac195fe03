/** Questions of the page, asked on the command line of the databases of this machine. */
import type { Reading } from '@splitcart/data-management/api/reading.ts'
import type { DataManagement } from './data-management.ts'

/** What questions are answered from. */
export function readingOf({ catalogue, ledger, disk, folders }: DataManagement): Reading {
  return { catalogue, inbox: { disk, folders, ledger, diskBytesKept: 0, now: Date.now } }
}
