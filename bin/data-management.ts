/** Opens the databases and folders that the commands of the receiving machine work with. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Catalogue } from '@splitcart/data-management/catalogue/catalogue.ts'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import type { DatabaseFiles } from '@splitcart/data-management/database/backup.ts'
import { checkNoSwap } from '@splitcart/data-management/database/swap.ts'
import { checkDatabasePair, type DatabasePair } from '@splitcart/data-management/database-pair.ts'
import { isSetUp } from '@splitcart/data-management/doctor/doctor.ts'
import { type Folders, foldersIn, foldersToMake, makeFolders } from '@splitcart/data-management/folders.ts'
import { jetStreamAddressOf } from '@splitcart/data-management/inbox/jetstream/address.ts'
import { type Ledger, openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { timeZoneOf } from '@splitcart/shared/day-settings.ts'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { withoutPassword } from '@splitcart/shared/postgres-address.ts'
import { checkPrivate } from '@splitcart/shared/private-folder.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { databaseFile, databaseServer, inboxServers, type Settings } from '@splitcart/shared/settings.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { describeSearch, findSettingsFiles } from './settings-files.ts'

export type DataManagement = Readonly<{
  disk: Disk
  folders: Folders
  ledger: Ledger
  catalogue: Catalogue
  zone: TimeZone
}> &
  AsyncDisposable

const KEY_CHARACTERS_MIN = 16

/**
 * Opens ledger and catalogue of an existing server, which must belong together; creates nothing in a wrong folder. With
 * PostgreSQL no folder is needed.
 */
export async function openDataManagement(settings: Settings): Promise<DataManagement> {
  return await openPaired(settings, () => openUnpaired(settings))
}

async function openPaired(settings: Settings, open: () => Promise<DataManagement>): Promise<DataManagement> {
  const machine = await open()
  try {
    await checkDatabasePair(databasePairOf(machine, settings))
    return machine
  } catch (error) {
    await machine[Symbol.asyncDispose]()
    throw error
  }
}

/** The ledger and catalogue of a machine, with their names for messages. */
export function databasePairOf({ ledger, catalogue }: DataManagement, settings: Settings): DatabasePair {
  const server = databaseServer(settings)
  const names =
    server === undefined ? sqliteFilesOf(settings) : { ledger: 'the ledger there', catalogue: withoutPassword(server) }
  return { ledger, catalogue: catalogue.database, names }
}

/** Paths of the SQLite files of ledger and catalogue. */
export function sqliteFilesOf(settings: Settings): DatabaseFiles {
  const ledger = join(resolve(settings.DATA_MANAGEMENT_DATA_DIR), 'ledger.db')
  return { catalogue: databaseFile(settings), ledger }
}

/** Opens ledger and catalogue without checking that they belong together. */
export async function openUnpaired(settings: Settings): Promise<DataManagement> {
  checkInbox(settings)
  if (databaseServer(settings) === undefined) await checkServerData(settings)
  return await openFoldersAndDatabases(settings)
}

/** Like openDataManagement, but creates missing folders too: for the server and the loader. */
export async function setUpDataManagement(settings: Settings): Promise<DataManagement> {
  checkInbox(settings)
  const folders = foldersIn(settings.DATA_MANAGEMENT_DATA_DIR)
  await checkPrivate(realDisk(), foldersToMake(folders, settings.KINDS))
  await checkNoSwap(folders.data)
  await makeFolders(realDisk(), folders, settings.KINDS)
  return await openPaired(settings, () => openFoldersAndDatabases(settings))
}

/** Throws `data_missing` if no server has ever run here, `folder_unsafe` if this user must not work here. */
export async function checkServerData({ DATA_MANAGEMENT_DATA_DIR: dataDir }: Settings): Promise<void> {
  const folders = foldersIn(dataDir)
  await checkPrivate(realDisk(), Object.values(folders))
  await checkNoSwap(folders.data)
  if (await isSetUp(realDisk(), dataDir)) return
  const found = findSettingsFiles()
  const closed =
    found.closed.length === 0 ? '' : '; whom the last file is for may read it: sudo -u splitcart splitcart …'
  throw new Problem('data_missing', `${folders.data} holds none; settings come from ${describeSearch(found)}${closed}`)
}

