/** `splitcart restore`: replaces catalogue and ledger by a backup, both or neither (database/swap.ts). */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { backUp, checkCopy, type DatabaseFiles } from '@splitcart/data-management/database/backup.ts'
import { backupFilesOf } from '@splitcart/data-management/database/backup-folder.ts'
import {
  beginSwap,
  finishSwap,
  readSwap,
  type Swap,
  stagedPathOf,
  undoSwap,
} from '@splitcart/data-management/database/swap.ts'
import { renewIdentity } from '@splitcart/data-management/database-pair.ts'
import { foldersIn, makeFolders } from '@splitcart/data-management/folders.ts'
import { type CarryOverCounts, carryOver, keysUnknownBefore } from '@splitcart/data-management/ledger/carry-over.ts'
import type { LedgerDatabase } from '@splitcart/data-management/ledger/database.ts'
import { Identity } from '@splitcart/data-management/ledger/identity.ts'
import { openSqliteLedger } from '@splitcart/data-management/ledger/sqlite.ts'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { remove } from '@splitcart/shared/durable-file.ts'
import { checkPrivate } from '@splitcart/shared/private-folder.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import type { Command } from 'commander'
import { addSettingOptions, loadSettings, pathArgument, run } from '../command-line.ts'
import { takeDataLocks } from '../data-locks.ts'
import { sqliteFilesOf } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { count } from '../format.ts'
import { operatorName } from '../operator.ts'
import type { Terminal } from '../terminal.ts'
import { checkNotPostgres, isFolder } from './backup.ts'

type Options = { json?: boolean; finish?: true; takeBack?: true }

