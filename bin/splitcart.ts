/** The entry point of the command line: parses arguments, loads the requested command, and runs it. */
import { setFlagsFromString } from 'node:v8'
import { Command, CommanderError, Help } from 'commander'
import { BOTH_MACHINES, COMMAND_ALIASES, COMMAND_HELP } from './command-help.ts'
import { UsageError } from './command-line.ts'
import { COMMAND_SUMMARIES } from './command-summaries.ts'
import { COMMANDS } from './commands.ts'
import { EXIT } from './exit-codes.ts'
import { safeToPrint } from './format.ts'
import { versionLine } from './program-version.ts'
import { endWhenNobodyReads, terminalOf } from './terminal.ts'

// Files made by this program (databases, scrapes, backups) are private to the user.
process.umask(0o077)
endWhenNobodyReads()

const NO_COLOR = ['--no-color', 'print without colors, as with NO_COLOR in the environment'] as const
const program = new Command('splitcart')
  .description('Brings scraped products from machines at home into the database on a server.')
  .exitOverride()
  .configureOutput({ outputError: printUsageError })
  .showHelpAfterError('(splitcart help shows what there is)')
  .version(versionLine(), '-V, --version', 'print the version')
  .option(...NO_COLOR)
  .on('option:no-color', writeWithoutColors)
const args = normalizeArguments(process.argv.slice(2))
const requestedName = requestedCommand(args)
if (args[0] === 'completion') for (const load of Object.values(COMMANDS)) (await load())(program)
else
  for (const [name, , about] of COMMAND_SUMMARIES)
    if (name === requestedName) (await COMMANDS[name]!())(program)
    // Stubs, for the list of commands and for suggestions on a mistyped name.
    else program.command(name).description(about)
shareSettings(program)
for (const command of program.commands) addHelp(command)
program.configureHelp({ subcommandTerm: commandTerm })

// Data read and sent is short-lived. A young generation of fixed size and an old one collected at 20 % growth instead
// of several times its size keep a process under 200 MiB for any file: 2 GB load in 190, not 270 MiB, in equal time.
// Set after the modules are loaded, which would take a quarter longer. (--max-semi-space-size has no effect by then.)
setFlagsFromString('--semi-space-growth-factor=1')
setFlagsFromString('--heap-growing-percent=20')
let activeCommand = program
program.hook('preAction', (_, command) => {
  activeCommand = command
})
try {
  await program.parseAsync(args, { from: 'user' }).catch((fault: unknown) => {
    if (fault instanceof UsageError) activeCommand.error(`error: ${fault.message}`)
    throw fault
  })
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  // commander throws for help and version too, with exit code 0.
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
}

/** Prints a usage error, escaped, as the command line is untrusted; commander's hint gets a line of its own. */
function printUsageError(text: string, write: (text: string) => void): void {
  const [fault = '', ...hints] = text.trimEnd().split(/\n(?=\(Did you mean )/)
  write([fault, ...hints].map((line) => `${safeToPrint(line)}\n`).join(''))
  const detail = fault.replace(/^error: /, '')
  terminalOf({ json: args.includes('--json') }).record({
    type: 'error',
    code: 'usage',
    title: 'The command line is not understood',
    detail,
  })
}

/** Turns colors off, even if the environment asks for them. */
function writeWithoutColors(): void {
  delete process.env.FORCE_COLOR
  process.env.NO_COLOR = '1'
}

/** Normalises arguments: resolves aliases; "help X" becomes "X --help"; an unknown command loses its --help. */
function normalizeArguments([first, ...rest]: readonly string[]): string[] {
  if (first === undefined) return []
  if (first === 'help' && rest.length > 0) return normalizeArguments([...rest, '--help'])
  if (first === '--no-color' && rest.length > 0) return normalizeArguments(rest).toSpliced(1, 0, first)
  const name = Object.hasOwn(COMMAND_ALIASES, first) ? COMMAND_ALIASES[first]! : first
  const isUnknown = !name.startsWith('-') && !Object.hasOwn(COMMANDS, name)
  return [name, ...(isUnknown ? rest.filter((word) => !/^(-h|--help)$/.test(word)) : rest)]
}

/** Sets the help of a command: its group, examples, and where it is documented. */
function addHelp(command: Command): void {
  const name = command.name()
  const { group, examples } = COMMAND_HELP[name] ?? { group: BOTH_MACHINES, examples: [] }
  command.helpGroup(group)
  command.aliases(Object.keys(COMMAND_ALIASES).filter((alias) => COMMAND_ALIASES[alias] === name))
  addExamples(command, `splitcart ${name}`, examples)
}

/** Adds examples, error output and common options to a command and its subcommands. */
function addExamples(command: Command, path: string, all: readonly string[]): void {
  command.option(...NO_COLOR)
  const examples = all.filter((line) => `${line} `.includes(`${path} `))
  if (examples.length > 0) command.addHelpText('after', `\n${['Examples:', ...examples].join('\n  ')}`)
  command.showHelpAfterError(`(${path} --help explains it; splitcart help shows what there is)`)
  for (const each of command.commands) addExamples(each, `${path} ${each.name()}`, all)
}

/** The term of a command in the list of commands. */
function commandTerm(command: Command): string {
  const [name, takes] = COMMAND_SUMMARIES.find(([name]) => name === command.name()) ?? []
  return name === undefined ? new Help().subcommandTerm(command) : `${name} ${takes}`.trimEnd()
}

/** The requested command's name; undefined for the help of all commands. */
function requestedCommand([first = 'help']: readonly string[]): string | undefined {
  return ['help', '-h', '--help'].includes(first) ? undefined : first
}

/** Copies settings to subcommands made separately, which would else exit the process with commander's exit code. */
function shareSettings(parent: Command): void {
  for (const command of parent.commands) shareSettings(command.copyInheritedSettings(parent))
}
