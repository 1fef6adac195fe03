/** Common parts of all commands: flags of settings, output options, and error handling. */
import { isDate } from '@splitcart/shared/date.ts'
import { Problem, toProblemDocument } from '@splitcart/shared/problem.ts'
import { path as readPath } from '@splitcart/shared/setting-readers.ts'
import {
  type Machine,
  readSettings,
  SETTINGS,
  type SettingName,
  type Settings,
  type SettingsRequest,
} from '@splitcart/shared/settings.ts'
import { type Command, InvalidArgumentError } from 'commander'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { safeToPrint } from './format.ts'
import { exposureOfSettingsFile, readKeyFile } from './key-file.ts'
import { describeSearch, findSettingsFiles, mergeEnvironment, originOf, type SettingsSearch } from './settings-files.ts'
import { type OutputOptions, type Terminal, terminalOf } from './terminal.ts'

/** The options of a command line, with the flags of settings among them. */
type Options = OutputOptions & Readonly<{ verbose?: boolean; [option: string]: unknown }>

/** A usage error that commander does not detect; printed like commander's own, with a hint at the help. */
export class UsageError extends Error {}

/** Adds `--json` and `--quiet`. */
export function addOutputOptions(command: Command): Command {
  return command.option('--json', 'print JSON Lines').option('--quiet', 'print only the summary')
}

/**
 * Adds a flag for each setting, e.g. `--scraping-data-dir`, and `--verbose`. Secrets have none: other users
 * can read a command line.
 */
export function addSettingOptions(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) command.option(`--${flagName(name)} <value>`, `${SETTINGS[name].about} (${name})`)
  return command.option('--verbose', 'tell which settings are in force, and where each of them was found')
}

/** Adds `--json`, and the settings of commands that read the databases. */
export function addDatabaseOptions(command: Command): Command {
  const names = ['DATA_MANAGEMENT_DATA_DIR', 'DATABASE_URL', 'TIME_ZONE'] as const
  return addSettingOptions(command.option('--json', 'print JSON Lines'), names)
}

/** Reads the settings of a command: flags take precedence over environment and files. Reports all faults at once. */
export function loadSettings(options: Options, machine: Machine): Settings {
  const found = readSettingsFiles(options)
  const { API_SECRET_KEY: _, API_SECRET_KEY_FILE: __, ...environment } = mergeEnvironment(found, process.env)
  return validateSettings(found, { environment, flags: flagsIn(options), faults: found.faults }, { machine })
}

/** Reads the settings of a command that uses the key; other commands never read it. */
export function loadSettingsWithKey(
  options: Options,
  machine: Machine,
  required: readonly SettingName[] = [],
): Settings {
  const found = readSettingsFiles(options)
  const environment = mergeEnvironment(found, process.env)
  const { key, fault } = readKeySetting(environment)
  const given = {
    environment: key === undefined ? environment : { ...environment, API_SECRET_KEY: key },
    flags: flagsIn(options),
    faults: fault === undefined ? found.faults : [...found.faults, fault],
  }
  const stillRequired = required.filter((name) => fault === undefined || name !== 'API_SECRET_KEY')
  const settings = validateSettings(found, given, { machine, required: stillRequired })
  for (const { path, values } of found.files) {
    const warning = values.API_SECRET_KEY === undefined ? undefined : exposureOfSettingsFile(path)
    if (warning !== undefined && values.API_SECRET_KEY === settings.API_SECRET_KEY) process.stderr.write(`${warning}\n`)
  }
  return settings
}

/** Reads the settings files; prints remarks on lines without effect, unless --quiet. */
function readSettingsFiles(options: Options): SettingsSearch {
  const found = findSettingsFiles()
  if (options.quiet !== true) for (const remark of found.remarks) process.stderr.write(`note: ${safeToPrint(remark)}\n`)
  if (options.verbose === true) for (const line of originLines(options, found)) process.stderr.write(`${line}\n`)
  return found
}

/** Lines on where settings were searched and found, for --verbose. No value is shown: it may be a key. */
function originLines(options: Options, found: SettingsSearch): string[] {
  const flags = flagsIn(options)
  const origins = Object.keys(SETTINGS).flatMap((name) => {
    const origin = name in flags ? 'flag' : originOf(name, found, process.env)
    return origin === undefined ? [] : [`settings: ${name} is set by the ${origin}`]
  })
  return [safeToPrint(`settings: looked for in ${describeSearch(found)}`), ...origins]
}

type SettingSources = Readonly<{
  environment: Readonly<Record<string, string | undefined>>
  flags: Readonly<Record<string, string>>
  faults: readonly string[]
}>

function validateSettings(
  found: SettingsSearch,
  { environment, flags, ...given }: SettingSources,
  wanted: SettingsRequest,
): Settings {
  const faults = [...given.faults]
  if (process.env[TLS_CHECKS_VARIABLE] === '0') faults.push(`${TLS_CHECKS_VARIABLE}=0 ${TLS_CHECKS_ADVICE}`)
  // A missing setting may be in a file that could not be read, so it is not reported then.
  const required = found.faults.length === 0 ? (wanted.required ?? []) : []
  try {
    const settings = readSettings(environment, flags, { ...wanted, required })
    if (faults.length === 0) return settings
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    faults.push(error.detail.trimStart())
    if (error.detail.includes(' is required: ')) faults.push(`looked for in ${describeSearch(found)}`)
  }
  throw new Problem('settings_invalid', `\n  ${faults.join('\n  ')}`)
}

