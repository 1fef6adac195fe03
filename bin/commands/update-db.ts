/** `splitcart update-db --products`: brings the files of the inbox into the catalogue. */
import { join } from 'node:path'
import { type Pass, type UpdateDb, updateDb } from '@splitcart/data-management/update-db/update-db.ts'
import { repeatOnChange } from '@splitcart/data-management/update-db/watch.ts'
import { takeLock } from '@splitcart/shared/lock.ts'
import { openLog } from '@splitcart/shared/log.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import type { Command } from 'commander'
import { configurable, printable, run, settingsOf } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { count } from '../format.ts'
import { stopSignal, type Terminal } from '../terminal.ts'
import { countsOf } from '../upload-report.ts'

type Options = {
  products?: boolean
  watch?: boolean
  force?: boolean
  untilInputEnds?: boolean
  json?: boolean
  quiet?: boolean
}

/** Adds the command. */
export function addUpdateDb(program: Command): void {
  const command = program
    .command('update-db')
    .description('load what waits in the inbox into the database')
    .requiredOption('--products', 'load the product files')
    .option('--watch', 'stay, and load what comes')
    .option('--force', 'load suspicious files too, instead of holding them')
    .option('--until-input-ends', 'with --watch: end when standard input does, as a child of serve')
    .action((options: Options) => run(options, (terminal) => act(options, terminal)))
  printable(
    configurable(command, [
      'DATA_MANAGEMENT_DATA_DIR',
      'DATABASE_URL',
      'HOLD_ROWS_MIN',
      'HOLD_ROWS_SHARE',
      'HOLD_REJECTS_SHARE',
    ]),
  )
}

async function act(options: Options, terminal: Terminal): Promise<number> {
  const settings = settingsOf(options)
  await using machine = await openDataManagement(settings)
  using _lock = takeLock(join(machine.folders.data, '.update-db.lock'), 'another update-db works on this inbox')
  const work: UpdateDb = {
    ...machine,
    lineBytesMax: settings.LINE_BYTES_MAX,
    hold: options.force ? undefined : holdLimitsOf(settings),
    log: openLog(options.watch ? settings.LOG_LEVEL : 'error'),
    now: Date.now,
    onFile: (upload, load) => {
      terminal.say(
        `${load.state.padEnd(6)}  ${upload.filename}  ${countsOf(load.result)}${load.result.problem === null ? '' : ` ${load.result.problem}`}`,
      )
      terminal.record({ type: 'file', name: upload.filename, upload: upload.id, state: load.state, ...load.result })
    },
  }
  const signal = options.untilInputEnds ? AbortSignal.any([stopSignal(), inputEnd()]) : stopSignal()
  if (options.watch) {
    await watchInbox(work, signal)
    return EXIT.done
  }
  return tellPass(terminal, await updateDb(work, signal))
}

async function watchInbox(work: UpdateDb, signal: AbortSignal): Promise<void> {
  const reported = new Set<string>()
  const pass = async () => {
    const { ignored } = await updateDb(work, signal)
    for (const { name, reason } of ignored) {
      if (!reported.has(name)) work.log.warn({ name, reason }, 'left alone in the inbox')
      reported.add(name)
    }
  }
  await repeatOnChange(work.folders.inbox, pass, work.log, signal)
}

function tellPass(terminal: Terminal, pass: Pass): number {
  for (const { name, reason } of pass.ignored) terminal.note(`left alone  ${name}: ${reason}`)
  const dealtWith = pass.loaded + pass.held + pass.failed
  if (dealtWith + pass.waiting === 0) terminal.say('The inbox is empty; there was nothing to do.')
  else
    terminal.say(
      `${count(pass.loaded, 'file')} loaded, ${pass.held} held, ${pass.failed} failed, ${pass.waiting} still waiting; ${count(pass.rejected, 'row')} rejected.`,
    )
  const { ignored: _, ...counts } = pass
  terminal.record({ type: 'summary', ...counts })
  return pass.failed + pass.rejected + pass.waiting > 0 ? EXIT.partly : EXIT.done
}

function holdLimitsOf(settings: Settings) {
  return {
    rowsMin: settings.HOLD_ROWS_MIN,
    rowsShare: settings.HOLD_ROWS_SHARE,
    rejectsShare: settings.HOLD_REJECTS_SHARE,
  }
}

/** Aborts when nobody holds the other end of standard input any more: the server that started us is gone, however it went. */
function inputEnd(): AbortSignal {
  const end = new AbortController()
  process.stdin.on('end', () => end.abort()).on('error', () => end.abort())
  process.stdin.resume()
  return end.signal
}
