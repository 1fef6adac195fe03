/**
 * `npm run torture -- CAMPAIGN [--seed N] [options]`: tries a campaign with one seed after the other. A fault is printed with
 * the seed that finds it again; the exit code is then 1.
 */
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import type { ParseArgsOptionsConfig } from 'node:util'
import { temporaryFolder } from '../test/folders.ts'
import { packProgram } from '../test/packed-program.ts'
import { Misuse, readArguments, runScript, wholeNumber } from '../test/usage.ts'
import { type Campaign, type Case, NotPossible, type Options } from './campaign.ts'
import { CAMPAIGNS } from './campaigns.ts'
import { hasOwnMounts, inOwnMounts, mountsMissing } from './own-mounts.ts'
import { inOwnNetwork, networkMissing } from './own-network.ts'

const FAULTS_SHOWN_MAX = 5
const PROGRESS_MS = 10_000
const SEEDS = 1_000_000_000

type Plan = Readonly<{ name: string; campaign: Campaign; seed: number; count: number; options: Options }>

async function run(plan: Plan): Promise<number> {
  const { name, campaign, seed, count, options } = plan
  print(`${name}: ${count} ${campaign.unit} from seed ${seed}`)
  const faultOf = await campaign.prepare(options)
  const start = performance.now()
  const faults = await tryAll(plan, faultOf).finally(() => faultOf.close?.())
  const figure = faultOf.figure === undefined ? '' : `${faultOf.figure()}, `
  print(
    `${name}: ${count} ${campaign.unit} from seed ${seed}, ${figure}${faults} with a fault, ${secondsSince(start)} s`,
  )
  return faults === 0 ? 0 : 1
}

/** Tries one seed after the other, as many at once as the campaign has lanes; returns how many showed a fault. */
async function tryAll({ name, campaign, seed: first, count, options }: Plan, faultOf: Case): Promise<number> {
  const { unit } = campaign
  const start = performance.now()
  let told = start
  let faults = 0
  let next = first
  const lane = async () => {
    while (next < first + count) {
      const seed = next++
      const fault = await faultOf(seed).catch((error: unknown) => String(error instanceof Error ? error.stack : error))
      if (fault !== undefined && ++faults <= FAULTS_SHOWN_MAX)
        print(
          `✖ seed ${seed}: ${fault}\n  again: npm run torture -- ${name} --seed ${seed} --${unit} 1${flagsOf(options)}`,
        )
      if (performance.now() - told < PROGRESS_MS) continue
      told = performance.now()
      print(`${seed + 1 - first} of ${count} ${unit}, ${faults} with a fault, ${secondsSince(start)} s`)
    }
  }
  await Promise.all(Array.from({ length: campaign.lanes ?? 1 }, lane))
  return faults
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** The plan that arguments describe; undefined: they ask for help. */
function planOf(given: string[]): Plan | undefined {
  const { values, positionals } = readArguments({ args: given, options: optionsOfAll(), allowPositionals: true })
  const { help, ...flags } = values as Record<string, string> & { help?: true }
  const [name, ...more] = positionals
  if (help || name === undefined) return undefined
  const campaign = Object.hasOwn(CAMPAIGNS, name) ? CAMPAIGNS[name] : undefined
  if (campaign === undefined) throw new Misuse(`There is no campaign ${JSON.stringify(name)}.`)
  if (more.length > 0) throw new Misuse(`One campaign at a time, not ${JSON.stringify(more.join(' '))} as well.`)
  const numbers: Options = { seed: randomInt(SEEDS), [campaign.unit]: campaign.count, ...campaign.options }
  const unknown = Object.keys(flags).find((option) => !Object.hasOwn(numbers, option))
  if (unknown !== undefined) throw new Misuse(`The campaign ${name} has no option --${unknown}.`)
  const chosen = Object.entries(flags).map(([option, text]) => [option, wholeNumber(`--${option}`, text)])
  const { seed, [campaign.unit]: count, ...options } = { ...numbers, ...Object.fromEntries(chosen) }
  return { name, campaign, seed: seed!, count: count!, options }
}

/** The options of all campaigns: each but --help is a number. */
function optionsOfAll() {
  const names = Object.values(CAMPAIGNS).flatMap(({ unit, options }) => [unit, ...Object.keys(options ?? {})])
  const numbers = ['seed', ...names].map((name) => [name, { type: 'string' } as const])
  return { ...Object.fromEntries(numbers), help: { type: 'boolean' } } as ParseArgsOptionsConfig
}

function flagsOf(options: Options): string {
  return Object.entries(options)
    .map(([name, value]) => ` --${name} ${value}`)
    .join('')
}

async function runIsolated(plan: Plan, given: string[]): Promise<number> {
  if (hasOwnMounts()) return run(plan)
  const { isolated = '' } = plan.campaign
  const wantsNetwork = isolated.startsWith('in a network')
  const missing = wantsNetwork ? networkMissing() : mountsMissing()
  if (missing === false) {
    await using at = await temporaryFolder()
    process.env.PROGRAM_OF_TESTS ??= await packProgram(join(at.path, 'program'))
    return await (wantsNetwork ? inOwnNetwork : inOwnMounts)(import.meta.filename, given)
  }
  if (!isolated.endsWith('where possible')) throw new NotPossible(missing)
  return run(plan)
}

function explain(): void {
  print('npm run torture -- CAMPAIGN [options]\n')
  for (const [name, { about, unit, count, options = {} }] of Object.entries(CAMPAIGNS))
    print(`  ${name.padEnd(12)} ${about} [--${unit} ${count}] [--seed N]${flagsOf(options)}`)
}

async function main(given: string[]): Promise<number> {
  const plan = planOf(given)
  if (plan === undefined) {
    explain()
    return 0
  }
  try {
    return await (plan.campaign.isolated === undefined ? run(plan) : runIsolated(plan, given))
  } catch (error) {
    if (!(error instanceof NotPossible)) throw error
    print(`${plan.name}: not run, ${error.message}`)
    return 0
  }
}

process.exitCode = await runScript('npm run torture --', () => main(process.argv.slice(2)))
