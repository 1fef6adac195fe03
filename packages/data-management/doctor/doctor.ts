/** The checks of `splitcart doctor` on the receiving machine. Read-only, but for a probe file that it removes again. */
import { join } from 'node:path'
import {
  type CheckResult,
  checkFreeSpace,
  checkOwner,
  fail,
  ok,
  runCheck,
  warn,
} from '@splitcart/shared/check-result.ts'
import { codeOf, type Disk, isMissing, systemFaultOf } from '@splitcart/shared/disk.ts'
import { removeIfThere, writePart } from '@splitcart/shared/durable-file.ts'
import { LOADED_KIND_NAMES, PRODUCTS } from '@splitcart/shared/kinds.ts'
import { isLocked } from '@splitcart/shared/lock.ts'
import { withoutPassword } from '@splitcart/shared/postgres-address.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { SchemaState } from '../database/postgres-look.ts'
import { type Folders, foldersIn, foldersOfKind } from '../folders.ts'
import { storedFileExists } from '../inbox/stored.ts'
import { SERVE_LOCK, UPDATE_DB_LOCK } from '../lock-names.ts'
import { migrationsIn, migrationsKnown, SCHEMAS, type Schema } from '../schemas.ts'
import { checkConditions } from './conditions.ts'
import { checkDates } from './dates.ts'
import { checkKeptFiles } from './kept.ts'
import { checkOlderLoads } from './older.ts'

const PROBE = '.doctor-probe'
const FOLDER_MISSING = 'The next start of the server makes it. If there were files in it, see that its disk is mounted.'
const FOLDER_UNREAD = 'Run this as the user of the server, and look at the rights of the folder and at the disk.'
const AS_ITS_USER = 'Run it as the user of the server: sudo -u splitcart splitcart doctor'

/** What to examine: the data folder, the file of the catalogue or the PostgreSQL that has it, and the room that uploads leave. */
export type Examined = Readonly<{
  dataDir: string
  catalogue: string
  server: string | undefined
  /** Whether this machine belongs to a fleet, in which others receive and load, too. */
  isOfFleet: boolean
  diskBytesKept: number
}>

/** Whether a server has ever run here. */
export async function isSetUp(disk: Disk, dataDir: string): Promise<boolean> {
  return !(await isMissing(disk, foldersIn(dataDir).inbox))
}

/** Examines the data folder, the databases, and who is at work. */
export async function* examineDataManagement(disk: Disk, examined: Examined): AsyncGenerator<CheckResult> {
  const folders = foldersIn(examined.dataDir)
  for (const folder of [folders.data, folders.inbox])
    yield await runCheck('folder', AS_ITS_USER, () => checkOwner(disk, 'folder', folder))
  yield* checkFoldersOfFiles(disk, folders)
  yield await runCheck('inbox', AS_ITS_USER, () => inboxWritable(disk, folders))
  const files = { ledger: join(folders.data, 'ledger.db'), catalogue: examined.catalogue }
  for (const name of SCHEMAS)
    yield await (examined.server === undefined
      ? checkDatabase(name, files[name])
      : checkDatabaseSchema(name, examined.server))
  const dates = await checkDates(examined.catalogue, examined.server)
  if (dates !== undefined) yield dates
  const kept = examined.server === undefined ? await checkKeptFiles(disk, folders) : undefined
  if (kept !== undefined) yield kept
  if (!examined.isOfFleet) yield* await checkOlderLoads(examined, (upload) => storedFileExists(disk, folders, upload))
  yield* await checkConditions(disk, examined)
  yield await runCheck('disk', AS_ITS_USER, () => checkFreeSpace(disk, folders.inbox, examined.diskBytesKept))
  yield* await checkWorkers(folders, examined.isOfFleet)
}

