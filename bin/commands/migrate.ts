/** `splitcart migrate --to postgres://…`: copies catalogue and ledger into PostgreSQL; their files stay. */
import { resolve } from 'node:path'
import { migrate } from '@splitcart/data-management/migrate/migrate.ts'
import { parsePostgresUrl, splitHosts, withoutPassword } from '@splitcart/shared/postgres-address.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { databaseFile, databaseServer } from '@splitcart/shared/settings.ts'
import type { Command } from 'commander'
import { addSettingOptions, loadSettings, run, UsageError } from '../command-line.ts'
import { takeDataLocks } from '../data-locks.ts'
import { checkServerData } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'

type Options = { to: string; json?: boolean }

/** Adds the command. */
export function addMigrate(program: Command): void {
  const command = program
    .command('migrate')
    .description(
      'copy catalogue and ledger from their files into an empty PostgreSQL, exactly; interrupted, it goes on where it was. The server must be stopped',
    )
    .requiredOption('--to <address>', 'where to: postgres://<user>@<host>/<database>; the password in PGPASSWORD')
    .action((options: Options) => run(options, (terminal) => runMigrate(options, terminal)))
  addSettingOptions(command.option('--json', 'print JSON'), ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL'])
}

async function runMigrate(options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  if (databaseServer(settings) !== undefined)
    throw new Problem(
      'settings_invalid',
      '\n  DATABASE_URL: what is to be moved is a file, so it is not the new address yet',
    )
  const server = databaseServer({ ...settings, DATABASE_URL: options.to })
  if (server === undefined) throw new UsageError('--to: expected postgres://<host>/<database>')
  const url = parsePostgresUrl(splitHosts(options.to)[0]!)
  if (url?.password || url?.searchParams.has('password'))
    terminal.note(
      'Others on this machine can read the password in --to while this runs; PGPASSWORD keeps it from them.',
    )
  const dataDir = resolve(settings.DATA_MANAGEMENT_DATA_DIR)
  await checkServerData(settings)
  using _locks = takeDataLocks(dataDir)
  const migration = { catalogue: databaseFile(settings), dataDir, server }
  const digest = await migrate(migration, (table) => terminal.note(`moved       ${table}`))
  terminal.say(`Moved, and compared: both have the digest ${digest}.`)
  terminal.say(
    `From now on set DATABASE_URL to the address given as --to, ${withoutPassword(server)}. The files are left as they are.`,
  )
  terminal.record({ type: 'summary', digest })
  return EXIT.done
}
