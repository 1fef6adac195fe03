/** What every command has: the flags of its settings, the way it prints, and where its problems end. */
import { Problem, toProblemDocument } from '@splitcart/shared/problem.ts'
import {
  type Machine,
  readSettings,
  SETTINGS,
  type SettingName,
  type Settings,
  type Wanted,
} from '@splitcart/shared/settings.ts'
import type { Command } from 'commander'
import { EXIT, exitOf } from './exit-codes.ts'
import { printed } from './format.ts'
import { exposureOf, keyIn } from './key-file.ts'
import { type Manner, type Terminal, terminalOf } from './terminal.ts'

/** Adds `--json` and `--quiet`. */
export function printable(command: Command): Command {
  return command.option('--json', 'print JSON Lines').option('--quiet', 'print only the summary')
}

/** Adds a flag for each setting, e.g. `--scraping-data-dir`. Secrets have none: other users can read a command line. */
export function configurable(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) command.option(`--${flagOf(name)} <value>`, `${SETTINGS[name].about} (${name})`)
  return command
}

/** The settings for a command of a machine: its flags before the environment. Names every fault at once. */
export function settingsOf(options: Readonly<Record<string, unknown>>, machine: Machine): Settings {
  const { API_SECRET_KEY: _, API_SECRET_KEY_FILE: __, ...environment } = process.env
  return readSettings(environment, flagsIn(options), { machine })
}

/** The settings for a command that uses the key; no other command ever looks at it. */
export function settingsWithKey(
  options: Readonly<Record<string, unknown>>,
  machine: Machine,
  required: readonly SettingName[] = [],
): Settings {
  const settings = readWithKey(flagsIn(options), { machine, required })
  const warning = settings.API_SECRET_KEY === undefined ? undefined : exposureOf(settings.API_SECRET_KEY, '.env')
  if (warning !== undefined) process.stderr.write(`${warning}\n`)
  return settings
}

function readWithKey(flags: Readonly<Record<string, string>>, wanted: Wanted): Settings {
  const file = keyFile(process.env)
  if (file === undefined) return readSettings(process.env, flags, wanted)
  if ('key' in file) return readSettings({ ...process.env, API_SECRET_KEY: file.key }, flags, wanted)
  try {
    const required = wanted.required?.filter((name) => name !== 'API_SECRET_KEY') ?? []
    readSettings(process.env, flags, { ...wanted, required })
  } catch (error) {
    if (error instanceof Problem) throw new Problem('settings_invalid', `\n  ${file.fault}${error.detail}`)
    throw error
  }
  throw new Problem('settings_invalid', `\n  ${file.fault}`)
}

/** The settings that came as flags, by their names. */
export function flagsIn(options: Readonly<Record<string, unknown>>): Record<string, string> {
  const flags: Record<string, string> = {}
  for (const name of Object.keys(SETTINGS)) {
    const value = options[propertyOf(name)]
    if (typeof value === 'string') flags[name] = value
  }
  return flags
}

/** Makes several checks of settings; throws one `settings_invalid` that names every fault. */
export function checkAll(...checks: readonly (() => unknown)[]): void {
  const faults = checks.flatMap((check) => faultIn(check) ?? [])
  if (faults.length > 0) throw new Problem('settings_invalid', faults.join(''))
}

/** What a check finds wrong with settings. */
export function faultIn(check: () => unknown): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof Problem && error.code === 'settings_invalid') return error.detail
    throw error
  }
}

/** Runs a command and sets the exit code. A problem is told in words; anything else is a mistake of ours and keeps its stack. */
export async function run(options: Manner, command: (terminal: Terminal) => Promise<number>): Promise<void> {
  const terminal = terminalOf(options)
  try {
    process.exitCode = await command(terminal)
  } catch (error) {
    const problem = error instanceof Problem ? error : problemOfMachine(error)
    if (problem === undefined) throw error
    process.exitCode = tellProblem(terminal, problem)
  }
}

/** What the operating system or SQLite refused, in words: no rights, no room, a damaged file. */
function problemOfMachine(cause: unknown): Problem | undefined {
  if (!(cause instanceof Error)) return undefined
  if ('errcode' in cause) return new Problem('database_unusable', cause.message, { cause })
  return 'syscall' in cause ? new Problem('machine_refused', cause.message, { cause }) : undefined
}

function tellProblem(terminal: Terminal, problem: Problem): number {
  const { code, title, detail, todo } = toProblemDocument(problem)
  terminal.record({ type: 'error', code, title, detail, todo })
  // Faults of settings stand on a line each; no other message has a line end of ours.
  const lines = code === 'settings_invalid' ? problem.message.split('\n') : [problem.message]
  process.stderr.write(`splitcart: ${lines.map((line) => printed(line.trimEnd())).join('\n')}\n${todo}\n`)
  return exitOf(problem) ?? EXIT.failure
}

function flagOf(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}

/** The property under which commander keeps the value of a setting's flag. */
function propertyOf(name: string): string {
  return name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** The key in API_SECRET_KEY_FILE, or what is wrong with that file; undefined where it is not to be read. */
function keyFile(environment: NodeJS.ProcessEnv): { key: string } | { fault: string } | undefined {
  const path = environment.API_SECRET_KEY_FILE
  if (path === undefined || path === '' || environment.API_SECRET_KEY) return undefined
  const found = keyIn(path)
  return 'key' in found ? found : { fault: `API_SECRET_KEY_FILE: ${found.fault}` }
}
