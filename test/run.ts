/**
 * `npm test`: runs the tests and then looks whether they left anything behind, which is a failure too.
 *
 * Arguments that name files or folders choose what is run, `--long` what `npm test` leaves out, `--seconds=N` is the longest that a process of a test may run;
 * all others go to `node --test` as they are.
 * The tests get a folder of their own for temporary files, and their processes carry a mark in their environment.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { globSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'

const ROOT = join(import.meta.dirname, '..')
const EVERYTHING = ['test/**/*.test.ts', 'packages/*/**/*.test.ts', 'bin/**/*.test.ts', 'check/**/*.test.ts']
// It takes what the others leave of the processors, from the beginning to the end.
const FIRST = 'test/simulator.test.ts'
// `npm run test:long`: what is kept in a database once more on PostgreSQL, what several machines do together, and campaigns in short. It
// takes minutes.
const LONG = [
  FIRST,
  ...['on-postgres', 'postgres-dies', 'side-by-side', 'fleet'].map(
    (name) => `packages/data-management/test/${name}.test.ts`,
  ),
  ...['fleet', 'partitions', 'copies', 'costs', 'mistakes-of-people', 'rights', 'strangers'].map(
    (name) => `test/${name}.test.ts`,
  ),
]
const IS_LONG = '--long'
// The simulator tells more stories then.
const LONG_MARK = { SPLITCART_TESTS: 'long' }
const OPTIONS = ['--test', '--test-reporter=spec', '--test-concurrency=5', '--test-timeout=120000']
const MARK = 'SPLITCART_TEST_RUN'
const GRACE_MS = 1000
const WATCH_MS = 250
// Several times what the longest takes where nothing else runs.
const SECONDS_MAX = 420
const SECONDS = /^--seconds=(\d+)$/
const SUMMARY_LINE = /^[#ℹ] (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /

type Run = Readonly<{ mark: string; folder: string }>

function filesOf(patterns: readonly string[]): string[] {
  return globSync(patterns, { cwd: ROOT, exclude: ['**/node_modules/**'] }).sort()
}

/** The test files that arguments name, and the arguments that are options. */
function choose(given: readonly string[]): { files: string[]; options: string[] } {
  if (given.includes(IS_LONG)) return { files: LONG, options: given.filter((argument) => argument !== IS_LONG) }
  const names = given.filter((argument) => !argument.startsWith('-') && (argument.endsWith('.ts') || exists(argument)))
  const options = given.filter((argument) => !names.includes(argument))
  const patterns = names.map((name) => (isFolder(name) ? `${name}/**/*.test.ts` : name))
  if (names.length > 0) return { files: filesOf(patterns), options }
  const files = filesOf(EVERYTHING).filter((file) => !LONG.includes(file))
  return { files: [FIRST, ...files], options }
}

function exists(pattern: string): boolean {
  return globSync(pattern, { cwd: ROOT }).length > 0
}

function isFolder(name: string): boolean {
  return statSync(join(ROOT, name), { throwIfNoEntry: false })?.isDirectory() === true
}

function start({ mark, folder }: Run, options: readonly string[], files: readonly string[]): ChildProcess {
  const long = files === LONG ? LONG_MARK : {}
  const colour = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
  // Some 150 processes of tests, and many more of programs, load the same code: compiled once, it saves a minute of CPU.
  const compiled = { NODE_COMPILE_CACHE: join(folder, 'compiled') }
  const folders = { TMPDIR: folder, TEMP: folder, TMP: folder }
  const env: NodeJS.ProcessEnv = { ...process.env, ...colour, ...compiled, ...folders, ...long, [MARK]: mark }
  // A runner inside a test is a run of its own; node would skip its files.
  delete env.NODE_TEST_CONTEXT
  const stdio: ['inherit', 'pipe', 'inherit'] = ['inherit', 'pipe', 'inherit']
  return spawn(process.execPath, [...OPTIONS, ...options, ...files], { cwd: ROOT, env, stdio })
}

/** Passes the output on, and keeps the lines of the summary to end with them. */
async function report(child: ChildProcess): Promise<string[]> {
  const summary: string[] = []
  if (child.stdout === null) return summary
  for await (const line of createInterface({ input: child.stdout })) {
    process.stdout.write(`${line}\n`)
    if (SUMMARY_LINE.test(stripVTControlCharacters(line))) summary.push(line)
  }
  return summary
}

type Process = Readonly<{ pid: number; command: string }>

/** The processes that carry the mark: what a test started and did not wait for. */
function processesWith(mark: string): Process[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${MARK}=${mark}`)) return []
        // Without the options, of which node has some thirty when it runs a test.
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        const command = words.filter((word) => !word.startsWith('--')).join(' ')
        return [{ pid: Number(pid), command: command.trim().slice(0, 200) }]
      } catch {
        // It ended while it was looked at, or belongs to somebody else.
        return []
      }
    })
}

/** Ends what runs for too long: node fails a test that is late, and then waits for its process for ever. */
async function endLate(mark: string, runner: ChildProcess, secondsMax: number): Promise<Process[]> {
  const since = new Map<number, number>()
  const late: Process[] = []
  while (runner.exitCode === null && runner.signalCode === null) {
    await sleep(WATCH_MS)
    for (const one of processesWith(mark)) {
      const started = since.get(one.pid) ?? performance.now()
      since.set(one.pid, started)
      if (one.pid === runner.pid || performance.now() - started < secondsMax * 1000) continue
      process.kill(one.pid, 'SIGKILL')
      late.push(one)
    }
  }
  return late
}

async function leftRunning(mark: string): Promise<Process[]> {
  const end = performance.now() + GRACE_MS
  let left = processesWith(mark)
  while (left.length > 0 && performance.now() < end) {
    await sleep(50)
    left = processesWith(mark)
  }
  return left
}

/** Names what was left behind, and takes it away. */
async function leftBehind({ mark, folder }: Run): Promise<string[]> {
  const left: string[] = []
  if (process.platform !== 'linux') process.stdout.write('Left-over and late processes are looked for on Linux only.\n')
  for (const { pid, command } of await leftRunning(mark)) {
    left.push(`process ${pid}: ${command}`)
    process.kill(pid, 'SIGKILL')
  }
  left.push(
    ...readdirSync(folder)
      .filter((name) => name.startsWith('splitcart-'))
      .map((name) => `in the temporary folder: ${name}`),
  )
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  return left
}

async function main(given: readonly string[]): Promise<number> {
  const seconds = Number(given.map((argument) => SECONDS.exec(argument)?.[1]).find(Boolean) ?? SECONDS_MAX)
  const { files, options } = choose(given.filter((argument) => !SECONDS.test(argument)))
  if (files.length === 0) {
    process.stdout.write(`No test file matches ${given.join(' ')}\n`)
    return 2
  }
  // Ctrl-C reaches the tests too; this process stays to clean up after them.
  process.on('SIGINT', () => {})
  const mark = randomUUID()
  const run = { mark, folder: join(tmpdir(), `splitcart-test-${mark.slice(0, 8)}`) }
  mkdirSync(run.folder, { mode: 0o755 })
  const child = start(run, options, files)
  const ended = once(child, 'close')
  if (given.length === 0) process.stdout.write('Not among these: npm run test:long.\n')
  const watching = endLate(mark, child, seconds)
  const summary = await report(child)
  const [status] = await ended
  const faults = [
    ...(await watching).map(({ pid, command }) => `ended after ${seconds} s: process ${pid}: ${command}`),
    ...(await leftBehind(run)).map((one) => `left behind: ${one}`),
  ]
  for (const fault of faults) process.stdout.write(`✖ ${fault}\n`)
  // Whatever stands above (failures, left-overs), the last lines are the summary.
  if (status !== 0 || faults.length > 0) process.stdout.write(`${summary.join('\n')}\n`)
  return status === 0 && faults.length === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
