/** `splitcart export`: what the catalogue holds, as JSON Lines or comma-separated values on stdout. */
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { csvOf, observations, prices, products } from '@splitcart/data-management/catalogue/export.ts'
import { asciiControls } from '@splitcart/shared/controls.ts'
import { isDate } from '@splitcart/shared/date.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { databaseServer, type Settings } from '@splitcart/shared/settings.ts'
import { Argument, type Command, InvalidArgumentError } from 'commander'
import { printAhead } from '../ahead.ts'
import { configurable, run, settingsOf } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { printed } from '../format.ts'

type Options = { csv?: boolean; on?: string }

const TERMS = ['scraped_date', 'price_cents', 'was_price_cents', 'is_on_special', 'is_available']
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  observations: ['company', 'store_id', 'sku', 'key', ...TERMS],
  prices: ['company', 'store_id', 'sku', 'key', 'name', 'brand', 'size', ...TERMS],
  products: ['name', 'brand', 'size', 'barcodes', 'listings'],
}
const WRITE_CHARACTERS = 64 * 1024

/** Adds the command. */
export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('print what the catalogue holds')
    .addArgument(new Argument('<what>', 'what to print').choices(Object.keys(FIELDS)))
    .option('--csv', 'print comma-separated values instead of JSON Lines')
    .option('--on <date>', 'with prices: what was on the shelves on this date', dateOf)
    .action((what: string, options: Options) => run({}, () => act(what, options)))
  configurable(command, ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL'])
}

async function act(what: string, options: Options): Promise<number> {
  if (options.on !== undefined && what !== 'prices')
    throw new Problem('settings_invalid', '\n  --on: only prices are those of a date')
  const settings = settingsOf(options, 'data-management')
  await using machine = await openDataManagement(settings)
  const { database } = machine.catalogue
  const records: AsyncIterable<Readonly<Record<string, unknown>>> =
    what === 'observations'
      ? observations(database)
      : what === 'prices'
        ? prices(database, options.on)
        : products(database)
  const lines = options.csv ? csvOf(records, FIELDS[what] ?? []) : jsonLinesOf(records)
  if (process.stdout.isTTY) await show(lines)
  else await printAhead(lines, aheadOf(settings, machine.folders.data)).catch(endWithoutReader)
  return EXIT.done
}

/** Where the file without a name is made: beside the databases; where they are elsewhere there need not be such a folder. */
function aheadOf(settings: Settings, data: string): string {
  return join(databaseServer(settings) === undefined ? data : tmpdir(), `.splitcart-export-${process.pid}.part`)
}

function dateOf(text: string): string {
  if (!isDate(text)) throw new InvalidArgumentError('Expected a date such as 2025-09-23.')
  return text
}

async function* jsonLinesOf(records: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const record of records) yield `${asciiControls(JSON.stringify(record))}\n`
}

/** A reader that goes away has read enough. */
function endWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

async function show(lines: AsyncIterable<string>): Promise<void> {
  let text = ''
  for await (const line of lines) {
    text += printedLine(line)
    if (text.length < WRITE_CHARACTERS) continue
    if (!process.stdout.write(text)) await once(process.stdout, 'drain')
    text = ''
  }
  process.stdout.write(text)
}

/** For eyes: a program gets what the catalogue holds. */
function printedLine(line: string): string {
  return `${printed(line.replace(/\r?\n$/, ''))}\n`
}
