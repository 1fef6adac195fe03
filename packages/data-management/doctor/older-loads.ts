/** Counts loads by an older version whose files are still stored, so that they can be replayed. */
import { type CheckResult, ok } from '@splitcart/shared/check-result.ts'
import { countOlderLoads, newestOlderLoads } from '../catalogue/older-loads.ts'
import type { Sql } from '../database/sql.ts'
import type { Inbox } from '../inbox/inbox.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type ExaminedDatabases, openWithoutMigrating } from './conditions.ts'

/** Whether a file that may hold the bytes of an upload is still stored. */
type HasFile = Inbox['has']

// The files of so many loads are looked for: the newest, because old files are pruned first.
const LOADS_CHECKED_MAX = 100

/** Advises to replay loads by an older version. Nothing if the databases cannot be read: other checks report that. */
export async function checkOlderLoads(
  databases: Omit<ExaminedDatabases, 'diskBytesKept'>,
  isKept: HasFile,
): Promise<CheckResult[]> {
  const loads = await countInDatabases(databases, isKept).catch(() => 0)
  return loads === 0 ? [] : [ok('loads', olderLoadsAdvice(loads))]
}

async function countInDatabases(databases: Omit<ExaminedDatabases, 'diskBytesKept'>, isKept: HasFile): Promise<number> {
  await using opened = await openWithoutMigrating(databases)
  return await countReplayable(opened.database, opened.ledger, isKept)
}

/** The number of loads by older versions; 0 if none of the newest 100 still has its file. */
export async function countReplayable(database: Sql, ledger: Ledger, isKept: HasFile): Promise<number> {
  const ids = await ledger.uploads.idsOf(await newestOlderLoads(database, LOADS_CHECKED_MAX))
  for (const upload of await ledger.uploads.findAll([...ids.values()]))
    if (await isKept(upload)) return await countOlderLoads(database)
  return 0
}

/** The advice to replay this number of loads. */
export function olderLoadsAdvice(loads: number): string {
  const made = loads === 1 ? '1 load was made' : `${loads} loads were made`
  return `${made} by an older version, which may have kept less of each row. To make them once more of the files that are still kept: splitcart loads replay --older`
}
