/** A little of a campaign of `npm run torture`, in a process of its own: something else with every commit. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { seedOf } from './effort.ts'
import { startProgram } from './machines.ts'

const RUN = join(import.meta.dirname, '..', 'torture', 'run.ts')
const LATEST = 1_000_000

/** Runs a campaign with options such as `{ points: 1 }`; one that cannot be run here skips the test. */
export async function campaign(t: TestContext, name: string, options: Readonly<Record<string, number>>): Promise<void> {
  const seed = seedOf(LATEST)
  const args = Object.entries({ seed, ...options }).flatMap(([option, number]) => [`--${option}`, String(number)])
  const { code, stdout, stderr } = await startProgram([RUN, name, ...args], import.meta.dirname, process.env).ended
  assert.equal(code, 0, stdout + stderr)
  const notRun = /not run, (.*)/.exec(stdout)?.[1]
  if (notRun !== undefined) t.skip(notRun)
  else t.diagnostic(stdout.trim().split('\n').at(-1) ?? '')
}
