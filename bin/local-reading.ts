/** Runs the dashboard's queries on this machine's databases, for the command line. */
import type { QueryContext } from '@splitcart/data-management/http/threads/query-context.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import type { DataManagement } from './data-management.ts'

/** The databases and settings that the queries read. */
export function localReading(
  { catalogue, ledger, disk, folders, zone }: DataManagement,
  settings: Settings,
): QueryContext {
  const inbox = { disk, folders, ledger, diskBytesKept: 0, now: Date.now }
  return { catalogue, inbox, partialShare: settings.HOLD_ROWS_SHARE, zone, currency: settings.CURRENCY }
}
