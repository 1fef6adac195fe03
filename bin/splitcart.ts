/** The command line: parses, wires, prints. Nothing else in the project reads argv, the environment or exit codes. */
import { setFlagsFromString } from 'node:v8'
import { Command, CommanderError, Help } from 'commander'
import { ALSO_CALLED, BOTH, COMMAND_HELP } from './command-help.ts'
import { UsageFault } from './command-line.ts'
import { COMMAND_SUMMARIES } from './command-summaries.ts'
import { COMMANDS } from './commands.ts'
import { EXIT } from './exit-codes.ts'
import { printed } from './format.ts'
import { versionLine } from './program-version.ts'
import { endWhenNobodyReads, terminalOf } from './terminal.ts'

// What is written here is nobody else's business: databases, scrapes, backups.
process.umask(0o077)
endWhenNobodyReads()

const NO_COLOR = ['--no-color', 'print without colors, as with NO_COLOR in the environment'] as const
const program = new Command('splitcart')
  .description('Brings scraped products from machines at home into the database on a server.')
  .exitOverride()
  .configureOutput({ outputError: tellFault })
  .showHelpAfterError('(splitcart help shows what there is)')
  .version(versionLine(), '-V, --version', 'print the version')
  .option(...NO_COLOR)
  .on('option:no-color', writeWithoutColors)
const given = meant(process.argv.slice(2))
const wanted = wantedOf(given)
if (given[0] === 'completion') for (const load of Object.values(COMMANDS)) (await load())(program)
else
  for (const [name, , about] of COMMAND_SUMMARIES)
    if (name === wanted) (await COMMANDS[name]!())(program)
    // For the list of them, and for what is close to a mistyped one.
    else program.command(name).description(about)
shareSettings(program)
for (const command of program.commands) describe(command)
program.configureHelp({ subcommandTerm: termOf })

// What is read and sent lives for microseconds. A nursery for new objects that stays as small as it begins, and old ones collected before
// they have grown by a fifth instead of to several times their size, keep a process under 200 MiB whatever the size of the file: 2 GB load in
// 190 instead of 270 MiB, in the same time. (--max-semi-space-size does nothing by now.) Not while the modules are read: that would take a quarter longer.
setFlagsFromString('--semi-space-growth-factor=1')
setFlagsFromString('--heap-growing-percent=20')
let acting = program
program.hook('preAction', (_, command) => {
  acting = command
})
try {
  await program.parseAsync(given, { from: 'user' }).catch((fault: unknown) => {
    if (fault instanceof UsageFault) acting.error(`error: ${fault.message}`)
    throw fault
  })
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  // Help and version end here too, with 0.
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
}

/** Tells what is wrong with a command line, which may hold anything; a hint of commander stands on a line of its own. */
function tellFault(text: string, write: (text: string) => void): void {
  const [fault = '', ...hints] = text.trimEnd().split(/\n(?=\(Did you mean )/)
  write([fault, ...hints].map((line) => `${printed(line)}\n`).join(''))
  const detail = fault.replace(/^error: /, '')
  terminalOf({ json: given.includes('--json') }).record({
    type: 'error',
    code: 'usage',
    title: 'The command line is not understood',
    detail,
  })
}

/** Also where the environment asks for colors. */
function writeWithoutColors(): void {
  delete process.env.FORCE_COLOR
  process.env.NO_COLOR = '1'
}

/** A command by the name that it has here, and "help X" as "X --help"; of one that does not exist, help is none to be had. */
function meant([first, ...rest]: readonly string[]): string[] {
  if (first === undefined) return []
  if (first === 'help' && rest.length > 0) return meant([...rest, '--help'])
  if (first === '--no-color' && rest.length > 0) return meant(rest).toSpliced(1, 0, first)
  const name = Object.hasOwn(ALSO_CALLED, first) ? ALSO_CALLED[first]! : first
  const isUnknown = !name.startsWith('-') && !Object.hasOwn(COMMANDS, name)
  return [name, ...(isUnknown ? rest.filter((word) => !/^(-h|--help)$/.test(word)) : rest)]
}

/** Where a command stands in the help, examples of it, and where it is explained. */
function describe(command: Command): void {
  const name = command.name()
  const { group, examples } = COMMAND_HELP[name] ?? { group: BOTH, examples: [] }
  command.helpGroup(group)
  command.aliases(Object.keys(ALSO_CALLED).filter((alias) => ALSO_CALLED[alias] === name))
  explain(command, `splitcart ${name}`, examples)
}

/** Examples of a command, and of those below it; where their errors lead to; and what all of them understand. */
function explain(command: Command, path: string, all: readonly string[]): void {
  command.option(...NO_COLOR)
  const examples = all.filter((line) => `${line} `.includes(`${path} `))
  if (examples.length > 0) command.addHelpText('after', `\n${['Examples:', ...examples].join('\n  ')}`)
  command.showHelpAfterError(`(${path} --help explains it; splitcart help shows what there is)`)
  for (const each of command.commands) explain(each, `${path} ${each.name()}`, all)
}

/** How the list of commands names one. */
function termOf(command: Command): string {
  const [name, takes] = COMMAND_SUMMARIES.find(([name]) => name === command.name()) ?? []
  return name === undefined ? new Help().subcommandTerm(command) : `${name} ${takes}`.trimEnd()
}

/** The command that is asked for, if there is any such; undefined for what tells of all of them. */
function wantedOf([first = 'help']: readonly string[]): string | undefined {
  return ['help', '-h', '--help'].includes(first) ? undefined : first
}

/** Commands that were made on their own would end the process themselves, with an exit code that is not ours. */
function shareSettings(parent: Command): void {
  for (const command of parent.commands) shareSettings(command.copyInheritedSettings(parent))
}
