/** `splitcart upgrade`: brings the schemas of ledger and catalogue up to date, as a step of its own. */
import { resolve } from 'node:path'
import { countOlderLoads } from '@splitcart/data-management/catalogue/older-loads.ts'
import { readSchemaState } from '@splitcart/data-management/database/postgres-inspect.ts'
import { countReplayable, olderLoadsAdvice } from '@splitcart/data-management/doctor/older-loads.ts'
import { storedFileExists } from '@splitcart/data-management/inbox/stored.ts'
import { appliedMigrations, knownMigrations, SCHEMAS, type Schema } from '@splitcart/data-management/schemas.ts'
import { databaseServer, inboxServers, type Settings } from '@splitcart/shared/settings.ts'
import type { Command } from 'commander'
import { addSettingOptions, loadSettings, run } from '../command-line.ts'
import { takeDataLocks } from '../data-locks.ts'
import { checkServerData, type DataManagement, openDataManagement, sqliteFilesOf } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'

type Options = { json?: boolean }

/** Adds the command. */
export function addUpgrade(program: Command): void {
  const command = program
    .command('upgrade')
    .description(
      'bring the tables of ledger and catalogue up to date. In PostgreSQL this may be done while a fleet works: loaders of an older version end before they write again. Where they are files, the server must be stopped',
    )
    .action((options: Options) => run(options, (terminal) => runUpgrade(options, terminal)))
  addSettingOptions(command.option('--json', 'print JSON'), ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL', 'INBOX_URL'])
}

async function runUpgrade(options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  using _locks = await takeLocks(settings)
  const before = await readSchemaVersions(settings)
  await using machine = await openDataManagement(settings)
  const dialect = databaseServer(settings) === undefined ? 'sqlite' : 'postgres'
  const schemas: Record<string, { before: number; after: number }> = {}
  for (const [schema, made] of before) {
    const known = knownMigrations(schema, dialect)
    terminal.say(`${schema.padEnd(10)} schema ${known}${made === known ? ', nothing to do' : `, was ${made}`}`)
    schemas[schema] = { before: made, after: known }
  }
  const older = await countOlder(machine, settings)
  if (older > 0) terminal.say(olderLoadsAdvice(older))
  terminal.record({ type: 'summary', schemas, older_loads: older })
  return EXIT.done
}

/** Counts the replayable loads of older versions. A fleet's files are not checked: its servers may be stopped. */
function countOlder({ disk, folders, ledger, catalogue }: DataManagement, settings: Settings): Promise<number> {
  if (inboxServers(settings) !== undefined) return countOlderLoads(catalogue.database)
  return countReplayable(catalogue.database, ledger, (upload) => storedFileExists(disk, folders, upload))
}

/**
 * Takes the locks that keep server and loader off the SQLite files while their schemas change; none with PostgreSQL,
 * where each program notices a newer schema by itself.
 */
async function takeLocks(settings: Settings): Promise<Disposable | undefined> {
  if (databaseServer(settings) !== undefined) return undefined
  await checkServerData(settings)
  return takeDataLocks(resolve(settings.DATA_MANAGEMENT_DATA_DIR))
}

async function readSchemaVersions(settings: Settings): Promise<Map<Schema, number>> {
  const server = databaseServer(settings)
  const files = sqliteFilesOf(settings)
  const made = new Map<Schema, number>()
  for (const schema of SCHEMAS)
    made.set(
      schema,
      server === undefined ? appliedMigrations(files[schema]) : (await readSchemaState(server, schema)).migrations,
    )
  return made
}
