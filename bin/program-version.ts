/** The version of this program. */
import { readFileSync } from 'node:fs'

/** The version of the project. */
export function programVersion(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
}

/** Versions and platform, as a bug report needs them. */
export function versionLine(): string {
  return `splitcart ${programVersion()} (Node ${process.versions.node}, ${process.platform} ${process.arch})`
}
