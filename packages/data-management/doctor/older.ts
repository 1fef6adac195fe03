/** Finds loads of an older version whose files are still kept: they can be replayed. */
import { type CheckResult, ok } from '@splitcart/shared/check-result.ts'
import { countOlderLoads, newestOlderLoads } from '../catalogue/older-loads.ts'
import type { Sql } from '../database/sql.ts'
import type { Inbox } from '../inbox/inbox.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Databases, openAsTheyAre } from './conditions.ts'

/** Whether a file exists that may hold the bytes of an upload. */
type HasFile = Inbox['has']

// The loads whose files are looked for: the newest, because old files are pruned first.
const LOADS_CHECKED_MAX = 100

/** A result if there are such loads. None if the databases cannot be read: other checks report that. */
export async function checkOlderLoads(
  databases: Omit<Databases, 'diskBytesKept'>,
  isKept: HasFile,
): Promise<CheckResult[]> {
  const loads = await countIn(databases, isKept).catch(() => 0)
  return loads === 0 ? [] : [ok('loads', olderLoadsAdvice(loads))]
}

async function countIn(databases: Omit<Databases, 'diskBytesKept'>, isKept: HasFile): Promise<number> {
  await using opened = await openAsTheyAre(databases)
  return await countReplayable(opened.database, opened.ledger, isKept)
}

/** How many loads an older version made; 0 if no file of the newest 100 is kept any more. */
export async function countReplayable(database: Sql, ledger: Ledger, isKept: HasFile): Promise<number> {
  const ids = await ledger.uploads.idsOf(await newestOlderLoads(database, LOADS_CHECKED_MAX))
  for (const upload of await ledger.uploads.findAll([...ids.values()]))
    if (await isKept(upload)) return await countOlderLoads(database)
  return 0
}

/** The advice to a person about so many older loads. */
export function olderLoadsAdvice(loads: number): string {
  const made = loads === 1 ? '1 load was made' : `${loads} loads were made`
  return `${made} by an older version, which may have kept less of each row. To make them once more of the files that are still kept: splitcart loads replay --older`
}
