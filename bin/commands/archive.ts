/** `splitcart archive prune, pack`: maintains the archive; the reading subcommands are in archive-kept.ts. */
import { existsSync } from 'node:fs'
import { lockArchive } from '@splitcart/scraping/archive-lock.ts'
import { isOutOfSpace, packArchive } from '@splitcart/scraping/archive-packing.ts'
import { foldersIn, kindsWithOutbox } from '@splitcart/scraping/folders.ts'
import { findWritersOn } from '@splitcart/scraping/open-writers.ts'
import { type PrunedFile, pruneArchive } from '@splitcart/scraping/prune.ts'
import { timeZoneOf } from '@splitcart/shared/day-settings.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { Command } from 'commander'
import { addOutputOptions, addSettingOptions, loadSettings, run } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import { count, size } from '../format.ts'
import { stopSignal, type Terminal } from '../terminal.ts'
import { keptCommands } from './archive-kept.ts'

type Options = { all?: boolean; days?: string; dryRun?: boolean; json?: boolean; quiet?: boolean }

// Maximum wait for the lock: a round of upload-data may take long.
const LOCK_WAIT_MS_MAX = HOUR_MS

/** Adds the command. */
export function addArchive(program: Command): void {
  const archive = program.command('archive').description('look after the files that are kept, and read them')
  for (const command of keptCommands()) archive.addCommand(command)
  const prune = new Command('prune')
    .description('remove files that were loaded long ago, with their receipts and rejects; all others stay')
    .option('--days <number>', 'how many days after its load a file stays (ARCHIVE_DAYS_MIN)')
    .option('--all', 'remove also when nothing that was loaded would stay; otherwise the clock is thought to be wrong')
    .option('--dry-run', 'tell what would be removed, and remove nothing')
    .action((options: Options) => run(options, (terminal) => runPrune(options, terminal)))
  const pack = new Command('pack')
    .description('pack every archived file that was loaded now, not an hour later and some at a time (ARCHIVE_FORM)')
    .action((options: Options) => run(options, (terminal) => runPack(options, terminal)))
  for (const command of [pack, prune])
    archive.addCommand(addOutputOptions(addSettingOptions(command, ['SCRAPING_DATA_DIR', 'TIME_ZONE'])))
}

async function runPrune(options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings({ ...options, archiveDaysMin: options.days }, 'scraping')
  const { SCRAPING_DATA_DIR: dataDir } = settings
  const { dryRun = false, all = false } = options
  const zone = timeZoneOf(settings)
  let [files, bytes] = [0, 0]
  for (const kind of await kindsWithOutbox(realDisk(), dataDir)) {
    const folders = foldersIn(dataDir, kind)
    if (!existsSync(folders.archive)) continue
    const onWait = () => terminal.note('upload-data works on this archive; waiting until its round is over')
    using _lock = dryRun ? undefined : await lockArchive(folders, { msMax: LOCK_WAIT_MS_MAX, onWait })
    const prune = {
      disk: realDisk(),
      folders,
      daysMin: settings.ARCHIVE_DAYS_MIN,
      now: Date.now(),
      dryRun,
      trustsClock: all,
    }
    for await (const pruned of pruneArchive(prune)) {
      if (pruned.returnedAs !== undefined) {
        printReturned(terminal, pruned, dryRun)
        continue
      }
      files++
      bytes += pruned.bytes
      terminal.say(
        `${dryRun ? 'would go' : 'removed '}  ${pruned.name}  loaded ${zone.dateAt(Date.parse(pruned.loadedAt))}`,
      )
      terminal.record({ type: 'file', state: dryRun ? 'prunable' : 'pruned', ...pruned })
    }
  }
  terminal.summarize(
    `${count(files, 'file')} ${dryRun ? 'would be removed' : 'removed'}, ${size(bytes)}: loaded more than ${count(settings.ARCHIVE_DAYS_MIN, 'day')} ago.`,
  )
  terminal.record({ type: 'summary', files, bytes, dryRun })
  return EXIT.done
}

async function runPack(options: Options, terminal: Terminal): Promise<number> {
  const { SCRAPING_DATA_DIR: dataDir, ARCHIVE_FORM: form } = loadSettings(options, 'scraping')
  const signal = stopSignal()
  let [files, left] = [0, 0]
  for (const kind of await kindsWithOutbox(realDisk(), dataDir)) {
    const folders = foldersIn(dataDir, kind)
    if (!existsSync(folders.archive)) continue
    const onWait = () => terminal.note('upload-data works on this archive; waiting until its round is over')
    using _lock = await lockArchive(folders, { msMax: LOCK_WAIT_MS_MAX, onWait })
    const packing = { disk: realDisk(), folders, form, now: Date.now(), restMs: 0, findWriters: findWritersOn() }
    for await (const { name, outcome, fault } of packArchive(packing, () => !signal.aborted)) {
      if (isOutOfSpace(fault)) throw fault
      if (outcome === 'compacted') files++
      const problem = fault === undefined ? {} : { problem: fault instanceof Error ? fault.message : String(fault) }
      terminal.record({ type: 'file', name, state: outcome, ...problem })
      if (fault === undefined) continue
      left++
      terminal.say(`left as it is  ${name}: ${problem.problem}`)
    }
  }
  const packed = `${count(files, 'file')} packed${left === 0 ? '' : `; ${count(left, 'file')} could not be`}.`
  terminal.summarize(form === 'plain' ? 'ARCHIVE_FORM=plain keeps files as they came.' : packed)
  terminal.record({ type: 'summary', files })
  return left === 0 ? EXIT.done : EXIT.partly
}

/** Reports a file that returned to the outbox: written to after sending, it is no copy of the server's. */
function printReturned(terminal: Terminal, { name, returnedAs }: PrunedFile, dryRun: boolean): void {
  const goes = dryRun ? 'would go back to the outbox' : `is in the outbox again, as ${returnedAs}`
  terminal.say(`returned  ${name} was written to after it was sent, and ${goes}`)
  terminal.record({ type: 'file', state: 'returned', name: returnedAs })
}
