/** Opens what the commands of the receiving machine work with. */
import { join, resolve } from 'node:path'
import { type Catalogue, openCatalogue } from '@splitcart/data-management/catalogue/catalogue.ts'
import { checkNoSwap } from '@splitcart/data-management/database/swap.ts'
import { type Folders, foldersIn, makeFolders } from '@splitcart/data-management/folders.ts'
import { jetStreamPlaceOf } from '@splitcart/data-management/inbox/jetstream-place.ts'
import { type Ledger, openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { checkPair, type Pair } from '@splitcart/data-management/pair.ts'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { checkPrivate } from '@splitcart/shared/private-folder.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import {
  databaseFile,
  databaseServer,
  inboxServers,
  type Settings,
  withoutPassword,
} from '@splitcart/shared/settings.ts'

export type DataManagement = Readonly<{ disk: Disk; folders: Folders; ledger: Ledger; catalogue: Catalogue }> &
  AsyncDisposable

const KEY_CHARACTERS_MIN = 16

/** Makes the folders that are missing and opens ledger and catalogue, which must belong together. */
export async function openDataManagement(settings: Settings): Promise<DataManagement> {
  const machine = await openUnpaired(settings)
  try {
    await checkPair(pairOf(machine, settings))
    return machine
  } catch (error) {
    await machine[Symbol.asyncDispose]()
    throw error
  }
}

/** The databases of a machine, by the names that people know. */
export function pairOf({ ledger, catalogue }: DataManagement, settings: Settings): Pair {
  const server = databaseServer(settings)
  const names =
    server === undefined
      ? { ledger: join(resolve(settings.DATA_MANAGEMENT_DATA_DIR), 'ledger.db'), catalogue: databaseFile(settings) }
      : { ledger: 'the ledger there', catalogue: withoutPassword(server) }
  return { ledger, catalogue: catalogue.database, names }
}

/** The same, whether they belong together or not. */
export async function openUnpaired(settings: Settings): Promise<DataManagement> {
  checkInbox(settings)
  const disk = realDisk()
  const folders = foldersIn(settings.DATA_MANAGEMENT_DATA_DIR)
  await checkPrivate(disk, Object.values(folders))
  await checkNoSwap(folders.data)
  await makeFolders(disk, folders)
  const stack = new AsyncDisposableStack()
  try {
    const { catalogue, ledger } = await openDatabases(settings, stack)
    return { disk, folders, ledger, catalogue, [Symbol.asyncDispose]: () => stack.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

async function openDatabases(settings: Settings, stack: AsyncDisposableStack) {
  const server = databaseServer(settings)
  if (server === undefined)
    return {
      ledger: stack.use(openLedger(foldersIn(settings.DATA_MANAGEMENT_DATA_DIR).data, settings.API_SECRET_KEY)),
      catalogue: stack.use(openCatalogue(databaseFile(settings))) as Catalogue,
    }
  // Loaded only where they are needed: others need not wait for the client of PostgreSQL.
  const { openPostgresCatalogue } = await import('@splitcart/data-management/catalogue/postgres/catalogue.ts')
  const { openPostgresLedger } = await import('@splitcart/data-management/ledger/postgres.ts')
  return {
    ledger: stack.use(await openPostgresLedger(server, settings.API_SECRET_KEY)),
    catalogue: stack.use(await openPostgresCatalogue(server)),
  }
}

/** A key that guards a server must not be guessed; a sender may hold whatever it was given. */
export function checkServerKey({ API_SECRET_KEY: key }: Settings): void {
  if (key !== undefined && key.length < KEY_CHARACTERS_MIN)
    throw new Problem(
      'settings_invalid',
      `\n  API_SECRET_KEY: a server needs one of at least ${KEY_CHARACTERS_MIN} characters; "splitcart keys create NAME" makes a good one`,
    )
}

/** The inbox lies in the data folder, where another one that is named would not be looked at, or in servers that a fleet shares. */
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
    jetStreamPlaceOf(settings.INBOX_URL!)
  } catch (error) {
    throw new Problem('settings_invalid', `\n  INBOX_URL: expected ${(error as Error).message}, got "${address}"`)
  }
  if (databaseServer(settings) === undefined)
    throw new Problem(
      'settings_invalid',
      `\n  INBOX_URL: ${address} needs a DATABASE_URL that machines can share: postgres://…`,
    )
}
