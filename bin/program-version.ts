/** Which version of the program this is. */
import { readFileSync } from 'node:fs'

/** The version of the project. */
export function programVersion(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
}

/** What a report of a fault needs to name. */
export function versionLine(): string {
  return `splitcart ${programVersion()} (Node ${process.versions.node}, ${process.platform} ${process.arch})`
}
