/** `splitcart audit`: prints who did what with keys, holds and loads, newest first. */
import type { Command } from 'commander'
import { addSettingOptions, countArgument, loadSettings, run } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { columns, safeToPrint } from '../format.ts'
import type { Terminal } from '../terminal.ts'

type Options = { json?: boolean; limit: number }

/** Adds the command. */
export function addAudit(program: Command): void {
  const command = program
    .command('audit')
    .description('tell who did what with keys, holds and loads, the newest first')
    .option('--limit <number>', 'how many entries', countArgument, 50)
    .option('--json', 'print JSON Lines')
    .action((options: Options) => run(options, (terminal) => runAudit(options, terminal)))
  addSettingOptions(command, ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL', 'TIME_ZONE'])
}

async function runAudit(options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const entries = await machine.ledger.auditEntries(Number.MAX_SAFE_INTEGER, options.limit)
  const rows = entries.map(({ at, who, what, about, detail }) => [
    machine.zone.timeAt(at),
    who,
    what,
    about,
    safeToPrint(detail ?? ''),
  ])
  for (const line of columns(rows)) terminal.say(line)
  for (const entry of entries) terminal.record({ type: 'audit', ...entry, at: new Date(entry.at).toISOString() })
  if (entries.length === 0) terminal.say('Nothing has been done yet.')
  terminal.record({ type: 'summary', entries: entries.length })
  return EXIT.done
}
