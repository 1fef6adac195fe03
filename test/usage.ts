/** What the scripts of this project do with arguments that they cannot understand: one sentence, where help is, and exit code 2. */
import { type ParseArgsConfig, parseArgs } from 'node:util'

/** What is wrong with the arguments of a script, as a sentence. */
export class Misuse extends Error {}

/** Arguments as `parseArgs` reads them; throws a `Misuse`. */
export function readArguments<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // The first sentence says what it is, the others how an argument could be named like an option.
    throw new Misuse(`${error.message.split(/\. |\n/)[0]}.`)
  }
}

/** A number as an option gives it, whole and not negative; throws a `Misuse`. */
export function wholeNumber(name: string, text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number))
    throw new Misuse(`${name} takes a whole number, not ${JSON.stringify(text)}.`)
  return number
}

/** Runs a script to its exit code. `how` is what is typed before the arguments. */
export async function runScript(how: string, script: () => Promise<number>): Promise<number> {
  // The reader had enough, as `head` has.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  try {
    return await script()
  } catch (error) {
    if (!(error instanceof Misuse)) throw error
    process.stderr.write(`${error.message} "${how} --help" shows what there is.\n`)
    return 2
  }
}
