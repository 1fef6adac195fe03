/** `splitcart product` and `splitcart cheapest`: the dashboard's price queries on the command line. */
import {
  type ProductAnswer,
  type ProductPage,
  type ProductsParameters,
  productPage,
  readProductAnswer,
} from '@splitcart/data-management/http/routes/products.ts'
import type { QueryContext } from '@splitcart/data-management/http/threads/query-context.ts'
import { type FormatMoney, moneyFormatter } from '@splitcart/shared/money.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Command } from 'commander'
import { addSettingOptions, loadSettings, numberArgument, run } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { columns, count } from '../format.ts'
import { localReading } from '../local-reading.ts'
import { requireKnownNames } from '../required-names.ts'
import type { Terminal } from '../terminal.ts'

type Options = { json?: boolean; company?: string; limit: number }

const LIMIT = 15
const LIMIT_MAX = 100

/** Adds the command that shows one product. */
export function addProduct(program: Command): void {
  const command = program
    .command('product')
    .description('say where a product is cheapest, chain by chain, and what it has cost')
    .argument('<words...>', 'its number, company/SKU, or words of its name')
    .option('--json', 'print JSON Lines')
    .action((words: string[], options: Options) => run(options, (terminal) => showProduct(words, options, terminal)))
  addSettingOptions(command, ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL', 'TIME_ZONE', 'CURRENCY'])
}

/** Adds the command that finds the cheapest. */
export function addCheapest(program: Command): void {
  const command = program
    .command('cheapest')
    .description('find products by words, the cheapest by amount first')
    .argument('<words...>', 'words of name and brand')
    .option('--company <company>', 'of this company')
    .option('--limit <count>', 'how many at most', numberArgument(LIMIT_MAX), LIMIT)
    .option('--json', 'print JSON Lines')
    .action((words: string[], options: Options) => run(options, (terminal) => findCheapest(words, options, terminal)))
  addSettingOptions(command, ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL', 'TIME_ZONE', 'CURRENCY'])
}

async function showProduct(words: readonly string[], options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  await using machine = await openDataManagement(settings)
  const reading = localReading(machine, settings)
  const product = await findProduct(reading, words.join(' '))
  terminal.say(`${product.name}${product.brand === null ? '' : `, ${product.brand}`}  (number ${product.id})`)
  const money = moneyFormatter(settings.CURRENCY)
  terminal.summarize(cheapestSentence(product, money))
  const cells = product.chains.map((chain) => chainCells(chain, money))
  for (const line of columns(cells, [1, 2, 3])) terminal.say(line)
  const { prices: _, comparable: __, ...told } = product
  terminal.record({ type: 'summary', ...told })
  return EXIT.done
}

/** Finds a product by id, by listing (company/SKU), else as the first search result. */
async function findProduct(reading: QueryContext, text: string): Promise<ProductAnswer> {
  if (/^\d+$/.test(text)) return await readProductAnswer(reading, { id: text })
  const [, company, sku] = /^([^/\s]+)\/(\S+)$/.exec(text) ?? []
  const sought = company !== undefined && sku !== undefined ? { company, sku } : { q: text }
  const { products } = await productPage(reading, { ...sought, prices: false, limit: 1 })
  const [first] = products
  if (first === undefined) throw new Problem('not_found', `nothing is called ${text}`)
  return await readProductAnswer(reading, { id: String(first.id) })
}

/** "2.99 at aldi, in 10 stores, seen on 2026-03-30; lowest ever 2.49 at aldi, last on 2026-03-03; usual 3.19." */
export function cheapestSentence(
  { chains, lowest_ever }: Pick<ProductAnswer, 'chains' | 'lowest_ever'>,
  money: FormatMoney,
): string {
  const [best] = chains
  if (best === undefined) return 'No store shows it in its latest scrape.'
  const price = best.lowest_cents === null ? undefined : money(best.lowest_cents)
  const now = best.is_silent
    ? `No store that shows it has been seen lately${price === undefined ? '' : `: ${price} at ${best.company} on ${best.seen_on}`}`
    : price === undefined
      ? `Sold out at ${best.company}, seen on ${best.seen_on}`
      : `${price} at ${best.company}, in ${count(best.lowest_stores, 'store')}, seen on ${best.seen_on}`
  const lowest =
    lowest_ever === null
      ? ''
      : `; lowest ever ${money(lowest_ever.price_cents)} at ${lowest_ever.company}, last on ${lowest_ever.on}`
  return `${now}${lowest}${best.usual_cents === null ? '' : `; usual ${money(best.usual_cents)}`}.`
}

function chainCells(chain: ProductAnswer['chains'][number], money: FormatMoney): string[] {
  const { company, lowest_cents: lowest, highest_cents: highest, stores, silent_stores, is_silent, seen_on } = chain
  const price = lowest === null ? 'sold out' : money(lowest)
  const range = lowest !== null && highest !== null && highest > lowest ? `to ${money(highest)}` : ''
  const where = is_silent
    ? `${count(silent_stores, 'store')}, not seen since ${seen_on}`
    : `${count(stores, 'store')}, seen on ${seen_on}`
  return [`  ${company}`, price, range, unitPriceText(chain, money), where]
}

async function findCheapest(words: readonly string[], options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  await using machine = await openDataManagement(settings)
  await requireKnownNames(machine.catalogue.database, options)
  const { company, limit } = options
  const parameters: ProductsParameters = {
    q: words.join(' '),
    prices: true,
    sort: 'unit_price',
    limit,
    ...(company && { company }),
  }
  const { products, total } = await productPage(localReading(machine, settings), parameters)
  const money = moneyFormatter(settings.CURRENCY)
  const cells = products.map((product) => priceRow(product, money))
  for (const line of columns(cells, [0, 1])) terminal.say(line)
  for (const product of products) terminal.record({ type: 'product', ...product })
  terminal.summarize(
    products.length === 0
      ? `Nothing is called ${words.join(' ')}.`
      : `${products.length} of ${count(total.count, 'product')}.`,
  )
  terminal.record({ type: 'summary', total })
  return EXIT.done
}

/** "2.99  0.15 / 100 ml  Full Cream Milk 2L  aldi" */
function priceRow({ now, name, listings, ...product }: ProductPage['products'][number], money: FormatMoney): string[] {
  const price = now?.lowest_cents == null ? '–' : money(now.lowest_cents)
  const companies = [...new Set(listings.map(({ company }) => company))].join(', ')
  return [price, unitPriceText(product, money), name, companies]
}

type UnitPriced = Readonly<{ unit_price_cents?: number | null; unit_price_per?: string | null }>

function unitPriceText({ unit_price_cents: cents, unit_price_per: per }: UnitPriced, money: FormatMoney): string {
  if (cents == null || per == null) return ''
  return per === 'each' ? `${money(cents)} each` : `${money(cents)} / ${per}`
}
