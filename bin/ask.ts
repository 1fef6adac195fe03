/** Asks the person at the terminal. */
import { createInterface } from 'node:readline/promises'

/** Asks a question; returns the trimmed answer, or undefined on Ctrl-C or Ctrl-D. */
export async function ask(question: string): Promise<string | undefined> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await prompt.question(question)).trim()
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error
    process.stderr.write('\n')
    return undefined
  } finally {
    prompt.close()
  }
}