async function openFoldersAndDatabases(settings: Settings): Promise<DataManagement> {
  const disk = realDisk()
  const stack = new AsyncDisposableStack()
  try {
    const folders = await foldersFor(settings, stack)
    const { catalogue, ledger } = await openDatabases(settings, stack)
    return {
      disk,
      folders,
      ledger,
      catalogue,
      zone: timeZoneOf(settings),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

/** The data folders; temporary ones for files fetched from a fleet's inbox if no server is set up here. */
async function foldersFor(settings: Settings, stack: AsyncDisposableStack): Promise<Folders> {
  const { DATA_MANAGEMENT_DATA_DIR: dataDir } = settings
  if (inboxServers(settings) === undefined || (await isSetUp(realDisk(), dataDir))) return foldersIn(dataDir)
  const temporary = await mkdtemp(join(tmpdir(), 'splitcart-'))
  stack.defer(() => rm(temporary, { recursive: true, force: true }))
  await makeFolders(realDisk(), foldersIn(temporary))
  return foldersIn(temporary)
}

async function openDatabases(settings: Settings, stack: AsyncDisposableStack) {
  const server = databaseServer(settings)
  if (server === undefined)
    return {
      ledger: stack.use(openLedger(foldersIn(settings.DATA_MANAGEMENT_DATA_DIR).data, settings.API_SECRET_KEY)),
      catalogue: stack.use(openCatalogue(databaseFile(settings))) as Catalogue,
    }
  // Imported only when needed: loading the PostgreSQL client takes time.
  const { openPostgresCatalogue } = await import('@splitcart/data-management/catalogue/dialects/postgres/catalogue.ts')
  const { openPostgresLedger } = await import('@splitcart/data-management/ledger/postgres.ts')
  return {
    ledger: stack.use(await openPostgresLedger(server, settings.API_SECRET_KEY)),
    catalogue: stack.use(await openPostgresCatalogue(server)),
  }
}

/** Throws if the server's key is short enough to be guessed; a sender's key may have any length. */
export function checkServerKey({ API_SECRET_KEY: key }: Settings): void {
  if (key !== undefined && key.length < KEY_CHARACTERS_MIN)
    throw new Problem(
      'settings_invalid',
      `\n  API_SECRET_KEY: a server needs one of at least ${KEY_CHARACTERS_MIN} characters; "splitcart keys create NAME" makes a good one`,
    )
}

/** Checks INBOX_URL: a fleet's servers, or the inbox in the data folder, since no other folder would be read. */
export function checkInbox(settings: Settings): void {
  const { INBOX_URL: address, DATA_MANAGEMENT_DATA_DIR: dataDir } = settings
  if (inboxServers(settings) !== undefined) {
    checkFleet(settings)
    return
  }
  if (address === undefined || resolve(address.replace(/^file:(?:\/\/(?=\/))?/, '')) === resolve(dataDir)) return
  throw new Problem('settings_invalid', `\n  INBOX_URL: expected file:${dataDir}, the data folder, got "${address}"`)
}

function checkFleet(settings: Settings): void {
  const address = withoutPassword(settings.INBOX_URL!)
  try {
    jetStreamAddressOf(settings.INBOX_URL!)
  } catch (error) {
    throw new Problem('settings_invalid', `\n  INBOX_URL: expected ${(error as Error).message}, got "${address}"`)
  }
  if (databaseServer(settings) === undefined)
    throw new Problem(
      'settings_invalid',
      `\n  INBOX_URL: ${address} needs a DATABASE_URL that machines can share: postgres://…`,
    )
}
