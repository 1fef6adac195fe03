/** A few points of a campaign of `npm run torture`, in a process of its own: other ones with every run. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { startProgram } from './machines.ts'

const RUN = join(import.meta.dirname, '..', 'torture', 'run.ts')
const LATEST = 1_000_000

/** Runs so many points from a seed by chance; a campaign that cannot be run here skips the test. */
export async function campaign(t: TestContext, name: string, points: number): Promise<void> {
  const seed = Math.floor(Math.random() * LATEST)
  const { code, stdout, stderr } = await startProgram(
    [RUN, name, '--seed', String(seed), '--points', String(points)],
    import.meta.dirname,
    process.env,
  ).ended
  assert.equal(code, 0, stdout + stderr)
  const notRun = /not run, (.*)/.exec(stdout)?.[1]
  if (notRun !== undefined) t.skip(notRun)
  else t.diagnostic(stdout.trim().split('\n').at(-1) ?? '')
}
