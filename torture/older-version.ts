/** The program as it was at an older commit, with what it needs, in a folder of its own. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { temporaryFolder } from '../test/folders.ts'
import { NotPossible } from './campaign.ts'

const ROOT = join(import.meta.dirname, '..')
/** The last commits before something that matters to who upgrades. */
const BEFORE = {
  /** Products follow from what listings say; files are packed. */
  identity: '20a26c1',
  /** The state of a database is told from a fault of a file; loaders look at the schema. */
  operating: 'd84c96a',
} as const

/** An older version that can be started. */
export type OlderVersion = AsyncDisposable & Readonly<{ program: string }>

/** Fetches it. Throws `NotPossible` where its commit or its packages are not to be had. */
export async function olderVersion(before: keyof typeof BEFORE): Promise<OlderVersion> {
  const at = await temporaryFolder()
  const commands = [
    ['git', 'clone', '--quiet', '--shared', '--no-checkout', ROOT, '.'],
    ['git', 'checkout', '--quiet', BEFORE[before]],
    ['npm', 'ci', '--silent', '--omit=dev', '--no-audit', '--no-fund'],
  ]
  for (const [program = '', ...args] of commands) {
    const { status, stderr } = spawnSync(program, args, { cwd: at.path, encoding: 'utf8' })
    if (status === 0) continue
    await at[Symbol.asyncDispose]()
    throw new NotPossible(`${program} ${args[0]} of ${BEFORE[before]} failed: ${stderr}`)
  }
  return { program: join(at.path, 'bin', 'splitcart.js'), [Symbol.asyncDispose]: () => at[Symbol.asyncDispose]() }
}
