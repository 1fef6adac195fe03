/** `splitcart backup` and `splitcart restore`: catalogue and ledger as two files, copied while everything runs. */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import {
  backUp,
  checkCopy,
  copyToPart,
  type Databases,
  landPart,
  removePart,
} from '@splitcart/data-management/database/backup.ts'
import { backupIn, backupOf, removeBroken } from '@splitcart/data-management/database/backup-folder.ts'
import { foldersIn, makeFolders } from '@splitcart/data-management/folders.ts'
import { BACKUP_MADE } from '@splitcart/data-management/ledger/audit.ts'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { move } from '@splitcart/shared/durable-file.ts'
import { takeLock } from '@splitcart/shared/lock.ts'
import { checkPrivate } from '@splitcart/shared/private-folder.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { databaseFile, databaseServer, type Settings } from '@splitcart/shared/settings.ts'
import type { Command } from 'commander'
import { configurable, pathArgument, run, settingsOf } from '../command-line.ts'
import { checkServerData } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { person } from '../person.ts'
import type { Terminal } from '../terminal.ts'

type Options = { json?: boolean }

const SETTINGS = ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL'] as const

/** Adds the command `backup`. */
export function addBackup(program: Command): void {
  const command = program
    .command('backup')
    .description(
      'copy catalogue and ledger, also while the server runs: into a folder as splitcart-<time>.db, or to a file; the ledger comes next to it as <file>.ledger',
    )
    .argument('<place>', 'a folder, or a file that must not exist yet', pathArgument)
    .action((file: string, options: Options) =>
      run(options, (terminal) => makeBackup(file, settingsOf(options, 'data-management'), terminal)),
    )
  configurable(command.option('--json', 'print JSON'), SETTINGS)
}

/** Adds the command `restore`. */
export function addRestore(program: Command): void {
  const command = program
    .command('restore')
    .description(
      'put a backup in place of catalogue and ledger; what is there is kept aside. The server must be stopped',
    )
    .argument('<file>', 'a file that backup made', pathArgument)
    .action((file: string, options: Options) =>
      run(options, (terminal) => restoreBackup(file, settingsOf(options, 'data-management'), terminal)),
    )
  configurable(command.option('--json', 'print JSON'), SETTINGS)
}

async function makeBackup(file: string, settings: Settings, terminal: Terminal): Promise<number> {
  checkFiles(settings)
  await checkServerData(settings)
  const disk = realDisk()
  const backup = await placeOf(disk, file)
  await backUp(disk, databasesOf(settings), backup)
  await noteBackup(settings, backup.catalogue, terminal)
  for (const path of [backup.catalogue, backup.ledger]) terminal.say(path)
  terminal.record({ type: 'summary', ...backup })
  return EXIT.done
}

/** Where the copies go: into a folder under the time, or to the file that is named. */
async function placeOf(disk: Disk, file: string): Promise<Databases> {
  const path = resolve(file)
  const folder = isFolder(path) || /[\\/]$/.test(file) ? path : dirname(path)
  if (!isFolder(folder)) throw new Problem('copy_not_made', `there is no folder ${folder}; make it first`)
  // SQLite would say no more than that it is unable to open a file.
  accessSync(folder, constants.W_OK)
  if (folder !== path) return backupOf(path)
  const now = new Date()
  await removeBroken(disk, folder, now)
  return backupIn(folder, now)
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** What lies in PostgreSQL is backed up with its own means, whole, and also while it is in use. */
function checkFiles(settings: Settings): void {
  if (databaseServer(settings) !== undefined)
    throw new Problem(
      'copy_not_made',
      'the databases are in PostgreSQL; use pg_dump and pg_restore, or its backups of a whole server',
    )
}

/** So that the page can say how old it is. Who may only read has made a good backup all the same. */
async function noteBackup(settings: Settings, path: string, terminal: Terminal): Promise<void> {
  try {
    await using ledger = openLedger(resolve(settings.DATA_MANAGEMENT_DATA_DIR))
    await ledger.audit({ at: Date.now(), who: person(), what: BACKUP_MADE, about: 'catalogue, ledger', detail: path })
  } catch (error) {
    terminal.note(`It could not be noted in the audit: ${error instanceof Error ? error.message : error}`)
  }
}

async function restoreBackup(file: string, settings: Settings, terminal: Terminal): Promise<number> {
  checkFiles(settings)
  if (isFolder(file)) throw new Problem('backup_unusable', `${file} is a folder; name the .db file in it`)
  const backup = backupOf(resolve(file))
  checkCopy(backup.catalogue, 'price_run')
  checkCopy(backup.ledger, 'upload')
  const disk = realDisk()
  const { data } = foldersIn(settings.DATA_MANAGEMENT_DATA_DIR)
  await checkPrivate(disk, Object.values(foldersIn(settings.DATA_MANAGEMENT_DATA_DIR)))
  await makeFolders(disk, foldersIn(settings.DATA_MANAGEMENT_DATA_DIR))
  using _server = takeLock(join(data, '.serve.lock'), 'stop the server first: splitcart serve')
  using _loader = takeLock(join(data, '.update-db.lock'), 'stop update-db first')
  const aside = await putInPlace(disk, backup, databasesOf(settings))
  terminal.say(aside.length === 0 ? 'Restored.' : `Restored. What was there is kept: ${aside.join(', ')}`)
  terminal.record({ type: 'summary', restored: backup.catalogue, aside })
  return EXIT.done
}

/** Both copies are made before anything is put aside: where there is no room for them, all stays as it was. Returns what was put aside. */
async function putInPlace(disk: Disk, from: Databases, to: Databases): Promise<string[]> {
  const addition = `before-restore-${new Date().toISOString().replace(/[:.]/g, '-')}`
  const aside: string[] = []
  const names = ['ledger', 'catalogue'] as const
  try {
    for (const name of names) {
      await removePart(disk, to[name])
      await copyToPart(disk, from[name], to[name])
    }
    for (const name of names) {
      if (await putAside(disk, to[name], addition)) aside.push(`${to[name]}.${addition}`)
      await landPart(disk, to[name])
    }
    return aside
  } catch (cause) {
    for (const name of names) await removePart(disk, to[name]).catch(() => {})
    throw cause
  }
}

/** Gives a database and what SQLite keeps beside it other names; returns whether it was there. */
async function putAside(disk: Disk, database: string, addition: string): Promise<boolean> {
  const wasThere = existsSync(database)
  for (const ending of ['-wal', '-shm', '']) {
    if (!existsSync(database + ending)) continue
    await move(disk, database + ending, dirname(database), [`${basename(database)}.${addition}${ending}`])
  }
  return wasThere
}

function databasesOf(settings: Settings): Databases {
  const ledger = join(resolve(settings.DATA_MANAGEMENT_DATA_DIR), 'ledger.db')
  return { catalogue: databaseFile(settings), ledger }
}
