/** `splitcart status`: what waits where, on this machine. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { foldersIn as serverFoldersIn } from '@splitcart/data-management/folders.ts'
import { foldersIn } from '@splitcart/scraping/folders.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import type { Command } from 'commander'
import { configurable, printable, run, settingsOf } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { columns, whole } from '../format.ts'
import type { Terminal } from '../terminal.ts'

type Options = { json?: boolean; quiet?: boolean }
type Places = Record<string, number>

/** Adds the command. */
export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .description('tell what waits where, on this machine')
    .action((options: Options) => run(options, (terminal) => act(options, terminal)))
  printable(configurable(command, ['SCRAPING_DATA_DIR', 'DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL']))
}

async function act(options: Options, terminal: Terminal): Promise<number> {
  const settings = settingsOf(options)
  const scraping = await scrapingPlaces(settings)
  const dataManagement = await dataManagementPlaces(settings)
  tell(terminal, `scraping (${settings.SCRAPING_DATA_DIR})`, scraping)
  tell(terminal, `data_management (${settings.DATA_MANAGEMENT_DATA_DIR})`, dataManagement)
  terminal.record({ type: 'summary', scraping: scraping ?? null, data_management: dataManagement ?? null })
  return EXIT.done
}

async function scrapingPlaces(settings: Settings): Promise<Places | undefined> {
  const folders = foldersIn(settings.SCRAPING_DATA_DIR)
  if (!existsSync(folders.outbox)) return undefined
  return {
    'waiting in product_outbox': await filesIn(folders.outbox),
    'being written': await filesIn(folders.part, ''),
    'archived in temp_jsonl_product_storage':
      (await filesIn(folders.archive)) - (await filesIn(folders.archive, '.rejects.jsonl')),
    'refused, in product_refused': await filesIn(folders.refused),
  }
}

async function dataManagementPlaces(settings: Settings): Promise<Places | undefined> {
  const folders = serverFoldersIn(settings.DATA_MANAGEMENT_DATA_DIR)
  if (!existsSync(folders.inbox)) return undefined
  await using machine = await openDataManagement(settings)
  const uploads = await machine.ledger.uploads.countByState()
  return {
    'waiting in product_inbox': await filesIn(folders.inbox),
    'being received': await filesIn(folders.parts, ''),
    ...Object.fromEntries(Object.entries(uploads).map(([state, number]) => [`uploads ${state}`, number])),
  }
}

async function filesIn(folder: string, ending = '.jsonl'): Promise<number> {
  const names = existsSync(folder) ? await readdir(folder) : []
  return names.filter((name) => !name.startsWith('.') && name.endsWith(ending)).length
}

function tell(terminal: Terminal, title: string, places: Places | undefined): void {
  terminal.say(title)
  if (places === undefined) terminal.say('  nothing here yet')
  else
    for (const line of columns(
      Object.entries(places).map(([place, number]) => [`  ${place}`, whole(number)]),
      [1],
    ))
      terminal.say(line)
}
