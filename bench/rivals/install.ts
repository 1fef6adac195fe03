/** The rivals that come from npm. They are large, so only those who run the suite get them, with its first run. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { output } from '../programs.ts'

/** Installs them where they are not there, or are not those that package-lock.json names. */
export async function installRivals(): Promise<void> {
  const [wanted, installed] = ['package-lock.json', 'node_modules/.package-lock.json'].map(changedAt)
  if (installed! >= wanted!) return
  process.stderr.write('installing the rivals that come from npm\n')
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  const npm = process.env.npm_execpath
  if (npm === undefined) await output('npm', args, { cwd: import.meta.dirname })
  else await output(process.execPath, [npm, ...args], { cwd: import.meta.dirname })
}

function changedAt(name: string): number {
  return statSync(join(import.meta.dirname, name), { throwIfNoEntry: false })?.mtimeMs ?? 0
}
