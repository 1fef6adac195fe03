/** The command line that starts this program. */
import { isSea } from 'node:sea'
import { fileURLToPath } from 'node:url'

/** The words before a command's name: the program alone if it is a single executable, else Node and the program. */
export function ownCommand(): [program: string, ...args: string[]] {
  if (isSea()) return [process.execPath]
  return [process.execPath, fileURLToPath(new URL('splitcart.js', import.meta.url))]
}
