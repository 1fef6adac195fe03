/**
 * `npm run bench [-- NAME …] [--rounds N] [--write]`: measures, side by side with what people would use instead. Commands are those of the
 * packed program, which is what people run.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { temporaryFolder } from '../test/folders.ts'
import { packProgram } from '../test/packed-program.ts'
import { Misuse, readArguments, runScript, wholeNumber } from '../test/usage.ts'
import { hasOwnNetwork, inOwnNetwork, networkMissing } from '../torture/own-network.ts'
import { acceptOne } from './accept.ts'
import { acceptSmall } from './accept-small.ts'
import { type Comparison, compare } from './compare.ts'
import { exports } from './exports.ts'
import { feeds } from './feeds.ts'
import { growth } from './growth.ts'
import { largeQueries } from './large-queries.ts'
import { firstLoad, nextDayLoad, realLoad, realLoadShuffled, realNextDay, realNextVersion } from './load.ts'
import {
  firstLoadIntoPostgres,
  realLoadIntoPostgres,
  realNextIntoPostgres,
  realShuffledIntoPostgres,
} from './load-postgres.ts'
import { memory } from './memory.ts'
import { missing, type ProgramName } from './programs.ts'
import { realMany, realManyIntoPostgres } from './real-many.ts'
import { keep, linesOf, machine, type Report, reportOf, writeReadme } from './report.ts'
import { installRivals } from './rivals/install.ts'
import { sendOne, sendReal } from './send.ts'
import { slowLine } from './slow-line.ts'
import { suggestions } from './suggestions.ts'
import { wholeWay, wholeWayOfMany, wholeWayOfSmall } from './whole-way.ts'
import { wireReal } from './wire-real.ts'

/** The programs and npm packages a benchmark needs, and how it is done; with nothing to report there is no data for it. */
type Benchmark = Readonly<{
  programs: readonly ProgramName[]
  packages?: true
  /** It needs a network of its own, which it is run in. */
  isolated?: true
  run: (rounds: number) => Promise<Report | undefined>
}>

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  accept: { programs: ['curl', 'gzip', 'nginx', 'sync'], run: comparing(acceptOne) },
  'accept-small': { programs: ['gzip', 'nginx', 'sync'], run: comparing(acceptSmall) },
  send: { programs: ['curl', 'gzip', 'rclone', 'sync'], run: comparing(sendOne) },
  'send-real': { programs: ['curl', 'gzip', 'rclone', 'sync'], run: comparing(sendReal) },
  'slow-line': { programs: ['curl', 'gzip'], isolated: true, run: slowLine },
  'wire-real': { programs: [], run: () => wireReal() },
  'real-load': { programs: ['sqlite-utils', 'sync'], packages: true, run: comparing(realLoad) },
  'real-load-shuffled': { programs: ['sqlite-utils', 'sync'], packages: true, run: comparing(realLoadShuffled) },
  'real-next-day': { programs: ['sqlite-utils', 'sync'], packages: true, run: comparing(realNextDay) },
  'real-next-version': { programs: ['sqlite-utils', 'sync'], packages: true, run: comparing(realNextVersion) },
  'real-many': { programs: [], run: () => realMany() },
  'postgres-real-many': { programs: [], run: () => realManyIntoPostgres() },
  'first-load': { programs: ['sqlite-utils', 'sync'], packages: true, run: comparing(firstLoad) },
  'next-day-load': { programs: ['sqlite-utils', 'sync'], packages: true, run: comparing(nextDayLoad) },
  'postgres-real-load': { programs: ['sync'], run: comparing(realLoadIntoPostgres) },
  'postgres-real-shuffled': { programs: ['sync'], run: comparing(realShuffledIntoPostgres) },
  'postgres-real-next-day': { programs: ['sync'], run: comparing(realNextIntoPostgres) },
  'postgres-first-load': { programs: ['sync'], run: comparing(firstLoadIntoPostgres) },
  'whole-way': { programs: ['sync'], run: comparing(wholeWay) },
  'whole-way-of-many': { programs: ['sync'], run: comparing(wholeWayOfMany) },
  'whole-way-of-small': { programs: ['sync'], run: comparing(wholeWayOfSmall) },
  memory: { programs: ['sync'], run: memory },
  feeds: { programs: [], run: feeds },
  export: { programs: ['sync'], run: exports },
  suggestions: { programs: [], run: suggestions },
  growth: { programs: ['sync'], run: growth },
  queries: { programs: ['sync'], run: largeQueries },
}

const ROUNDS = '5'

const OPTIONS = {
  rounds: { type: 'string', default: ROUNDS },
  write: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

const HELP = `npm run bench [-- NAME …] [--rounds ${ROUNDS}] [--write]

  NAME      one of ${Object.keys(BENCHMARKS).join(', ')}; none: all of them
  --rounds  how often each is measured
  --write   writes the tables of bench/README.md`

async function main(): Promise<number> {
  const { values, positionals } = readArguments({ options: OPTIONS, allowPositionals: true })
  if (values.help) {
    print(HELP)
    return 0
  }
  const unknown = positionals.find((name) => !Object.hasOwn(BENCHMARKS, name))
  if (unknown !== undefined) throw new Misuse(`There is no benchmark ${JSON.stringify(unknown)}.`)
  const rounds = wholeNumber('--rounds', values.rounds)
  if (rounds === 0) throw new Misuse('--rounds takes 1 or more.')
  if (process.env.PROGRAM_OF_TESTS === undefined) return await runPacked()
  print(machine())
  const left: string[] = []
  for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHMARKS))
    if (!(await runOne(name, rounds))) left.push(name)
  if (values.write) await writeReadme(Object.keys(BENCHMARKS))
  return left.length === 0 ? 0 : 1
}

/** The same in a process that knows of the packed program from its beginning. */
async function runPacked(): Promise<number> {
  await using at = await temporaryFolder()
  const env = { ...process.env, PROGRAM_OF_TESTS: await packProgram(join(at.path, 'program')) }
  const [code] = await once(
    spawn(process.execPath, [import.meta.filename, ...process.argv.slice(2)], { env, stdio: 'inherit' }),
    'close',
  )
  return code ?? 1
}

async function runOne(name: string, rounds: number): Promise<boolean> {
  const { programs, packages, isolated, run } = BENCHMARKS[name]!
  const absent = missing(programs) ?? (isolated && (networkMissing() || undefined))
  if (absent !== undefined) {
    print(`\n${name} is left out: ${absent}`)
    return false
  }
  if (isolated && !hasOwnNetwork())
    return (await inOwnNetwork(import.meta.filename, [name, '--rounds', String(rounds)])) === 0
  if (packages) await installRivals()
  const report = await run(rounds)
  if (report === undefined) {
    print(`\n${name} is left out: there is no ../shared/data`)
    return true
  }
  print(`\n${name}: ${report.title}\n`)
  for (const line of linesOf(report)) print(line)
  await keep(name, report)
  return true
}

function comparing(open: () => Promise<Comparison | undefined>) {
  return async (rounds: number): Promise<Report | undefined> => {
    const comparison = await open()
    if (comparison === undefined) return undefined
    await using _ = comparison
    return reportOf(comparison, await compare(comparison, rounds))
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

process.exitCode = await runScript('npm run bench --', main)
