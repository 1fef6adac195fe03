/** The hand-overs in memory: what `npm run torture -- simulator` does 300,000 times, and mistakes planted in them. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { MISTAKES } from '../torture/simulator/mistakes.ts'
import { firstKill, LANES, startThreads } from '../torture/simulator/simulator.ts'

const SEEDS_WANTED = 20_000
const MS_MAX = 15_000
const MISTAKE_SEEDS_MAX = 400
// These show in some thousand seeds only: `npm run torture -- mistakes` has the time.
const RARE = new Set([
  'duplicate answered without fsync of the inbox',
  'rows and record in two transactions',
  'record before its rows',
])

test('whatever crashes, every file that was published is loaded once and every accepted one is kept', async (t) => {
  await using threads = startThreads()
  const first = randomInt(2 ** 30)
  const end = performance.now() + MS_MAX
  let [next, crashes] = [first, 0]
  const lane = async () => {
    while (next < first + SEEDS_WANTED && performance.now() < end) {
      const seed = next++
      const told = await threads.tell(seed)
      assert.equal(told.fault, undefined, `npm run torture -- simulator --seed ${seed} --seeds 1`)
      crashes += told.crashes
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  t.diagnostic(`${next - first} of ${SEEDS_WANTED} seeds in ${MS_MAX / 1000} s, ${crashes} crashes`)
  assert.ok(crashes > 0)
})

test('mistakes in the hand-overs are noticed', async () => {
  await using threads = startThreads()
  for (const mistake of Object.keys(MISTAKES).filter((name) => !RARE.has(name)))
    assert.ok(await firstKill(threads, mistake, MISTAKE_SEEDS_MAX), mistake)
})
