/** `bin/command-summaries.ts`: what the list of commands says of each, so that the list needs none of their modules. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { COMMANDS } from '../bin/commands.ts'

const FILE = 'bin/command-summaries.ts'

/** Writes the file, or says that it is not as it should be. */
export async function faultOfSummaries(mayWrite: boolean): Promise<string | undefined> {
  const path = join(import.meta.dirname, '..', FILE)
  const text = await summariesText()
  if (readFileSync(path, 'utf8') === text) return undefined
  if (!mayWrite) return `${FILE} is not what the commands say; run "npm run fix"`
  writeFileSync(path, text)
  return undefined
}

async function summariesText(): Promise<string> {
  const program = new Command('splitcart')
  for (const load of Object.values(COMMANDS)) (await load())(program)
  const help = program.createHelp()
  const lines = program.commands.map((command) => {
    const [name, ...takes] = help.subcommandTerm(command).split(' ')
    const cells = [name, takes.join(' '), help.subcommandDescription(command)]
    return `  [${cells.map((cell) => JSON.stringify(cell)).join(', ')}],\n`
  })
  return `${HEAD}${lines.join('')}]\n`
}

const HEAD = `// biome-ignore-all format: written by check/docs.ts
/** The commands as a list of them shows each: its name, what it takes, and what it does. "npm run fix" makes this of the commands. */
export const COMMAND_SUMMARIES: readonly (readonly [name: string, takes: string, about: string])[] = [
`
