/**
 * `npm test`: runs the tests and then looks whether they left anything behind, which is a failure too.
 *
 * Arguments that name files or folders choose what is run, `--long` what `npm test` leaves out, `--quick` a part of it; `--seconds=N` is
 * the longest that a process of a test may run; after `--begin-within=N` seconds no further one is begun but what is always run, and those left are named;
 * `--list` only names the files; all others go to node as they are.
 * The tests get a folder of their own for temporary files, and their processes carry a mark in their environment. The commands that they
 * run are those of the packed program (`--quick`: its sources), which begin in half the time.
 */
import { randomUUID } from 'node:crypto'
import { chmodSync, globSync, mkdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endLate, leftBehind, MARK } from './left-behind.ts'
import { batchesOf, isAlone, LONG, MORE, SIMULATOR, SLOW, SPEED, TWICE } from './lists.ts'
import { packProgram } from './packed-program.ts'
import { type Batch, type Result, runPool, type Stage } from './pool.ts'

const ROOT = join(import.meta.dirname, '..')
const EVERYTHING = ['test/**/*.test.ts', 'packages/*/**/*.test.ts', 'bin/**/*.test.ts', 'check/**/*.test.ts']
const WHOLE_WAY = 'test/whole-way.test.ts'
const IS_LONG = '--long'
// `npm run test:quick`: what needs nothing but Node and ends within a minute.
const QUICK = [
  'packages/shared/**/*.test.ts',
  'packages/scraping/**/*.test.ts',
  'packages/generator/**/*.test.ts',
  'check/**/*.test.ts',
  WHOLE_WAY,
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

function filesOf(patterns: readonly string[]): string[] {
  return globSync(patterns, { cwd: ROOT, exclude: ['**/node_modules/**'] }).sort()
}

type Choice = Readonly<{ stages: readonly Stage[]; options: readonly string[]; more?: NodeJS.ProcessEnv }>

/** The test files that arguments name, and the arguments that are options. */
async function choose(given: readonly string[]): Promise<Choice> {
  const without = (option: string) => given.filter((argument) => argument !== option)
  if (given.includes(IS_LONG)) return { stages: await longStages(), options: without(IS_LONG), more: LONG_MARK }
  if (given.includes(IS_QUICK)) {
    const files = filesOf(QUICK).filter((file) => !isAlone(file) || file === WHOLE_WAY)
    return { stages: [sideBySide(shared(files))], options: without(IS_QUICK), more: QUICK_MARK }
  }
  const names = given.filter((argument) => !argument.startsWith('-') && (argument.endsWith('.ts') || exists(argument)))
  const options = given.filter((argument) => !names.includes(argument))
  const patterns = names.map((name) => (isFolder(name) ? `${name}/**/*.test.ts` : name))
  if (names.length > 0) return { stages: [sideBySide(eachAlone(filesOf(patterns)))], options }
  const long = new Set([SPEED, ...LONG, ...SLOW])
  return { stages: [sideBySide(shared(filesOf(EVERYTHING).filter((file) => !long.has(file))))], options }
}

async function longStages(): Promise<Stage[]> {
  const long = [...(await onPostgres()), ...eachAlone(MORE), ...eachAlone(LONG)]
  return [
    { ...sideBySide(shared(SLOW)), isNeeded: true },
    { batches: eachAlone([SPEED]), concurrency: 1 },
    { batches: long, concurrency: CONCURRENCY_OF_LONG },
    // Its many stories would wait for all others, and end too late.
    { batches: eachAlone([SIMULATOR]), concurrency: 1 },
  ]
}

function sideBySide(batches: readonly Batch[]): Stage {
  return { batches, concurrency: CONCURRENCY }
}

function shared(files: readonly string[]): Batch[] {
  return batchesOf(files).map((batch) => ({ files: batch }))
}

function eachAlone(files: readonly string[]): Batch[] {
  return files.map((file) => ({ files: [file] }))
}

/** What is run once more with ledger and catalogue in PostgreSQL; nothing where it is not installed, which is said. */
async function onPostgres(): Promise<Batch[]> {
  const { NO_POSTGRES } = await import('./postgres.ts')
  if (NO_POSTGRES === false) return shared(TWICE).map((batch) => ({ ...batch, env: ON_POSTGRES_MARK }))
  process.stdout.write(`Not run once more: ${NO_POSTGRES}.\n`)
  return []
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
  const { stages, options, more } = await choose(given.filter((argument) => !isOwn(argument)))
  const files = stages.flatMap(({ batches }) => batches.flatMap((batch) => batch.files))
  if (given.includes(IS_LIST)) {
    process.stdout.write(`${files.join('\n')}\n`)
    return 0
  }
  if (files.length === 0) {
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
  const pool = { root: ROOT, folder, env, options: [...OPTIONS, ...options], beginMsMax }
  const result = await runPool(pool, stages)
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
