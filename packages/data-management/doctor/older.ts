/** Loads that an older version has made, and whose files are still kept: they can be made once more. */
import { type CheckResult, ok } from '@splitcart/shared/check-result.ts'
import { countOlderLoads, newestOlderLoads } from '../catalogue/older-loads.ts'
import type { Sql } from '../database/sql.ts'
import type { Inbox } from '../inbox/inbox.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Databases, openAsTheyAre } from './conditions.ts'

/** Tells whether there are bytes that may be an upload's. */
type IsKept = Inbox['has']

const LOOKED_AT_MAX = 100

/** Tells of them, where there are some. None where the databases cannot be asked: that is told elsewhere. */
export async function checkOlderLoads(
  databases: Omit<Databases, 'diskBytesKept'>,
  isKept: IsKept,
): Promise<CheckResult[]> {
  const loads = await countIn(databases, isKept).catch(() => 0)
  return loads === 0 ? [] : [ok('loads', olderTold(loads))]
}

async function countIn(databases: Omit<Databases, 'diskBytesKept'>, isKept: IsKept): Promise<number> {
  await using asked = await openAsTheyAre(databases)
  return await countReplayable(asked.database, asked.ledger, isKept)
}

/** How many loads an older version has made; 0 where the file of none of the newest of them is kept any more. */
export async function countReplayable(database: Sql, ledger: Ledger, isKept: IsKept): Promise<number> {
  const ids = await ledger.uploads.idsOf(await newestOlderLoads(database, LOOKED_AT_MAX))
  for (const upload of await ledger.uploads.findAll([...ids.values()]))
    if (await isKept(upload)) return await countOlderLoads(database)
  return 0
}

/** What a person is told of so many loads. */
export function olderTold(loads: number): string {
  const made = loads === 1 ? '1 load was made' : `${loads} loads were made`
  return `${made} by an older version, which may have kept less of each row. To make them once more of the files that are still kept: splitcart loads replay --older`
}
