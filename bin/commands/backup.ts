/** `splitcart backup`: copies catalogue and ledger to two files while they are in use. */
import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { backUp, type DatabaseFiles } from '@splitcart/data-management/database/backup.ts'
import {
  backupFilesOf,
  newBackupFiles,
  removeInterruptedBackups,
  removeOldestBackups,
} from '@splitcart/data-management/database/backup-folder.ts'
import { BACKUP_MADE } from '@splitcart/data-management/ledger/audit.ts'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { databaseServer, type Settings } from '@splitcart/shared/settings.ts'
import type { Command } from 'commander'
import { addSettingOptions, countArgument, loadSettings, pathArgument, run } from '../command-line.ts'
import { checkServerData, openDataManagement, sqliteFilesOf } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { operatorName } from '../operator.ts'
import type { Terminal } from '../terminal.ts'

type Options = { json?: boolean; keep?: number; note?: boolean }

const SETTINGS = ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL'] as const

/** Adds the command `backup`. */
export function addBackup(program: Command): void {
  const command = program
    .command('backup')
    .description(
      'copy catalogue and ledger, also while the server runs: into a folder as splitcart-<time>.db, or to a file; the ledger comes next to it as <file>.ledger',
    )
    .argument('<place>', 'a folder, or a file that must not exist yet', pathArgument)
    .option(
      '--note',
      'copy nothing: note a backup that was made otherwise, such as by pg_dump; <place> says where it is',
    )
    .action((file: string, options: Options) => {
      if (options.note)
        return run(options, (terminal) =>
          recordExternalBackup(file, loadSettings(options, 'data-management'), terminal),
        )
      if (options.keep !== undefined && !isFolder(resolve(file)))
        command.error('error: --keep is for a folder of backups, which must be there')
      return run(options, (terminal) =>
        makeBackup({ ...options, file }, loadSettings(options, 'data-management'), terminal),
      )
    })
  command.option('--keep <n>', 'then remove the oldest backups of the folder, so that so many stay', countArgument)
  addSettingOptions(command.option('--json', 'print JSON'), SETTINGS)
}

type BackupOptions = Readonly<{ file: string; keep?: number }>

async function makeBackup({ file, keep }: BackupOptions, settings: Settings, terminal: Terminal): Promise<number> {
  checkNotPostgres(settings)
  await checkServerData(settings)
  const disk = realDisk()
  const backup = await backupPaths(disk, file)
  await backUp(disk, sqliteFilesOf(settings), backup)
  await recordBackup(settings, backup.catalogue, terminal)
  for (const path of [backup.catalogue, backup.ledger]) terminal.say(path)
  const removed = keep === undefined ? undefined : await removeOldestBackups(disk, dirname(backup.catalogue), keep)
  for (const path of removed ?? []) terminal.note(`removed ${path}`)
  terminal.record({ type: 'summary', ...backup, ...(removed && { removed }) })
  return EXIT.done
}

/** Records a backup made by PostgreSQL's own tools, so that the dashboard shows its age and notices report it. */
async function recordExternalBackup(place: string, settings: Settings, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(settings)
  await machine.ledger.audit(backupAuditEntry(place))
  terminal.say(`Noted: a backup was made, to ${place}`)
  terminal.record({ type: 'summary', noted: place })
  return EXIT.done
}

function backupAuditEntry(detail: string) {
  return { at: Date.now(), who: operatorName(), what: BACKUP_MADE, about: 'catalogue, ledger', detail }
}

/** Target paths: files named by the time in a given folder, or the given file. */
async function backupPaths(disk: Disk, file: string): Promise<DatabaseFiles> {
  const path = resolve(file)
  const folder = isFolder(path) || /[\\/]$/.test(file) ? path : dirname(path)
  if (!isFolder(folder)) throw new Problem('copy_not_made', `there is no folder ${folder}; make it first`)
  // Checked here, because SQLite's error names no cause.
  accessSync(folder, constants.W_OK)
  if (folder !== path) return backupFilesOf(path)
  const now = new Date()
  await removeInterruptedBackups(disk, folder, now)
  return newBackupFiles(folder, now)
}

/** Whether a path is an existing folder. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Throws `copy_not_made` with PostgreSQL: its own tools back it up completely, also while it is in use. */
export function checkNotPostgres(settings: Settings): void {
  if (databaseServer(settings) !== undefined)
    throw new Problem(
      'copy_not_made',
      'the databases are in PostgreSQL; use pg_dump and pg_restore, or its backups of a whole server, and then splitcart backup --note',
    )
}

/** Records the backup in the audit, so that the dashboard shows its age. A failure does not invalidate the backup. */
async function recordBackup(settings: Settings, path: string, terminal: Terminal): Promise<void> {
  try {
    await using ledger = openLedger(resolve(settings.DATA_MANAGEMENT_DATA_DIR))
    await ledger.audit(backupAuditEntry(path))
  } catch (error) {
    terminal.note(`It could not be noted in the audit: ${error instanceof Error ? error.message : error}`)
  }
}
