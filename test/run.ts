/**
 * `npm test`: runs the tests and then looks whether they left anything behind, which is a failure too.
 *
 * Arguments that name files or folders choose what is run, `--long` what `npm test` leaves out, `--quick` a part of it; `--seconds=N` is
 * the longest that a process of a test may run; after `--begin-within=N` seconds no further one is begun, and those left are named; `--list`
 * only names the files; all others go to node as they are.
 * The tests get a folder of their own for temporary files, and their processes carry a mark in their environment. The commands that they
 * run are those of the packed program (`--quick`: its sources), which begin in half the time.
 */
import { randomUUID } from 'node:crypto'
import { chmodSync, globSync, mkdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endLate, leftBehind, MARK } from './left-behind.ts'
import { packProgram } from './packed-program.ts'
import { type Batch, type Result, runPool } from './pool.ts'

const ROOT = join(import.meta.dirname, '..')
const EVERYTHING = ['test/**/*.test.ts', 'packages/*/**/*.test.ts', 'bin/**/*.test.ts', 'check/**/*.test.ts']
const SIMULATOR = 'test/simulator.test.ts'
// In a process of their own: what takes longest, which begins first, and what measures its own memory.
const ALONE = [
  SIMULATOR,
  ...['kills', 'network', 'launcher', 'bombs'].map(inTest),
  ...['page-access', 'page', 'page-hostile', 'page-live', 'page-chart', 'page-attention'].map(inDashboard),
  ...['histories', 'real-files', 'decode', 'hostile'].map(inDataManagement),
  ...['watch', 'crashes'].map(inScraping),
  'packages/generator/test/generator.test.ts',
]
// As many files as end in about the time of the longest of those above share a process: each would load the same code again.
const BATCH_FILES = 8
// They share a PostgreSQL.
const ON_POSTGRES = [
  ...[
    'catalogue-upgrade',
    'derived-data',
    'ledger-shared',
    'limited-sql',
    'pgbouncer',
    'plans',
    'postgres',
    'slow-statements',
    'statements',
  ].map(inDataManagement),
  ...['migrate', 'postgres-way'].map(inTest),
]
// What is kept in a database: `npm run test:long` runs them once more with ledger and catalogue in PostgreSQL.
const TWICE = [
  ...['access', 'keys', 'keys-api', 'heartbeat-api', 'session-api', 'audit-api', 'upload-api', 'events-api'],
  ...[
    'group-commit',
    'rights',
    'products-api',
    'search-api',
    'prices-api',
    'rejects-api',
    'sources-api',
    'changes-api',
  ],
  ...['planted', 'update-db', 'feeds', 'kinds-api', 'export-api', 'uploads-api', 'actions', 'overview-api', 'figures'],
  ...['believed', 'headings-api', 'notices', 'store-settings', 'ticks', 'days', 'notice-troubles'],
].map(inDataManagement)
// `npm run test:long`, beside these: what several machines do together, campaigns in short, and what kills or cuts off at one moment after
// the other. It takes minutes.
const LONG = [
  // They take longest: begun late, they would end long after the others.
  ...['fleet', 'power-cuts', 'errors', 'partitions'].map(inTest),
  ...['postgres-dies', 'postgres-hosts', 'side-by-side', 'fleet'].map(inDataManagement),
  ...['copies', 'costs', 'database-trouble', 'mistakes-of-people', 'rights', 'strangers', 'adapters'].map(inTest),
  ...[
    'archive',
    'pack',
    'chaos',
    'killed',
    'canary',
    'fuzz',
    'swaps',
    'lost-server',
    'rows-as-people-send',
    'hostile-dcz',
  ].map(inTest),
  inScraping('strangers'),
  inDashboard('page-figures'),
]
// What the page takes of a processor is measured: what runs beside it would be measured, too.
const SPEED = inDashboard('page-speed')
// Of these `npm test` does a little, and `npm run test:long` more.
const MORE = [SIMULATOR, inDataManagement('real-files')]
const IS_LONG = '--long'
// `npm run test:quick`: what needs nothing but Node and ends within a minute.
const QUICK = [
  'packages/shared/**/*.test.ts',
  'packages/scraping/**/*.test.ts',
  'packages/generator/**/*.test.ts',
  'check/**/*.test.ts',
  inTest('whole-way'),
]
const IS_QUICK = '--quick'
const IS_LIST = '--list'
const QUICK_MARK = { SPLITCART_TESTS: 'quick' }
const LONG_MARK = { SPLITCART_TESTS: 'long' }
const BEGIN_WITHIN = /^--begin-within=(-?\d+)$/
const OPTIONS = ['--test-reporter=spec', '--test-timeout=180000']
const CONCURRENCY = 5
// Each of the long ones starts many processes by itself.
const CONCURRENCY_OF_LONG = 3
// Several times what the longest takes where nothing else runs.
const SECONDS_MAX = 900
const SECONDS = /^--seconds=(\d+)$/
const ON_POSTGRES_MARK = { DATABASE_OF_TESTS: 'postgres' }
const SLOWEST = 5

