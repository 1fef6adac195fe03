/** `splitcart loads`: what was loaded, and taking a load out again or making it once more. */
import { listLoads } from '@splitcart/data-management/catalogue/loads.ts'
import { receiptOf } from '@splitcart/data-management/ledger/receipt-of.ts'
import { Command } from 'commander'
import { configurable, countArgument, run, settingsOf } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'
import { countsOf } from '../upload-report.ts'
import { haveFulfilled, type Wanted } from '../wish.ts'

type Options = { json?: boolean; reason?: string; limit?: number }

/** Adds the commands. */
export function addLoads(program: Command): void {
  const loads = program
    .command('loads')
    .description('look at loads, take one out of the catalogue, or make it once more')
  const list = new Command('list')
    .description('list the latest loads, the newest first')
    .option('--limit <number>', 'how many', countArgument, 20)
    .action((options: Options) => run(options, (terminal) => list_(options, terminal)))
  const undo = new Command('undo')
    .description('take the observations of a load out again, as if it had never come; its file is kept')
    .argument('<upload>', 'its id, SHA-256 or file name')
    .requiredOption('--reason <text>', 'why; the sender is told')
    .action((upload: string, options: Options) => run(options, (terminal) => wish(upload, 'undo', options, terminal)))
  const replay = new Command('replay')
    .description('load the file of an upload once more, in place of its load')
    .argument('<upload>', 'its id, SHA-256 or file name')
    .option('--reason <text>', 'why, for the audit', 'replayed')
    .action((upload: string, options: Options) => run(options, (terminal) => wish(upload, 'load', options, terminal)))
  for (const command of [list, undo, replay])
    loads.addCommand(
      configurable(command.option('--json', 'print JSON Lines'), ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL']),
    )
}

async function list_(options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(settingsOf(options, 'data-management'))
  const loads = await listLoads(machine.catalogue.database, Number.MAX_SAFE_INTEGER, options.limit ?? 20)
  for (const { sha256, filename, state, result, runsOpened, runsClosed } of loads) {
    terminal.say(
      `${result.finished_at.slice(0, 19).replace('T', ' ')}  ${state.padEnd(6)}  ${filename}  ${countsOf(result)}`,
    )
    terminal.record({
      type: 'file',
      sha256,
      name: filename,
      state,
      runs_opened: runsOpened,
      runs_closed: runsClosed,
      ...result,
    })
  }
  if (loads.length === 0) terminal.say('Nothing has been loaded.')
  terminal.record({ type: 'summary', loads: loads.length })
  return EXIT.done
}

async function wish(text: string, what: 'undo' | 'load', options: Options, terminal: Terminal): Promise<number> {
  const settings = settingsOf(options, 'data-management')
  await using machine = await openDataManagement(settings)
  const wanted: Wanted = {
    wish: what,
    upload: text,
    reason: options.reason ?? '',
    ...(what === 'undo' ? { from: 'loaded' } : {}),
  }
  const upload = await haveFulfilled(machine, settings, wanted, terminal)
  const receipt = receiptOf(upload, false)
  terminal.say(`${upload.filename} is ${upload.state}${receipt.load?.problem ? `: ${receipt.load.problem}` : '.'}`)
  terminal.record({ type: 'summary', ...receipt })
  return upload.state === (what === 'undo' ? 'held' : 'loaded') ? EXIT.done : EXIT.failure
}
