/** Random stories of files, verdicts and undos on both databases at once. */
import { openEmptied, openSqlite } from '../packages/data-management/test/catalogues.ts'
import { faultOfVerdicts } from '../packages/data-management/test/verdict-case.ts'
import { NO_POSTGRES, startCluster } from '../test/postgres.ts'
import type { Case } from './campaign.ts'

/** Starts a PostgreSQL for the stories of a campaign; `need` refuses where there is none. */
export async function verdicts(need: (missing: string | false) => void): Promise<Case> {
  need(NO_POSTGRES)
  const cluster = await startCluster()
  const { address } = await cluster.makeDatabase()
  const databases = [openSqlite, () => openEmptied(address)]
  const faultOf: Case = (seed) => faultOfVerdicts(seed, databases)
  faultOf.close = async () => await cluster[Symbol.asyncDispose]()
  return faultOf
}
