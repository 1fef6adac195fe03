/** What needs a person, as notices tell it: the same list, looked at now. */
import type { Disk } from '@splitcart/shared/disk.ts'
import { type Finding, ok, warn } from '@splitcart/shared/finding.ts'
import type { Reading } from './api/reading.ts'
import { findLoad } from './catalogue/loads.ts'
import type { Sql } from './database/sql.ts'
import { SqliteDatabase } from './database/sqlite.ts'
import { foldersIn } from './folders.ts'
import { type Ledger, openLedgerToAsk } from './ledger/ledger.ts'
import { kindOf } from './notices/conditions.ts'
import { conditionsNow } from './notices/look.ts'
import type { Outside } from './notices/looked.ts'
import { migrationsKnown, SCHEMAS } from './schemas.ts'

const NAMED_MAX = 3
// Disk and loader have checks of their own.
const DISK = { is_low: false, free_bytes: 0, total_bytes: 0, kept_bytes: 0 }
const OUTSIDE: Outside = { machine: '', disk: DISK, hasLoader: true, damage: null }

/** Where they are. `server`: the PostgreSQL that has both; undefined where they are files. */
type Databases = Readonly<{ dataDir: string; catalogue: string; server: string | undefined; diskBytesKept: number }>

/** One for each kind of which there is something. None where the databases cannot be asked: that is told elsewhere. */
export async function conditionFindings(disk: Disk, examined: Databases): Promise<Finding[]> {
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
  const folders = foldersIn(dataDir)
  await using stack = new AsyncDisposableStack()
  const { database, ledger } =
    server === undefined
      ? { database: stack.use(SqliteDatabase.openToAsk(catalogue)), ledger: stack.use(openLedgerToAsk(folders.data)) }
      : await openServer(server, stack)
  const inbox = { disk, folders, ledger, diskBytesKept, now: Date.now }
  const asked = {
    database,
    path: server === undefined ? catalogue : null,
    findLoad: (id: string) => findLoad(database, id),
  }
  const reading: Reading = { catalogue: asked, inbox }
  return await conditionsNow(reading, OUTSIDE)
}

async function openServer(server: string, stack: AsyncDisposableStack): Promise<{ database: Sql; ledger: Ledger }> {
  const { lookAtSchema } = await import('./database/postgres-look.ts')
  // Opening them would bring them up to date.
  for (const schema of SCHEMAS)
    if ((await lookAtSchema(server, schema)).made !== migrationsKnown(schema, 'postgres'))
      throw new Error(`the schema ${schema} is another one`)
  const { openPostgresCatalogue } = await import('./catalogue/dialects/postgres/catalogue.ts')
  const { openPostgresLedger } = await import('./ledger/postgres.ts')
  const limits = { connections: 1 }
  const ledger = stack.use(await openPostgresLedger(server, undefined, limits))
  return { database: stack.use(await openPostgresCatalogue(server, limits)).database, ledger }
}
