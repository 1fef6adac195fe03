/** The checks of `splitcart doctor` on the server's machine. They write nothing but a probe file, which they remove. */
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
import { codeOf, type Disk, isMissing, systemErrorMessage } from '@splitcart/shared/disk.ts'
import { removeIfThere, writePart } from '@splitcart/shared/durable-file.ts'
import { LOADED_KIND_NAMES, PRODUCTS } from '@splitcart/shared/kinds.ts'
import { isLocked } from '@splitcart/shared/lock.ts'
import { withoutPassword } from '@splitcart/shared/postgres-address.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { SchemaState } from '../database/postgres-inspect.ts'
import { type Folders, foldersIn, foldersOfKind } from '../folders.ts'
import { storedFileExists } from '../inbox/stored.ts'
import { SERVE_LOCK, UPDATE_DB_LOCK } from '../lock-names.ts'
import { appliedMigrations, knownMigrations, SCHEMAS, type Schema } from '../schemas.ts'
import { checkConditions, type ExaminedDatabases } from './conditions.ts'
import { checkDates } from './dates.ts'
import { checkKeptFiles } from './kept-files.ts'
import { checkOlderLoads } from './older-loads.ts'

const PROBE = '.doctor-probe'
const MISSING_TODO = 'The next start of the server makes it. If there were files in it, see that its disk is mounted.'
const UNREADABLE_TODO = 'Run this as the user of the server, and look at the rights of the folder and at the disk.'
const RUN_AS_SERVER_USER = 'Run it as the user of the server: sudo -u splitcart splitcart doctor'

/** What to check. `isOfFleet`: this machine belongs to a fleet, in which others receive and load, too. */
export type Examined = ExaminedDatabases & Readonly<{ isOfFleet: boolean }>

/** Whether a server has ever run here. */
export async function isSetUp(disk: Disk, dataDir: string): Promise<boolean> {
  return !(await isMissing(disk, foldersIn(dataDir).inbox))
}

/** Checks the data folder, the databases, and which programs run. */
export async function* examineDataManagement(disk: Disk, examined: Examined): AsyncGenerator<CheckResult> {
  const folders = foldersIn(examined.dataDir)
  for (const folder of [folders.data, folders.inbox])
    yield await runCheck('folder', RUN_AS_SERVER_USER, () => checkOwner(disk, 'folder', folder))
  yield* checkFileFolders(disk, folders)
  yield await runCheck('inbox', RUN_AS_SERVER_USER, () => checkInboxWritable(disk, folders))
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
  yield await runCheck('disk', RUN_AS_SERVER_USER, () => checkFreeSpace(disk, folders.inbox, examined.diskBytesKept))
  yield* await checkPrograms(folders, examined.isOfFleet)
}

/** Reports folders of files that cannot be listed. Otherwise this would show only when a file from there is needed. */
async function* checkFileFolders(disk: Disk, folders: Folders): AsyncGenerator<CheckResult> {
  const faultOf = (folder: string) =>
    disk.readdir(folder).then(
      () => undefined,
      (error: unknown) => error,
    )
  // If the data folder cannot be read, neither can those in it: one report is enough.
  if ((await faultOf(folders.data)) !== undefined) return
  for (const kind of LOADED_KIND_NAMES) {
    const { inbox, held, processed, failed } = foldersOfKind(folders, kind)
    for (const folder of [inbox, held, processed, failed]) {
      const fault = await faultOf(folder)
      const isGone = codeOf(fault) === 'ENOENT'
      // The folders of other kinds exist only if KINDS names these.
      if (fault === undefined || (isGone && kind !== PRODUCTS)) continue
      if (isGone) yield warn('folder', `${folder} is not there`, MISSING_TODO)
      else yield fail('folder', `${folder}: ${systemErrorMessage(fault)}`, UNREADABLE_TODO)
    }
  }
}

async function checkInboxWritable(disk: Disk, folders: Folders): Promise<CheckResult> {
  const probe = join(folders.parts, PROBE)
  await removeIfThere(disk, probe)
  await writePart(disk, probe, (file) => file.appendFile('a test of splitcart doctor; it may be deleted\n'))
  await removeIfThere(disk, probe)
  return ok('inbox', 'files can be written and synced')
}

function checkDatabase(name: Schema, path: string): Promise<CheckResult> {
  const todo = `${RUN_AS_SERVER_USER}. If the file is damaged, restore a backup: splitcart restore FILE`
  return runCheck(name, todo, async () => {
    const made = appliedMigrations(path)
    return versionResult(name, `${path}, schema ${made}`, made - knownMigrations(name, 'sqlite'))
  })
}

function checkDatabaseSchema(name: Schema, server: string): Promise<CheckResult> {
  const todo = 'See that PostgreSQL runs, that DATABASE_URL is its address, and that this user may write there.'
  const address = withoutPassword(server)
  return runCheck(name, todo, async () => {
    const { readSchemaState } = await import('../database/postgres-inspect.ts')
    try {
      const looked = await readSchemaState(server, name)
      const fault = schemaFault(looked)
      if (fault !== undefined) return fail(name, `${address}: ${fault}`, todo)
      const known = knownMigrations(name, 'postgres')
      const detail = `${address}, PostgreSQL ${looked.version}, schema ${name} at ${looked.migrations}`
      return versionResult(name, detail, looked.migrations - known)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      return fail(name, `${address}: ${error.message}`, todo)
    }
  })
}

/** Why the next start of the server could not create or migrate its tables; undefined: it can. */
function schemaFault({ encoding, isReadOnly, mayCreate, migrations }: SchemaState): string | undefined {
  if (isReadOnly) return 'it can only be read: a standby, a full disk, or default_transaction_read_only'
  if (encoding !== 'UTF8') return `its encoding is ${encoding}; make one with: create database … encoding 'UTF8'`
  return migrations === 0 && !mayCreate ? 'this user may not make schemas in it (grant create on database)' : undefined
}

/** `ahead`: by how many migrations the database is ahead of this program. */
function versionResult(name: string, detail: string, ahead: number): CheckResult {
  if (ahead > 0) return fail(name, `${detail}, made by a newer program`, 'Start the newer program.')
  return ok(name, ahead < 0 ? `${detail}; the next start brings it up to date` : detail)
}

const PROGRAMS = [
  { name: 'serve', lock: SERVE_LOCK, consequence: 'so nothing can be sent here' },
  { name: 'update-db', lock: UPDATE_DB_LOCK, consequence: 'so nothing is loaded' },
] as const

/** Whether `serve` and `update-db` run. On a machine of a fleet one of them is enough: the other may run elsewhere. */
async function checkPrograms(folders: Folders, isOfFleet: boolean): Promise<CheckResult[]> {
  const looked = PROGRAMS.map(({ name, lock, consequence }) =>
    runCheck(name, RUN_AS_SERVER_USER, async () => {
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
