/**
 * `npm run fuzz -- TARGET [SECONDS] [--executions N] [--seed N] [--save]`: tries what no person would send; `all` tries every target.
 * A fault is printed with the input, which is kept in the temporary folder; the exit code is then 1.
 *
 * `--input FILE` tries a single input, `--mistake` plants the mistake of the target, which has to be found, and `--save` replaces the
 * corpus of the target by the fewest inputs that do all that were found to do.
 */
import { randomInt } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Misuse, readArguments, runScript, wholeNumber } from '../test/usage.ts'
import { nameOf, readCorpus, writeCorpus } from './corpus.ts'
import { Coverage } from './coverage.ts'
import { type Effort, fuzz } from './fuzzer.ts'
import type { Target, Targets } from './target.ts'
import { withMistake, withoutSigns } from './with-mistake.ts'

const OPTIONS = {
  executions: { type: 'string' },
  seed: { type: 'string' },
  input: { type: 'string' },
  save: { type: 'boolean' },
  mistake: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

const SECONDS = 60
const SEEDS = 1_000_000_000

type RunOptions = Readonly<{ effort: Effort; input: string | undefined; save: boolean; mistake: boolean }>

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Fuzzes one target; whether it was found to be sound. */
async function run(name: string, target: Target, coverage: Coverage, options: RunOptions): Promise<boolean> {
  const { effort, input } = options
  const corpus = input === undefined ? readCorpus(name) : [readFileSync(input)]
  const given = options.mistake ? await withoutSigns(target, corpus) : corpus
  const tried = options.mistake ? withMistake(target) : target
  const outcome = await fuzz(tried, coverage, given, input === undefined ? effort : { ...effort, executions: 0 })
  const { executions, ms, found } = outcome
  const rate = Math.round(executions / (ms / 1000))
  const figures = `${executions} executions, ${rate} a second, ${outcome.corpus.length} inputs kept, ${coverage.size} characters of code run`
  print(`${name}: ${figures}, ${found === undefined ? 'no fault' : 'a fault'} (seed ${effort.seed})`)
  if (found === undefined) {
    if (options.save) await writeCorpus(name, target, coverage, outcome.corpus)
    return true
  }
  const path = join(tmpdir(), `fuzz-${name}-${nameOf(found.input)}`)
  writeFileSync(path, found.input)
  print(`  ${found.fault}\n  ${JSON.stringify(found.input.toString('latin1').slice(0, 500))}`)
  print(`  again: npm run fuzz -- ${name} --input ${path}`)
  return false
}

function explain(targets: Targets): void {
  print('npm run fuzz -- TARGET [SECONDS] [--executions N] [--seed N] [--save] [--input FILE] [--mistake]\n')
  for (const [name, make] of Object.entries(targets)) {
    const target = make()
    print(`  ${name.padEnd(10)} ${target.about}`)
    void target.close?.()
  }
  print('  all        every target, one after the other')
}

/** What is to be fuzzed, and how; undefined: help was asked for. */
function planOf(given: string[], targets: Targets): { names: readonly string[]; options: RunOptions } | undefined {
  const { values, positionals } = readArguments({ args: given, options: OPTIONS, allowPositionals: true })
  const [name, seconds, ...more] = positionals
  if (values.help || name === undefined) return undefined
  const names = name === 'all' ? Object.keys(targets) : [name]
  if (!names.every((each) => Object.hasOwn(targets, each)))
    throw new Misuse(`There is no target ${JSON.stringify(name)}.`)
  if (more.length > 0)
    throw new Misuse(`A target and a number of seconds, not ${JSON.stringify(more.join(' '))} as well.`)
  if (values.input !== undefined && !statSync(values.input, { throwIfNoEntry: false })?.isFile())
    throw new Misuse(`There is no file ${JSON.stringify(values.input)}.`)
  const wanted = (option: 'executions' | 'seed', fallback: number) =>
    values[option] === undefined ? fallback : wholeNumber(`--${option}`, values[option])
  const timed = values.executions === undefined ? SECONDS : Number.POSITIVE_INFINITY
  const effort = {
    seed: wanted('seed', randomInt(SEEDS)),
    executions: wanted('executions', Number.MAX_SAFE_INTEGER),
    ms: (seconds === undefined ? timed : wholeNumber('The time', seconds)) * 1000,
  }
  return {
    names,
    options: { effort, input: values.input, save: values.save === true, mistake: values.mistake === true },
  }
}

async function main(given: string[]): Promise<number> {
  const coverage = new Coverage()
  const { TARGETS } = await import('./targets.ts')
  const plan = planOf(given, TARGETS)
  if (plan === undefined) {
    explain(TARGETS)
    return 0
  }
  let isSound = true
  for (const each of plan.names) {
    const target = TARGETS[each]!()
    isSound = (await run(each, target, coverage, plan.options).finally(() => target.close?.())) && isSound
  }
  coverage.close()
  return isSound ? 0 : 1
}

process.exitCode = await runScript('npm run fuzz --', () => main(process.argv.slice(2)))