function inTest(name: string): string {
  return `test/${name}.test.ts`
}

function inDataManagement(name: string): string {
  return `packages/data-management/test/${name}.test.ts`
}

function inScraping(name: string): string {
  return `packages/scraping/test/${name}.test.ts`
}

function inDashboard(name: string): string {
  return `packages/dashboard/test/${name}.test.ts`
}

function filesOf(patterns: readonly string[]): string[] {
  return globSync(patterns, { cwd: ROOT, exclude: ['**/node_modules/**'] }).sort()
}

/** `alone`: so many of the first batches run before the others, one after the other. */
type Choice = Readonly<{
  batches: readonly Batch[]
  alone?: number
  concurrency?: number
  options: readonly string[]
  more?: NodeJS.ProcessEnv
}>

/** The test files that arguments name, and the arguments that are options. */
async function choose(given: readonly string[]): Promise<Choice> {
  const alone = (files: readonly string[]) => files.map((file) => ({ files: [file] }))
  if (given.includes(IS_LONG))
    return {
      // Its many stories would wait for all others, and end too late.
      batches: [...alone([SPEED, ...MORE]), ...(await onPostgres()), ...alone(LONG)],
      alone: [SPEED, SIMULATOR].length,
      concurrency: CONCURRENCY_OF_LONG,
      options: given.filter((argument) => argument !== IS_LONG),
      more: LONG_MARK,
    }
  if (given.includes(IS_QUICK)) {
    const files = filesOf(QUICK).filter((file) => !ALONE.includes(file))
    return { batches: inBatches(files), options: given.filter((argument) => argument !== IS_QUICK), more: QUICK_MARK }
  }
  const names = given.filter((argument) => !argument.startsWith('-') && (argument.endsWith('.ts') || exists(argument)))
  const options = given.filter((argument) => !names.includes(argument))
  const patterns = names.map((name) => (isFolder(name) ? `${name}/**/*.test.ts` : name))
  if (names.length > 0) return { batches: alone(filesOf(patterns)), options }
  const chosen = new Set([SPEED, ...LONG, ...ALONE, ...ON_POSTGRES])
  const others = filesOf(EVERYTHING).filter((file) => !chosen.has(file))
  return { batches: [...alone(ALONE), { files: ON_POSTGRES }, ...inBatches(others)], options }
}

/** What is run once more with ledger and catalogue in PostgreSQL; nothing where it is not installed, which is said. */
async function onPostgres(): Promise<Batch[]> {
  const { NO_POSTGRES } = await import('./postgres.ts')
  if (NO_POSTGRES === false) return inBatches(TWICE).map((batch) => ({ ...batch, env: ON_POSTGRES_MARK }))
  process.stdout.write(`Not run once more: ${NO_POSTGRES}.\n`)
  return []
}

/** Neighbours are alike: each batch gets some of all kinds. */
function inBatches(files: readonly string[]): Batch[] {
  const count = Math.ceil(files.length / BATCH_FILES)
  return Array.from({ length: count }, (_, batch) => ({ files: files.filter((_, index) => index % count === batch) }))
}

function exists(pattern: string): boolean {
  return globSync(pattern, { cwd: ROOT }).length > 0
}

function isFolder(name: string): boolean {
  return statSync(join(ROOT, name), { throwIfNoEntry: false })?.isDirectory() === true
}

