/** Checks for `splitcart doctor` which conditions hold now: the same ones that notices report. */
import { type CheckResult, ok, warn } from '@splitcart/shared/check-result.ts'
import type { Disk } from '@splitcart/shared/disk.ts'
import { findLoad } from '../catalogue/loads.ts'
import { foldersIn } from '../folders.ts'
import type { QueryContext } from '../http/threads/query-context.ts'
import { currentConditions } from '../notices/condition-changes.ts'
import type { ServerFacts } from '../notices/condition-input.ts'
import { conditionKind } from '../notices/conditions.ts'
import { openDatabasesReadOnly, type ReadOnlyDatabases } from '../read-only-databases.ts'
import { knownMigrations, SCHEMAS } from '../schemas.ts'

const EXAMPLES_MAX = 3
// Values without conditions: `doctor` checks disk and loader separately.
const DISK = { is_low: false, free_bytes: 0, total_bytes: 0, kept_bytes: 0 }
const SERVER_FACTS: ServerFacts = { machine: '', disk: DISK, hasLoader: true, damage: null }

/** Where the databases are. `server`: the address of the PostgreSQL that has both; undefined: they are files. */
export type ExaminedDatabases = Readonly<{
  dataDir: string
  catalogue: string
  server: string | undefined
  diskBytesKept: number
}>

/** A warning for each kind with conditions. Nothing if the databases cannot be read: another check reports that. */
export async function checkConditions(disk: Disk, examined: ExaminedDatabases): Promise<CheckResult[]> {
  const found = await conditionsIn(disk, examined).catch(() => undefined)
  if (found === undefined) return []
  if (found.length === 0) return [ok('attention', 'nothing needs a person')]
  return [...Map.groupBy(found, ({ kind }) => kind)].map(([kind, those]) => {
    const { one, many, todo } = conditionKind(kind)!
    const named = those.slice(0, EXAMPLES_MAX).map(({ text }) => text)
    const more = those.length > EXAMPLES_MAX ? `; and ${those.length - EXAMPLES_MAX} more` : ''
    return warn('attention', `${those.length} ${those.length === 1 ? one : many}: ${named.join('; ')}${more}`, todo)
  })
}

async function conditionsIn(disk: Disk, { dataDir, catalogue, server, diskBytesKept }: ExaminedDatabases) {
  await using opened = await openWithoutMigrating({ dataDir, catalogue, server })
  const { database, ledger, path } = opened
  const folders = foldersIn(dataDir)
  const context: QueryContext = {
    catalogue: { database, path, findLoad: (id) => findLoad(database, id) },
    inbox: { disk, folders, ledger, diskBytesKept, now: Date.now },
  }
  return await currentConditions(context, SERVER_FACTS)
}

/** Opens the databases read-only. Throws if the schemas in PostgreSQL are not of this version. */
export async function openWithoutMigrating({
  dataDir,
  catalogue,
  server,
}: Omit<ExaminedDatabases, 'diskBytesKept'>): Promise<ReadOnlyDatabases> {
  if (server !== undefined) await checkSchemas(server)
  const { data: dataFolder } = foldersIn(dataDir)
  return await openDatabasesReadOnly({ dataFolder, catalogue: server === undefined ? { file: catalogue } : { server } })
}

/** Throws unless both schemas are of this version: opening an older one would migrate it. */
async function checkSchemas(server: string): Promise<void> {
  const { readSchemaState } = await import('../database/postgres-inspect.ts')
  for (const schema of SCHEMAS)
    if ((await readSchemaState(server, schema)).migrations !== knownMigrations(schema, 'postgres'))
      throw new Error(`the schema ${schema} is another one`)
}
