/**
 * `npm run lies -- FOLDER`: takes honest scrapes, tells every lie of lies.ts about each of them, and counts which are held; and loads the
 * honest ones in the order of their dates and in others, where none may be held.
 */
import { Chance } from '../../packages/data-management/test/random.ts'
import { Misuse, readArguments, runScript, wholeNumber } from '../../test/usage.ts'
import { chainsOf } from './generated.ts'
import { HonestOrders } from './honest.ts'
import { tellReally } from './really.ts'
import { readScrapes, type ScrapeFile } from './scrape-files.ts'
import { percentOf, Tally } from './tally.ts'

const OPTIONS = {
  orders: { type: 'string', default: '20' },
  seed: { type: 'string', default: '1' },
  partial: { type: 'string', multiple: true, default: [] as string[] },
  generated: { type: 'boolean', default: false },
  companies: { type: 'string', default: '20' },
  stores: { type: 'string', default: '10' },
  days: { type: 'string', default: '60' },
  products: { type: 'string', default: '300' },
  every: { type: 'string', default: '1' },
  really: { type: 'string', default: '0' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

const HELP = `npm run lies -- FOLDER [--orders 20] [--seed 1] [--partial PART-OF-A-NAME …] [--every 1] [--really 0]
npm run lies -- --generated [--companies 20] [--stores 10] [--days 60] [--products 300] [--orders 20] [--every 1] [--really 0]

  FOLDER      honest scrapes, .jsonl or .jsonl.gz
  --partial   files that are not honest: they must be held, once there is something to compare them with
  --generated invented chains with drift instead, each with so many stores; of them it is known which scrapes are partial
  --every     tell the lies of every so manieth scrape
  --really    really upload and load so many of them, too, each to a server of its own`

type Settings = Readonly<{ orders: number; seed: number; every: number; really: number }>

type Sums = { files: number; falseHolds: number; partialHeld: number; partial: number; really: number; faults: number }

async function run(): Promise<number> {
  const { values, positionals } = readArguments({ options: OPTIONS, allowPositionals: true })
  if (values.help) return print(HELP, 0)
  const number = (name: 'orders' | 'seed' | 'every' | 'really' | 'companies' | 'stores' | 'days' | 'products') =>
    wholeNumber(`--${name}`, values[name])
  const settings = { orders: number('orders'), seed: number('seed'), every: number('every'), really: number('really') }
  const sums: Sums = { files: 0, falseHolds: 0, partialHeld: 0, partial: 0, really: 0, faults: 0 }
  const tally = new Tally(settings.seed)
  if (values.generated) {
    const [companies, stores] = [number('companies'), number('stores')]
    const plan = { companies, stores, days: number('days'), products: number('products'), seed: settings.seed }
    for (const { files, partial } of chainsOf(plan))
      await tryAll(new HonestOrders(files, (name) => partial.has(name)), tally, settings, sums)
  } else {
    const files = await scrapesIn(positionals[0])
    const isPartial = (name: string) => values.partial.some((part) => name.includes(part))
    await tryAll(new HonestOrders(files, isPartial), tally, settings, sums)
  }
  return tell(tally, settings, sums, values.generated)
}

async function scrapesIn(folder: string | undefined): Promise<ScrapeFile[]> {
  if (folder === undefined) throw new Misuse('Which folder?')
  const files = await readScrapes(folder)
  if (files.length === 0) throw new Misuse(`There is no .jsonl or .jsonl.gz in ${folder}.`)
  return files
}

/** The files come in the order of their dates. */
async function tryAll(honest: HonestOrders, tally: Tally, settings: Settings, sums: Sums): Promise<void> {
  const { orders, seed, every, really } = settings
  const files = [...honest.readings.keys()]
  const inOrder = honest.load(files)
  const shuffled = Array.from({ length: orders }, (_, index) => honest.load(new Chance(seed + index).shuffled(files)))
  for (const { falseHolds } of [inOrder, ...shuffled]) {
    sums.falseHolds += falseHolds.length
    for (const sentence of falseHolds) print(`✖ ${sentence}`, 0)
  }
  sums.files += files.length
  sums.partial += honest.partial
  sums.partialHeld += inOrder.partialHeld
  tally.begin(honest.readings)
  for (const [place, file] of files.filter((each) => !honest.isPartial(each)).entries()) {
    if (place % every > 0) {
      tally.believe(file)
      continue
    }
    tally.tell(file)
    if (sums.really >= really) continue
    const { told, faults } = await tellReally(file, seed + place, 1)
    sums.really += told
    sums.faults += faults.length
    for (const fault of faults) print(`✖ ${fault}`, 0)
  }
}

function tell(tally: Tally, { orders }: Settings, sums: Sums, isGenerated: boolean): number {
  print(`${sums.files} files in the order of dates and ${orders} others: ${sums.falseHolds} false holds`, 0)
  print(`partial ones held in the order of dates: ${sums.partialHeld} of ${sums.partial}`, 0)
  for (const line of tally.lines) print(line, 0)
  if (sums.really > 0) print(`really loaded: ${sums.really}, ${sums.faults} of them ended otherwise`, 0)
  print(`in all: ${percentOf(tally.held)} held of what must be, ${percentOf(tally.told)} told of what may be loaded`, 0)
  // An invented scrape may lack a category of few rows: no rule holds that.
  const arePartialHeld = isGenerated || sums.partialHeld === sums.partial
  const isGood = sums.falseHolds + sums.faults === 0 && arePartialHeld && tally.held.caught >= 0.99 * tally.held.of
  return isGood ? 0 : 1
}

function print(text: string, exitCode: number): number {
  process.stdout.write(`${text}\n`)
  return exitCode
}

process.exitCode = await runScript('npm run lies --', run)