/** Adds the command. */
export function addRestore(program: Command): void {
  const command = program
    .command('restore')
    .description(
      'put a backup in place of catalogue and ledger; what is there is kept aside. The server must be stopped',
    )
    .argument('[file]', 'a file that backup made', pathArgument)
    .option('--finish', 'finish a restore that was interrupted')
    .option('--take-back', 'put back what was there before a restore that was interrupted')
    .action((file: string | undefined, options: Options) => {
      const isEnding = options.finish === true || options.takeBack === true
      if (file === undefined && !isEnding) command.error("error: missing required argument 'file'")
      return run(options, (terminal) => runRestore(file, options, loadSettings(options, 'data-management'), terminal))
    })
  addSettingOptions(command.option('--json', 'print JSON'), ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL'])
}

async function runRestore(file: string | undefined, options: Options, settings: Settings, terminal: Terminal) {
  checkNotPostgres(settings)
  const disk = realDisk()
  const folders = foldersIn(settings.DATA_MANAGEMENT_DATA_DIR)
  if (file !== undefined) checkBackup(file)
  await checkPrivate(disk, Object.values(folders))
  await makeFolders(disk, folders)
  using _locks = takeDataLocks(folders.data)
  const begun = await readSwap(folders.data)
  if (options.finish === true || options.takeBack === true)
    return await endInterrupted(disk, folders.data, { begun, isTakenBack: options.takeBack === true }, terminal)
  if (begun !== undefined)
    throw new Problem('machine_refused', 'a restore was begun and not finished; use --finish or --take-back')
  return await restore(disk, backupFilesOf(resolve(file ?? '')), settings, terminal)
}

type InterruptedRestore = Readonly<{ begun: Swap | undefined; isTakenBack: boolean }>

async function endInterrupted(
  disk: Disk,
  data: string,
  { begun, isTakenBack }: InterruptedRestore,
  terminal: Terminal,
): Promise<number> {
  if (begun === undefined) {
    terminal.say('No restore was interrupted here; there is nothing to do.')
    return EXIT.done
  }
  await (isTakenBack ? undoSwap : finishSwap)(disk, data, begun)
  terminal.say(
    isTakenBack ? 'What was there before the restore is back.' : `Restored. What was there is kept: *.${begun.aside}`,
  )
  terminal.record({ type: 'summary', aside: begun.aside, taken_back: isTakenBack })
  return EXIT.done
}

async function restore(disk: Disk, backup: DatabaseFiles, settings: Settings, terminal: Terminal): Promise<number> {
  const { data } = foldersIn(settings.DATA_MANAGEMENT_DATA_DIR)
  const { ledger, catalogue } = sqliteFilesOf(settings)
  const databases = [ledger, catalogue]
  const wasThere = databases.some((database) => existsSync(database))
  // Complete copies are made first, so that the current databases stay in place if the disk fills up or this is killed.
  for (const database of databases) await remove(disk, stagedPathOf(database))
  await backUp(disk, backup, { ledger: stagedPathOf(ledger), catalogue: stagedPathOf(catalogue) })
  const { carried, back } = await carryOverLedger(ledger, backup.catalogue)
  await renewDatabaseId(stagedPathOf(ledger), stagedPathOf(catalogue))
  const aside = `before-restore-${new Date().toISOString().replace(/[:.]/g, '-')}`
  const swap = { databases, aside }
  await beginSwap(disk, data, swap)
  await finishSwap(disk, data, swap)
  terminal.say(wasThere ? `Restored. What was there is kept: ${catalogue}.${aside}` : 'Restored.')
  if (carried === undefined && wasThere)
    terminal.say('The ledger that was there cannot be read: keys that were revoked since the backup work again.')
  if (carried !== undefined) terminal.say(`${count(carried.ended, 'key')} that had ended since stay ended.`)
  if (carried !== undefined && carried.loaded > 0)
    terminal.say(
      `${count(carried.loaded, 'upload')} that came after the backup will be loaded again from product_processed; what is no longer there, have sent again.`,
    )
  for (const { id, name } of back) terminal.say(`This key works now and was not known before: ${id} ${name}`)
  terminal.record({
    type: 'summary',
    restored: backup.catalogue,
    aside,
    ended: carried?.ended ?? null,
    back: back.map(({ id }) => id),
  })
  return EXIT.done
}

/** Carries over into the restored ledger what a restore must not undo, and records it there. */
async function carryOverLedger(ledger: string, file: string) {
  const restored = openSqliteLedger(stagedPathOf(ledger))
  const before = existsSync(ledger) ? openCurrentLedger(ledger) : undefined
  try {
    const carried: CarryOverCounts | undefined = before && (await carryOver(before, restored))
    await restored.deleteFrom('session').execute()
    const back = await keysUnknownBefore(before, restored, Date.now())
    const keys = back.length === 0 ? 'no key comes back' : `keys that come back: ${back.map(({ id }) => id).join(', ')}`
    const detail = `${file}; ${carried?.ended ?? 0} keys ended again, ${carried?.waiting ?? 0} waiting uploads kept, ${carried?.loaded ?? 0} to be loaded again; ${keys}`
    const entry = { at: Date.now(), who: operatorName(), what: 'backup restored', about: 'catalogue, ledger', detail }
    await restored.insertInto('audit').values(entry).execute()
    return { carried, back }
  } finally {
    await before?.destroy()
    await restored.destroy()
  }
}

/** Gives the databases a new id, by which senders notice that the server may have lost uploads. */
async function renewDatabaseId(ledger: string, catalogue: string): Promise<void> {
  const restored = openSqliteLedger(ledger)
  try {
    using opened = openCatalogue(catalogue)
    await renewIdentity(new Identity(restored), opened.database)
  } finally {
    await restored.destroy()
  }
}

/** Opens the current ledger; undefined if it is damaged, since nothing can be carried over then. */
function openCurrentLedger(ledger: string): LedgerDatabase | undefined {
  try {
    return openSqliteLedger(ledger)
  } catch {
    return undefined
  }
}

/** Throws `backup_unusable` unless the file is a complete backup. */
function checkBackup(file: string): void {
  if (isFolder(file)) throw new Problem('backup_unusable', `${file} is a folder; name the .db file in it`)
  const { catalogue, ledger } = backupFilesOf(resolve(file))
  checkCopy(catalogue, 'price_run')
  checkCopy(ledger, 'upload')
}
