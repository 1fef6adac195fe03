/**
 * `npm run mutants -- --seed N --count N`: makes small changes in the code of the product, one at a time and in a copy, and runs the tests
 * that run the changed line, unless the compiler notices. What nobody notices is printed, and the share of what is noticed, by folder.
 *
 * The same seed draws the same changes from the same code. Which test runs which line is found out first, and kept in `node_modules/.cache`;
 * `--map` finds it out again, `--mapped` asks only those tests of which it is known. `--under FOLDER` draws from there only, `--seconds N` is how long the tests of one change may take in all
 * (by what they took when they were mapped), and `--lanes N` how many changes are tried at once.
 */
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { partOf, readSources } from '../check/sources.ts'
import { Chance } from '../packages/data-management/test/random.ts'
import { Misuse, readArguments, runScript, wholeNumber } from '../test/usage.ts'
import { type Change, changesOf, describe } from './changes.ts'
import { Compiler } from './compiler.ts'
import { copyProject } from './copy.ts'
import { mapTests, type Place } from './mapping.ts'
import { tryChange, type Verdict } from './trial.ts'

const ROOT = join(import.meta.dirname, '..')
const MAP = join(ROOT, 'node_modules/.cache/mutants/map.json')
const PRODUCT = new Set([
  'bin',
  'packages/shared',
  'packages/scraping',
  'packages/generator',
  'packages/data-management',
])
const SEEDS = 1_000_000_000
const OPTIONS = {
  seed: { type: 'string' },
  count: { type: 'string', default: '100' },
  under: { type: 'string', default: '' },
  seconds: { type: 'string', default: '120' },
  lanes: { type: 'string', default: '2' },
  map: { type: 'boolean' },
  mapped: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

type Tried = Readonly<{ change: Change; verdict: Verdict }>
type Drawn = Readonly<{
  drawn: readonly Change[]
  sources: ReadonlyMap<string, string>
  seconds: number
  isComplete: boolean
}>

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function productSources(): Map<string, string> {
  const files = readSources(ROOT).filter(({ path }) => /(?<!\.test)\.ts$/.test(path) && PRODUCT.has(partOf(path)))
  return new Map(files.map(({ path, text }) => [path, text]))
}

/** So many changes of all that are possible, each as likely as the other. */
function draw(sources: ReadonlyMap<string, string>, under: string, seed: number, count: number): Change[] {
  const all = [...sources]
    .filter(([path]) => path.startsWith(under))
    .flatMap(([path, source]) => changesOf(path, source))
  if (all.length === 0) throw new Misuse(`Nothing can be changed under ${JSON.stringify(under)}.`)
  print(`${count} of ${all.length} changes, seed ${seed}`)
  return new Chance(seed).shuffled(all).slice(0, count)
}

async function tryAll({ drawn, sources, seconds, isComplete }: Drawn, place: Place): Promise<Tried[]> {
  const map = await mapTests({ file: MAP, isComplete }, place, sources)
  using compiler = new Compiler(place.copies[0] ?? '')
  const waiting = [...drawn]
  const tried: Tried[] = []
  const lane = async (copy: string) => {
    for (let change = waiting.shift(); change !== undefined; change = waiting.shift()) {
      const source = sources.get(change.path) ?? ''
      const verdict = await tryChange(change, source, { copy, compiler, env: place.env, map, seconds })
      tried.push({ change, verdict })
      print(
        `${tried.length} ${verdict.by === 'nobody' ? 'NOT NOTICED' : `${verdict.by} ${verdict.test ?? ''}`} ${describe(change)}`,
      )
    }
  }
  await Promise.all(place.copies.map(lane))
  return tried
}

/** The folder a score is given for: the room of a package. */
function roomOf(path: string): string {
  const folders = path.split('/').slice(0, -1)
  return folders.slice(0, folders[0] === 'packages' ? 3 : 1).join('/')
}

function report(tried: readonly Tried[]): void {
  print('')
  const rooms = Map.groupBy(tried, ({ change }) => roomOf(change.path))
  for (const [room, its] of [...rooms].sort(([one], [other]) => one.localeCompare(other))) print(scoreOf(room, its))
  print(scoreOf('in all', tried))
  const survivors = tried.filter(({ verdict }) => verdict.by === 'nobody')
  if (survivors.length > 0) print('\nNot noticed:')
  for (const { change, verdict } of survivors) print(`  ${describe(change)} (${verdict.tried} of ${verdict.all} tests)`)
}

function scoreOf(name: string, tried: readonly Tried[]): string {
  const noticed = tried.filter(({ verdict }) => verdict.by !== 'nobody').length
  const types = tried.filter(({ verdict }) => verdict.by === 'types').length
  const share = Math.round((100 * noticed) / tried.length)
  return `${name.padEnd(44)} ${noticed} of ${tried.length} (${share} %)${types > 0 ? `, ${types} of them by the compiler` : ''}`
}

async function main(): Promise<number> {
  const { values } = readArguments({ args: process.argv.slice(2), options: OPTIONS })
  if (values.help) {
    print('npm run mutants -- [--seed N] [--count N] [--under FOLDER] [--seconds N] [--lanes N] [--map] [--mapped]')
    return 0
  }
  const seed = values.seed === undefined ? randomInt(SEEDS) : wholeNumber('--seed', values.seed)
  const sources = productSources()
  const drawn = draw(sources, values.under, seed, wholeNumber('--count', values.count))
  const seconds = wholeNumber('--seconds', values.seconds)
  if (values.map) rmSync(MAP, { force: true })
  const temporary = mkdtempSync(join(tmpdir(), 'splitcart-mutants-'))
  try {
    const lanes = Array.from({ length: Math.max(1, wholeNumber('--lanes', values.lanes)) }, (_, lane) => `copy-${lane}`)
    const copies = lanes.map((name) => join(temporary, name))
    for (const copy of copies) copyProject(ROOT, copy)
    report(
      await tryAll(
        { drawn, sources, seconds, isComplete: values.mapped === true },
        { copies, temporary, env: process.env },
      ),
    )
  } finally {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 })
  }
  // A survivor is to be read, and is not always a fault.
  return 0
}

process.exitCode = await runScript('npm run mutants --', main)
