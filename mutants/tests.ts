/** Runs tests in the copy of the project, as `npm test` does. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const FAILED = /^✖ failed: npm test -- (.+)$/gm
// Longer than any test takes on a busy machine; one that a change keeps waiting is failed by it.
const TEST_MS = 60_000
const PROCESS_SECONDS = 180

/**
 * Runs test files; the ones that failed. Each has a process of its own. The commands that they run are those of the sources: of what is packed,
 * V8 counts lines that are nowhere in the copy, and it would be packed anew for each question.
 */
export async function failedOf(copy: string, files: readonly string[], env: NodeJS.ProcessEnv): Promise<string[]> {
  const limits = [`--test-timeout=${TEST_MS}`, `--seconds=${PROCESS_SECONDS}`]
  const command = ['bin/node.js', 'test/run.ts', ...files, ...limits]
  const child = spawn(process.execPath, command, {
    cwd: copy,
    env: { ...env, PROGRAM_OF_TESTS: join(copy, 'bin/splitcart.js') },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const closed = once(child, 'close')
  const output = await text(child.stdout)
  const [status] = await closed
  const failed = [...output.matchAll(FAILED)].map(([, file = '']) => file)
  // What a test left behind fails the run and not the test.
  return status === 0 || failed.length > 0 ? failed : [...files]
}

/** Whether the types of the copy are what its code says. */
export async function hasSoundTypes(copy: string): Promise<boolean> {
  const child = spawn(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { cwd: copy, stdio: 'ignore' })
  const [status] = await once(child, 'close')
  return status === 0
}
