/** `splitcart loads`: lists loads, undoes or replays one, or replays all made by an older version. */
import { listLoads } from '@splitcart/data-management/catalogue/loads.ts'
import { receiptOf } from '@splitcart/data-management/ledger/receipt-of.ts'
import { Command } from 'commander'
import { addDatabaseOptions, countArgument, loadSettings, run } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { count } from '../format.ts'
import { replayOlder } from '../replay-older.ts'
import { type RequestedAction, runAction } from '../run-action.ts'
import type { Terminal } from '../terminal.ts'
import { rowCountsText } from '../upload-report.ts'

type Options = { json?: boolean; reason?: string; limit?: number; older?: true }

const FAILED_NAMES_MAX = 3

/** Adds the commands. */
export function addLoads(program: Command): void {
  const loads = program
    .command('loads')
    .description('look at loads, take one out of the catalogue, or make it once more')
  const list = new Command('list')
    .description('list the latest loads, the newest first')
    .option('--limit <number>', 'how many', countArgument, 20)
    .action((options: Options) => run(options, (terminal) => printLoads(options, terminal)))
  const undo = new Command('undo')
    .description('take the observations of a load out again, as if it had never come; its file is kept')
    .argument('<upload>', 'its id, SHA-256 or file name')
    .requiredOption('--reason <text>', 'why; the sender is told')
    .action((upload: string, options: Options) =>
      run(options, (terminal) => changeLoad(upload, 'undo', options, terminal)),
    )
  const replay = new Command('replay')
    .description('load the file of an upload once more, in place of its load')
    .argument('[upload]', 'its id, SHA-256 or file name')
    .option('--older', 'every load of which an older version has read the rows, where its file is still kept')
    .option('--reason <text>', 'why, for the audit', 'replayed')
    .action((upload: string | undefined, options: Options, command: Command) => {
      if (upload !== undefined && options.older) command.error('error: name an upload, or give --older')
      if (upload !== undefined) return run(options, (terminal) => changeLoad(upload, 'load', options, terminal))
      if (!options.older) command.error("error: missing required argument 'upload'")
      return run(options, (terminal) => replayAll(options, terminal))
    })
  for (const command of [list, undo, replay]) loads.addCommand(addDatabaseOptions(command))
}

async function printLoads(options: Options, terminal: Terminal): Promise<number> {
  await using machine = await openDataManagement(loadSettings(options, 'data-management'))
  const loads = await listLoads(machine.catalogue.database, Number.MAX_SAFE_INTEGER, options.limit ?? 20)
  for (const { sha256, filename, state, result, runsOpened, runsClosed } of loads) {
    terminal.say(
      `${machine.zone.timeAt(Date.parse(result.finished_at))}  ${state.padEnd(6)}  ${filename}  ${rowCountsText(result)}`,
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

async function changeLoad(text: string, what: 'undo' | 'load', options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  await using machine = await openDataManagement(settings)
  const wanted: RequestedAction = {
    action: what,
    upload: text,
    reason: options.reason ?? '',
    ...(what === 'undo' ? { from: 'loaded' } : {}),
  }
  const upload = await runAction(machine, settings, wanted, terminal)
  const receipt = receiptOf(upload, false)
  terminal.say(`${upload.filename} is ${upload.state}${receipt.load?.problem ? `: ${receipt.load.problem}` : '.'}`)
  terminal.record({ type: 'summary', ...receipt })
  return upload.state === (what === 'undo' ? 'held' : 'loaded') ? EXIT.done : EXIT.failure
}

async function replayAll({ reason = '', ...options }: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  await using machine = await openDataManagement(settings)
  const { done, notKept, failed, isCut } = await replayOlder(machine, settings, reason, terminal)
  const gone = notKept === 0 ? '' : `; the files of ${count(notKept, 'more')} are no longer kept`
  const isNothing = done + notKept + failed.length === 0 && !isCut
  terminal.summarize(isNothing ? 'No load is of an older version.' : `${count(done, 'file')} loaded once more${gone}.`)
  const named = failed.slice(0, FAILED_NAMES_MAX).join(', ')
  if (failed.length > 0)
    terminal.summarize(`${count(failed.length, 'file')} could not be: ${named}. What went wrong: splitcart audit`)
  if (isCut) terminal.summarize('Broken off. Nothing is lost; the same command goes on where this one ended.')
  terminal.record({ type: 'summary', replayed: done, not_kept: notKept, failed: failed.length, is_cut: isCut })
  return isCut ? EXIT.failure : failed.length > 0 ? EXIT.partly : EXIT.done
}
