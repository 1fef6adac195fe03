/** `splitcart backup`: catalogue and ledger as two files, copied while everything runs. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { copyDatabase } from '@splitcart/data-management/database/backup.ts'
import { BACKUP_MADE } from '@splitcart/data-management/ledger/audit.ts'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { databaseFile, databaseServer, type Settings } from '@splitcart/shared/settings.ts'
import type { Command } from 'commander'
import { configurable, run, settingsOf } from '../command-line.ts'
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
      'copy catalogue and ledger, also while the server runs; the ledger comes next to the file, as <file>.ledger',
    )
    .argument('<file>', 'where the copy goes; it must not exist')
    .action((file: string, options: Options) =>
      run(options, (terminal) => makeBackup(file, settingsOf(options, 'data-management'), terminal)),
    )
  configurable(command.option('--json', 'print JSON'), SETTINGS)
}

async function makeBackup(file: string, settings: Settings, terminal: Terminal): Promise<number> {
  checkFiles(settings)
  const catalogue = resolve(file)
  const ledger = ledgerOf(catalogue)
  for (const path of [catalogue, ledger])
    if (existsSync(path)) throw new Problem('machine_refused', `${path} exists, and no backup is written over anything`)
  if (!existsSync(dirname(catalogue))) throw new Problem('machine_refused', `there is no folder ${dirname(catalogue)}`)
  const disk = realDisk()
  // The ledger first: a load that is in the catalogue only is found there when its file comes again; the other way round it would be lost.
  await copyDatabase(disk, ledgerFile(settings), ledger)
  await copyDatabase(disk, databaseFile(settings), catalogue)
  await noteBackup(settings, catalogue, terminal)
  for (const path of [catalogue, ledger]) terminal.say(path)
  terminal.record({ type: 'summary', catalogue, ledger })
  return EXIT.done
}

/** What lies in PostgreSQL is backed up with its own means, whole, and also while it is in use. */
export function checkFiles(settings: Settings): void {
  if (databaseServer(settings) !== undefined)
    throw new Problem(
      'machine_refused',
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

/** The ledger of a receiving machine whose databases are files. */
export function ledgerFile(settings: Settings): string {
  return join(resolve(settings.DATA_MANAGEMENT_DATA_DIR), 'ledger.db')
}

/** Where the ledger of a backup lies. */
export function ledgerOf(catalogue: string): string {
  return `${catalogue}.ledger`
}
