/** `splitcart stores set`: sets a store's scrape interval, whether it is retired or snoozed, and a note. */

import { type FoundStore, findLastScrape } from '@splitcart/data-management/catalogue/queries/find-store.ts'
import { effectiveSetting } from '@splitcart/data-management/catalogue/queries/freshness.ts'
import { saveStoreSettings } from '@splitcart/data-management/http/routes/store-settings.ts'
import { EXPECTED_DAYS_MAX, NOTE_CHARACTERS_MAX } from '@splitcart/data-management/http/routes/store-settings-schema.ts'
import { freshnessContext, type QueryContext } from '@splitcart/data-management/http/threads/query-context.ts'
import { Command, InvalidArgumentError } from 'commander'
import { dateArgumentOr, loadSettings, run } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { localReading } from '../local-reading.ts'
import { operatorName } from '../operator.ts'
import { requireStore } from '../required-names.ts'
import type { Terminal } from '../terminal.ts'

type Options = {
  json?: boolean
  expectedDays?: number | null
  retired?: boolean
  snoozedUntil?: string | null
  note?: string
}

/** Makes the command. */
export function storeSettingsCommand(): Command {
  return new Command('set')
    .description('set what is expected of a store; what is not named stays as it is')
    .argument('<store>', 'company/code')
    .option('--expected-days <count>', 'days from one scrape to the next; "learned": as was seen', daysArgument)
    .option('--retired', 'it is scraped no longer: nothing is expected of it')
    .option('--no-retired', 'it is scraped again')
    .option('--snoozed-until <date>', 'before this day it needs nobody; "never": it does', dateArgumentOr('never'))
    .option('--note <text>', 'a note; empty: none', noteArgument)
    .action((store: string, options: Options) => run(options, (terminal) => setStore(store, options, terminal)))
}

async function setStore(name: string, options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  await using machine = await openDataManagement(settings)
  const found = await requireStore(machine.catalogue.database, name)
  const reading = localReading(machine, settings)
  const { retired = (await isScrapedSinceRetired(reading, found)) ? false : undefined } = options
  const { expectedDays: expected_days, snoozedUntil: snoozed_until, note } = options
  const view = await saveStoreSettings(
    reading,
    { store: name, expected_days, is_retired: retired, snoozed_until, note },
    operatorName(),
  )
  const said = [
    view.expected_days === null ? 'its interval as learned' : `a scrape every ${view.expected_days} days`,
    view.is_retired && 'retired',
    view.snoozed_until !== null && `snoozed until ${view.snoozed_until}`,
    view.note !== null && `note: ${view.note}`,
  ]
  terminal.say(`Set for ${found.company}/${found.code}: ${said.filter(Boolean).join('; ')}.`)
  terminal.record({ type: 'summary', store: `${found.company}/${found.code}`, ...view })
  return EXIT.done
}

/** Whether a store was scraped after it was retired: then any new setting makes it active again. */
async function isScrapedSinceRetired(reading: QueryContext, { id, company, code }: FoundStore): Promise<boolean> {
  const all = await reading.inbox.ledger.storeSettings.list()
  const found = all.find((each) => each.company === company && each.store === code)
  const last = await findLastScrape(reading.catalogue.database, id)
  if (found === undefined || last === undefined) return false
  return found.isRetired && !effectiveSetting(found, last, freshnessContext(reading).zone).isRetired
}

function daysArgument(text: string): number | null {
  if (text === 'learned') return null
  const days = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || days < 1 || days > EXPECTED_DAYS_MAX)
    throw new InvalidArgumentError(`Expected a number from 1 to ${EXPECTED_DAYS_MAX}, or learned.`)
  return days
}

function noteArgument(text: string): string {
  if (text.length > NOTE_CHARACTERS_MAX || text.includes('\0'))
    throw new InvalidArgumentError(`Expected at most ${NOTE_CHARACTERS_MAX} characters.`)
  return text
}
