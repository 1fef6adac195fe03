/** Checks the conditions of which notices tell, as they are now. */
import { type CheckResult, ok, warn } from '@splitcart/shared/check-result.ts'
import type { Disk } from '@splitcart/shared/disk.ts'
import { findLoad } from '../catalogue/loads.ts'
import { foldersIn } from '../folders.ts'
import type { Reading } from '../http/threads/reading.ts'
import { kindOf } from '../notices/conditions.ts'
import { conditionsNow } from '../notices/look.ts'
import type { Outside } from '../notices/look-parts.ts'
import { openDatabasesReadOnly, type ReadOnlyDatabases } from '../read-only-databases.ts'
import { migrationsKnown, SCHEMAS } from '../schemas.ts'

const NAMED_MAX = 3
// Without the conditions of disk and loader, which have checks of their own.
const DISK = { is_low: false, free_bytes: 0, total_bytes: 0, kept_bytes: 0 }
const OUTSIDE: Outside = { machine: '', disk: DISK, hasLoader: true, damage: null }

/** Where the databases are. `server`: the PostgreSQL that has both; undefined where they are files. */
export type Databases = Readonly<{
  dataDir: string
  catalogue: string
  server: string | undefined
  diskBytesKept: number
}>

/** One for each kind of which there is something. None where the databases cannot be asked: that is told elsewhere. */
export async function checkConditions(disk: Disk, examined: Databases): Promise<CheckResult[]> {
  const found = await conditionsIn(disk, examined).catch(() => undefined)
  if (found === undefined) return []
  if (found.length === 0) return [ok('attention', 'nothing needs a person')]
  return [...Map.groupBy(found, ({ kind }) => kind)].map(([kind, those]) => {
    const { one, many, todo } = kindOf(kind)!
    const named = those.slice(0, NAMED_MAX).map(({ text }) => text)
    const more = those.length > NAMED_MAX ? `; and ${those.length - NAMED_MAX} more` : ''
    return warn('attention', `${those.length} ${those.length === 1 ? one : many}: ${named.join('; ')}${more}`, todo)
  })
}

async function conditionsIn(disk: Disk, { dataDir, catalogue, server, diskBytesKept }: Databases) {
  await using opened = await openAsTheyAre({ dataDir, catalogue, server })
  const { database, ledger, path } = opened
  const folders = foldersIn(dataDir)
  const reading: Reading = {
    catalogue: { database, path, findLoad: (id) => findLoad(database, id) },
    inbox: { disk, folders, ledger, diskBytesKept, now: Date.now },
  }
  return await conditionsNow(reading, OUTSIDE)
}

/** Opens them to be asked. Throws where that would bring them up to date. */
export async function openAsTheyAre({
  dataDir,
  catalogue,
  server,
}: Omit<Databases, 'diskBytesKept'>): Promise<ReadOnlyDatabases> {
  if (server !== undefined) await checkSchemas(server)
  const { data: dataFolder } = foldersIn(dataDir)
  return await openDatabasesReadOnly({ dataFolder, catalogue: server === undefined ? { file: catalogue } : { server } })
}

/** To open them would bring them up to date. */
async function checkSchemas(server: string): Promise<void> {
  const { readSchemaState } = await import('../database/postgres-look.ts')
  for (const schema of SCHEMAS)
    if ((await readSchemaState(server, schema)).migrations !== migrationsKnown(schema, 'postgres'))
      throw new Error(`the schema ${schema} is another one`)
}
