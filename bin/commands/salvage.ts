/** `splitcart salvage`: moves the complete rows that a crashed scrape has left behind to the outbox. */
import { type Folders, foldersIn, kindsWithOutbox } from '@splitcart/scraping/folders.ts'
import { findWritersOn } from '@splitcart/scraping/open-writers.ts'
import { type OrphanedPart, orphanedPartsIn, salvage } from '@splitcart/scraping/orphaned-parts.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import type { Command } from 'commander'
import { addOutputOptions, addSettingOptions, loadSettings, run } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import { count } from '../format.ts'
import type { Terminal } from '../terminal.ts'

type Options = { dryRun?: boolean; json?: boolean; quiet?: boolean }

/** Adds the command. */
export function addSalvage(program: Command): void {
  const command = program
    .command('salvage')
    .description('put the whole rows of scrapes that did not finish into the outbox')
    .option('--dry-run', 'only tell which there are')
    .action((options: Options) => run(options, (terminal) => runSalvage(options, terminal)))
  addOutputOptions(addSettingOptions(command, ['SCRAPING_DATA_DIR']))
}

async function runSalvage(options: Options, terminal: Terminal): Promise<number> {
  const disk = realDisk()
  const { SCRAPING_DATA_DIR: dataDir } = loadSettings(options, 'scraping')
  const orphans: { folders: Folders; orphan: OrphanedPart }[] = []
  for (const kind of await kindsWithOutbox(disk, dataDir)) {
    const folders = foldersIn(dataDir, kind)
    const found = await orphanedPartsIn(disk, folders, Date.now(), findWritersOn())
    orphans.push(...found.map((orphan) => ({ folders, orphan })))
  }
  let salvaged = 0
  for (const { folders, orphan } of orphans) {
    if (options.dryRun) {
      terminal.say(`left over  ${orphan.path}  ${count(orphan.size, 'byte')}`)
      continue
    }
    const kept = await salvage(disk, folders, orphan)
    if (kept === null) terminal.say(`left alone  ${orphan.path}: it holds no whole row`)
    else {
      salvaged++
      terminal.say(
        `salvaged  ${kept.name}  ${count(kept.lines, 'row')}, ${count(kept.bytesDropped, 'byte')} of a torn row dropped`,
      )
      terminal.record({ type: 'file', state: 'salvaged', ...kept })
    }
  }
  if (orphans.length === 0) terminal.say('No scrape was left unfinished.')
  terminal.record({ type: 'summary', leftOver: orphans.length, salvaged })
  return EXIT.done
}