const TLS_CHECKS_VARIABLE = 'NODE_TLS_REJECT_UNAUTHORIZED'
const TLS_CHECKS_ADVICE =
  'would give the key to any server; unset it, and name the certificates of an own CA in API_SERVER_CA'

/** The settings given as flags, by their names. */
export function flagsIn(options: Readonly<Record<string, unknown>>): Record<string, string> {
  const flags: Record<string, string> = {}
  for (const name of Object.keys(SETTINGS)) {
    const value = options[optionProperty(name)]
    if (typeof value === 'string') flags[name] = value
  }
  return flags
}

/** Parses an argument that is a whole number from 1. */
export function countArgument(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 1.')
  return Number(text)
}

/** A parser of an argument that is a whole number from 1 to `max`. */
export function numberArgument(max: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || number < 1 || number > max)
      throw new InvalidArgumentError(`Expected a number from 1 to ${max}.`)
    return number
  }
}

const DATE_FORMAT = 'a date such as 2027-01-31'

/** Parses an argument that is a date. */
export function dateArgument(text: string): string {
  if (!isDate(text)) throw new InvalidArgumentError(`Expected ${DATE_FORMAT}.`)
  return text
}

/** A parser of an argument that is a date, or a word for none, which becomes null. */
export function dateArgumentOr(word: string): (text: string) => string | null {
  return (text) => {
    if (text === word) return null
    if (!isDate(text)) throw new InvalidArgumentError(`Expected ${DATE_FORMAT}, or ${word}.`)
    return text
  }
}

/** A parser of an argument that is like the value of a setting, by the reader of that setting. */
export function settingArgument<T>(read: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return read(text)
    } catch (cause) {
      throw new InvalidArgumentError(`Expected ${cause instanceof Error ? cause.message : cause}.`)
    }
  }
}

/** Parses an argument that is the path of a file or folder. */
export const pathArgument = settingArgument(readPath)

/** Parses an argument that is a whole number from 0. */
export function wholeNumberArgument(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.')
  return Number(text)
}

/** Runs several checks of settings; throws one `settings_invalid` that names every fault. */
export function checkAll(...checks: readonly (() => unknown)[]): void {
  const faults = checks.flatMap((check) => settingsFaultOf(check) ?? [])
  if (faults.length > 0) throw new Problem('settings_invalid', faults.join(''))
}

/** The fault that a check of settings throws, as text; undefined if none. */
export function settingsFaultOf(check: () => unknown): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof Problem && error.code === 'settings_invalid') return error.detail
    throw error
  }
}

/** Runs a command and sets the exit code. A Problem is printed as text; any other error is a bug and rethrown. */
export async function run(options: OutputOptions, command: (terminal: Terminal) => Promise<number>): Promise<void> {
  const terminal = terminalOf(options)
  try {
    process.exitCode = await command(terminal)
  } catch (error) {
    const problem = error instanceof Problem ? error : systemProblem(error)
    if (problem === undefined) throw error
    process.exitCode = printProblem(terminal, problem)
  }
}

/** Runs a subcommand whose parent has the same options and consumes them wherever they stand. */
export function runSubcommand<Options extends OutputOptions>(
  command: Command,
  work: (options: Options, terminal: Terminal) => Promise<number>,
): Promise<void> {
  const options = command.optsWithGlobals<Options>()
  return run(options, (terminal) => work(options, terminal))
}

/** Converts an error of the operating system or SQLite (permissions, disk full, damaged file) to a Problem. */
function systemProblem(cause: unknown): Problem | undefined {
  if (!(cause instanceof Error)) return undefined
  if ('errcode' in cause) return new Problem('database_unusable', cause.message, { cause })
  return 'syscall' in cause ? new Problem('machine_refused', cause.message, { cause }) : undefined
}

function printProblem(terminal: Terminal, problem: Problem): number {
  const { code, title, detail, todo } = toProblemDocument(problem)
  terminal.record({ type: 'error', code, title, detail, todo })
  // Each fault of the settings has its own line; in other messages a line end is untrusted and is escaped.
  const lines = code === 'settings_invalid' ? problem.message.split('\n') : [problem.message]
  process.stderr.write(`splitcart: ${lines.map((line) => safeToPrint(line.trimEnd())).join('\n')}\n${todo}\n`)
  return exitCodeOf(problem) ?? EXIT.failure
}

function flagName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}

/** The property name that commander uses for a setting's flag. */
function optionProperty(name: string): string {
  return name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** The key in API_SECRET_KEY_FILE, or that file's fault; neither if no file is set or another key takes precedence. */
function readKeySetting(environment: SettingSources['environment']): { key?: string; fault?: string } {
  const path = environment.API_SECRET_KEY_FILE
  if (path === undefined || path === '' || environment.API_SECRET_KEY) return {}
  // An invalid path is reported together with the faults of other settings.
  if (settingsFaultOf(() => readSettings({ API_SECRET_KEY_FILE: path })) !== undefined) return {}
  const found = readKeyFile(readPath(path))
  return 'key' in found ? found : { fault: `API_SECRET_KEY_FILE: ${found.fault}` }
}
