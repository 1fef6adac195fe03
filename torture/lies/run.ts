/**
 * `npm run lies -- FOLDER`: takes honest scrapes, tells every lie of lies.ts about each of them, and counts which are held; and loads the
 * honest ones in the order of their dates and in others, where none may be held.
 */
import { Chance } from '../../packages/data-management/test/random.ts'
import { Misuse, readArguments, runScript, wholeNumber } from '../../test/usage.ts'
import { HonestOrders } from './honest.ts'
import { readScrapes } from './scrape-files.ts'
import { percentOf, Tally } from './tally.ts'

const OPTIONS = {
  orders: { type: 'string', default: '20' },
  seed: { type: 'string', default: '1' },
  partial: { type: 'string', multiple: true, default: [] as string[] },
  help: { type: 'boolean', short: 'h', default: false },
} as const

const HELP = `npm run lies -- FOLDER [--orders 20] [--seed 1] [--partial PART-OF-A-NAME …]

  FOLDER     honest scrapes, .jsonl or .jsonl.gz
  --partial  files that are not honest: they must be held, once there is something to compare them with`

async function run(): Promise<number> {
  const { values, positionals } = readArguments({ options: OPTIONS, allowPositionals: true })
  if (values.help) return print(HELP, 0)
  const [folder] = positionals
  if (folder === undefined) throw new Misuse('Which folder?')
  const [orders, seed] = [wholeNumber('--orders', values.orders), wholeNumber('--seed', values.seed)]
  const files = await readScrapes(folder)
  if (files.length === 0) throw new Misuse(`There is no .jsonl or .jsonl.gz in ${folder}.`)
  const honest = new HonestOrders(files, values.partial)
  const inOrder = honest.load(files)
  const shuffled = Array.from({ length: orders }, (_, index) => honest.load(new Chance(seed + index).shuffled(files)))
  for (const sentence of [inOrder, ...shuffled].flatMap(({ falseHolds }) => falseHolds)) print(`✖ ${sentence}`, 0)
  const falseHolds = [inOrder, ...shuffled].reduce((sum, each) => sum + each.falseHolds.length, 0)
  print(`${files.length} files in the order of dates and ${orders} others: ${falseHolds} false holds`, 0)
  print(`partial ones held in the order of dates: ${inOrder.partialHeld} of ${honest.partial}`, 0)
  const tally = new Tally(honest.readings, seed)
  for (const file of files.filter((each) => !honest.isPartial(each))) tally.tell(file)
  for (const line of tally.lines) print(line, 0)
  print(`in all: ${percentOf(tally.held)} held of what must be, ${percentOf(tally.told)} told of what may be loaded`, 0)
  const isGood = falseHolds === 0 && inOrder.partialHeld === honest.partial && tally.held.caught >= 0.99 * tally.held.of
  return isGood ? 0 : 1
}

function print(text: string, exitCode: number): number {
  process.stdout.write(`${text}\n`)
  return exitCode
}

process.exitCode = await runScript('npm run lies --', run)