/** Reports the folders of files that cannot be listed: else nothing would tell of it until a file there is wanted. */
async function* checkFoldersOfFiles(disk: Disk, folders: Folders): AsyncGenerator<CheckResult> {
  const faultOf = (folder: string) =>
    disk.readdir(folder).then(
      () => undefined,
      (error: unknown) => error,
    )
  // Where the data folder cannot be read, none of those in it can.
  if ((await faultOf(folders.data)) !== undefined) return
  for (const kind of LOADED_KIND_NAMES) {
    const { inbox, held, processed, failed } = foldersOfKind(folders, kind)
    for (const folder of [inbox, held, processed, failed]) {
      const fault = await faultOf(folder)
      const isGone = codeOf(fault) === 'ENOENT'
      // Those of other kinds are made when KINDS names them.
      if (fault === undefined || (isGone && kind !== PRODUCTS)) continue
      if (isGone) yield warn('folder', `${folder} is not there`, FOLDER_MISSING)
      else yield fail('folder', `${folder}: ${systemFaultOf(fault)}`, FOLDER_UNREAD)
    }
  }
}

async function inboxWritable(disk: Disk, folders: Folders): Promise<CheckResult> {
  const probe = join(folders.parts, PROBE)
  await removeIfThere(disk, probe)
  await writePart(disk, probe, (file) => file.appendFile('a test of splitcart doctor; it may be deleted\n'))
  await removeIfThere(disk, probe)
  return ok('inbox', 'files can be written and synced')
}

function checkDatabase(name: Schema, path: string): Promise<CheckResult> {
  const todo = `${AS_ITS_USER}. If the file is damaged, restore a backup: splitcart restore FILE`
  return runCheck(name, todo, async () => {
    const made = migrationsIn(path)
    return resultOfVersion(name, `${path}, schema ${made}`, made - migrationsKnown(name, 'sqlite'))
  })
}

function checkDatabaseSchema(name: Schema, server: string): Promise<CheckResult> {
  const todo = 'See that PostgreSQL runs, that DATABASE_URL is its address, and that this user may write there.'
  const address = withoutPassword(server)
  return runCheck(name, todo, async () => {
    const { readSchemaState } = await import('../database/postgres-look.ts')
    try {
      const looked = await readSchemaState(server, name)
      const fault = faultOf(looked)
      if (fault !== undefined) return fail(name, `${address}: ${fault}`, todo)
      const known = migrationsKnown(name, 'postgres')
      const detail = `${address}, PostgreSQL ${looked.version}, schema ${name} at ${looked.migrations}`
      return resultOfVersion(name, detail, looked.migrations - known)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      return fail(name, `${address}: ${error.message}`, todo)
    }
  })
}

/** What keeps the next start from making or bringing up to date its tables. */
function faultOf({ encoding, isReadOnly, mayCreate, migrations }: SchemaState): string | undefined {
  if (isReadOnly) return 'it can only be read: a standby, a full disk, or default_transaction_read_only'
  if (encoding !== 'UTF8') return `its encoding is ${encoding}; make one with: create database … encoding 'UTF8'`
  return migrations === 0 && !mayCreate ? 'this user may not make schemas in it (grant create on database)' : undefined
}

/** `ahead`: by how many migrations the database is ahead of this program. */
function resultOfVersion(name: string, detail: string, ahead: number): CheckResult {
  if (ahead > 0) return fail(name, `${detail}, made by a newer program`, 'Start the newer program.')
  return ok(name, ahead < 0 ? `${detail}; the next start brings it up to date` : detail)
}

const WORKERS = [
  { name: 'serve', lock: SERVE_LOCK, consequence: 'so nothing can be sent here' },
  { name: 'update-db', lock: UPDATE_DB_LOCK, consequence: 'so nothing is loaded' },
] as const

/** Who is at work here. A machine of a fleet has one of them, and the other runs elsewhere. */
async function checkWorkers(folders: Folders, isOfFleet: boolean): Promise<CheckResult[]> {
  const looked = WORKERS.map(({ name, lock, consequence }) =>
    runCheck(name, AS_ITS_USER, async () => {
      if (isLocked(join(folders.data, lock))) return ok(name, 'runs')
      return warn(name, `does not run, ${consequence}`, 'Start the server: splitcart serve')
    }),
  )
  const results = await Promise.all(looked)
  if (!isOfFleet || !results.some(({ state }) => state === 'ok')) return results
  const elsewhere = ({ check, state }: CheckResult) =>
    state === 'warn' && ok(check, 'is what other machines of the fleet run')
  return results.map((result) => elsewhere(result) || result)
}
