/** `splitcart archive prune`: clears the archive of what was loaded long ago. */
import { existsSync } from 'node:fs'
import { lockArchive } from '@splitcart/scraping/archive-lock.ts'
import { foldersIn } from '@splitcart/scraping/folders.ts'
import { pruneArchive } from '@splitcart/scraping/prune.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { Command } from 'commander'
import { configurable, printable, run, settingsOf } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import { count, size } from '../format.ts'
import type { Terminal } from '../terminal.ts'

type Options = { days?: string; dryRun?: boolean; json?: boolean; quiet?: boolean }

// A round of upload-data may send for a long time; what waits for longer than this is waited for by too many.
const LOCK_MS_MAX = 60 * 60 * 1000

/** Adds the command. */
export function addArchive(program: Command): void {
  const archive = program.command('archive').description('look after the archive of what was sent')
  const prune = new Command('prune')
    .description('remove files that were loaded long ago, with their receipts and rejects; all others stay')
    .option('--days <number>', 'how many days after its load a file stays (ARCHIVE_DAYS_MIN)')
    .option('--dry-run', 'tell what would be removed, and remove nothing')
    .action((options: Options) => run(options, (terminal) => act(options, terminal)))
  archive.addCommand(printable(configurable(prune, ['SCRAPING_DATA_DIR'])))
}

async function act(options: Options, terminal: Terminal): Promise<number> {
  const settings = settingsOf({ ...options, archiveDaysMin: options.days }, 'scraping')
  const folders = foldersIn(settings.SCRAPING_DATA_DIR)
  const { dryRun = false } = options
  let [files, bytes] = [0, 0]
  if (existsSync(folders.archive)) {
    const onWait = () => terminal.note('upload-data works on this archive; waiting until its round is over')
    using _lock = dryRun ? undefined : await lockArchive(folders, { msMax: LOCK_MS_MAX, onWait })
    const prune = { disk: realDisk(), folders, daysMin: settings.ARCHIVE_DAYS_MIN, now: Date.now(), dryRun }
    for await (const pruned of pruneArchive(prune)) {
      files++
      bytes += pruned.bytes
      terminal.say(`${dryRun ? 'would go' : 'removed '}  ${pruned.name}  loaded ${pruned.loadedAt.slice(0, 10)}`)
      terminal.record({ type: 'file', state: dryRun ? 'prunable' : 'pruned', ...pruned })
    }
  }
  terminal.sum(
    `${count(files, 'file')} ${dryRun ? 'would be removed' : 'removed'}, ${size(bytes)}: loaded more than ${count(settings.ARCHIVE_DAYS_MIN, 'day')} ago.`,
  )
  terminal.record({ type: 'summary', files, bytes, dryRun })
  return EXIT.done
}