function environment(mark: string, folder: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const colour = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
  // The processes of tests, and many more of programs, load the same code: compiled once, it saves a minute of CPU.
  const compiled = { NODE_COMPILE_CACHE: join(folder, 'compiled') }
  const folders = { TMPDIR: folder, TEMP: folder, TMP: folder }
  const env: NodeJS.ProcessEnv = { ...process.env, ...colour, ...compiled, ...folders, ...more, [MARK]: mark }
  // A runner inside a test is a run of its own.
  delete env.NODE_TEST_CONTEXT
  return env
}

/** How to run a batch by itself. */
function commandOf({ files, env = {} }: Batch): string {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value} `)
  return `${settings.join('')}npm test -- ${files.join(' ')}`
}

/**
 * What failed, where the end of a long output is looked at first, what was not tried, the sums of all processes, and which of them took
 * longest.
 */
function summaryOf({ ended, left, sums }: Result, milliseconds: number): string {
  const slowest = ended.toSorted((one, other) => other.seconds - one.seconds).slice(0, SLOWEST)
  const slow = slowest.map(
    ({ batch: { files }, seconds }) => `${files.at(0)}${files.length > 1 ? ' …' : ''} ${Math.round(seconds)} s`,
  )
  sums.set('duration_ms', milliseconds)
  const failed = ended
    .filter(({ hasPassed }) => !hasPassed)
    .map(({ batch, failures }) => `${ended.length > 1 ? failures : ''}✖ failed: ${commandOf(batch)}\n`)
  const notTried = left.map((batch) => `NOT TRIED, because the time was over: ${commandOf(batch)}\n`)
  return `${failed.join('')}${notTried.join('')}ℹ slowest: ${slow.join(', ')}\n${[...sums].map(([name, count]) => `ℹ ${name} ${count}\n`).join('')}`
}

async function main(given: readonly string[]): Promise<number> {
  const seconds = Number(given.map((argument) => SECONDS.exec(argument)?.[1]).find(Boolean) ?? SECONDS_MAX)
  const begin = given.map((argument) => BEGIN_WITHIN.exec(argument)?.[1]).find(Boolean)
  const isOwn = (argument: string) => SECONDS.test(argument) || BEGIN_WITHIN.test(argument)
  const {
    batches,
    alone,
    concurrency = CONCURRENCY,
    options,
    more,
  } = await choose(given.filter((argument) => !isOwn(argument)))
  if (given.includes(IS_LIST)) {
    process.stdout.write(`${batches.flatMap(({ files }) => files).join('\n')}\n`)
    return 0
  }
  if (batches.length === 0) {
    process.stdout.write(`No test file matches ${given.join(' ')}\n`)
    return 2
  }
  // Ctrl-C reaches the tests too; this process stays to clean up after them.
  process.on('SIGINT', () => {})
  const mark = randomUUID()
  const folder = join(tmpdir(), `splitcart-test-${mark.slice(0, 8)}`)
  mkdirSync(folder)
  // PostgreSQL runs as another user, whatever the umask is.
  chmodSync(folder, 0o755)
  if (given.length === 0) process.stdout.write('Not among these: npm run test:long.\n')
  const start = performance.now()
  const ended = new AbortController()
  const watching = endLate(mark, seconds, ended.signal)
  // A runner inside a test runs what that test runs.
  const isPacked = more !== QUICK_MARK && process.env.PROGRAM_OF_TESTS === undefined
  const program = isPacked ? { PROGRAM_OF_TESTS: await packProgram(join(folder, 'program')) } : {}
  const env = environment(mark, folder, { ...more, ...program })
  const beginMsMax = begin === undefined ? Number.POSITIVE_INFINITY : Number(begin) * 1000
  const pool = { root: ROOT, folder, env, options: [...OPTIONS, ...options], concurrency, beginMsMax }
  const result = await runPool(pool, batches, alone)
  ended.abort()
  const faults = [
    ...(await watching).map(({ pid, command }) => `ended after ${seconds} s: process ${pid}: ${command}`),
    ...(await leftBehind(mark, folder)).map((one) => `left behind: ${one}`),
  ]
  for (const fault of faults) process.stdout.write(`✖ ${fault}\n`)
  process.stdout.write(summaryOf(result, Math.round(performance.now() - start)))
  return faults.length === 0 && result.ended.every(({ hasPassed }) => hasPassed) ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
