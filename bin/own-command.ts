/** The command line that starts this program. */
import { isSea } from 'node:sea'
import { fileURLToPath } from 'node:url'

/** The words before the name of a command: the program alone where it is a single file, else Node and the program. */
export function ownCommand(): [program: string, ...args: string[]] {
  if (isSea()) return [process.execPath]
  return [process.execPath, fileURLToPath(new URL('splitcart.js', import.meta.url))]
}
