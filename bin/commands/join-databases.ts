/** `splitcart join-databases`: pairs catalogue and ledger again, after one of them was lost or restored. */
import { resolve } from 'node:path'
import { joinDatabasePair } from '@splitcart/data-management/database-pair.ts'
import { isSetUp } from '@splitcart/data-management/doctor/doctor.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { databaseServer } from '@splitcart/shared/settings.ts'
import type { Command } from 'commander'
import { addSettingOptions, loadSettings, run } from '../command-line.ts'
import { takeDataLocks } from '../data-locks.ts'
import { checkServerData, databasePairOf, openUnpaired } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { operatorName } from '../operator.ts'
import type { Terminal } from '../terminal.ts'

type Options = { json?: boolean }

/** Adds the command. */
export function addJoinDatabases(program: Command): void {
  const command = program
    .command('join-databases')
    .description(
      'say that catalogue and ledger belong together, after one was lost or put back. The server must be stopped',
    )
    .option('--json', 'print JSON')
    .action((options: Options) => run(options, (terminal) => runJoinDatabases(options, terminal)))
  addSettingOptions(command, ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL'])
}

async function runJoinDatabases(options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  const dataDir = resolve(settings.DATA_MANAGEMENT_DATA_DIR)
  if (databaseServer(settings) === undefined) await checkServerData(settings)
  // Opening a database migrates it, which must not happen under a server that runs. PostgreSQL needs no data folder.
  using _locks = (await isSetUp(realDisk(), dataDir)) ? takeDataLocks(dataDir) : undefined
  await using machine = await openUnpaired(settings)
  const pair = databasePairOf(machine, settings)
  const { ledger, catalogue } = pair.names
  const detail = `${catalogue} with ${ledger}`
  // Recorded first, so that even an interrupted join is on record.
  await machine.ledger.audit({
    at: Date.now(),
    who: operatorName(),
    what: 'databases joined',
    about: 'catalogue, ledger',
    detail,
  })
  await joinDatabasePair(pair)
  terminal.say(
    `Joined: ${detail}. What the ledger calls loaded and the catalogue does not know is loaded again when the`,
  )
  terminal.say('server starts, where its file is still here; the rest is loaded when it is sent again.')
  terminal.record({ type: 'summary', ...pair.names })
  return EXIT.done
}
