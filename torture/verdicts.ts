/** Random stories of files, verdicts and undos on both databases at once. */
import { keptPostgres, openSqlite } from '../packages/data-management/test/catalogues.ts'
import { faultOfVerdicts } from '../packages/data-management/test/verdict-case.ts'
import { NO_POSTGRES, startCluster } from '../test/postgres.ts'
import type { Case } from './campaign.ts'

// What two files and a word between them do not show, more of them hardly do: rather more stories.
const FILES_MAX = 4

/** Starts a PostgreSQL for the stories of a campaign; `need` refuses where there is none. Stories at the same time have databases of their own. */
export async function verdicts(need: (missing: string | false) => void): Promise<Case> {
  need(NO_POSTGRES)
  const cluster = await startCluster()
  const keep = async () => keptPostgres((await cluster.makeDatabase()).address)
  const all: Awaited<ReturnType<typeof keep>>[] = []
  const free: typeof all = []
  const faultOf: Case = async (seed) => {
    const kept = free.pop() ?? (await keep())
    if (!all.includes(kept)) all.push(kept)
    const fault = await faultOfVerdicts(seed, [openSqlite, kept.open], FILES_MAX)
    free.push(kept)
    return fault
  }
  faultOf.close = async () => {
    for (const kept of all) await kept[Symbol.asyncDispose]()
    await cluster[Symbol.asyncDispose]()
  }
  return faultOf
}
