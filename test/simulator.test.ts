/** The hand-overs in memory: what `npm run torture -- simulator` does 300,000 times, and a mistake planted for each step of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MISTAKES } from '../torture/simulator/mistakes.ts'
import { firstKill, LANES, startThreads } from '../torture/simulator/simulator.ts'

const STORIES = 1_500
// Two take longer than a test may: the campaign finds them (docs/reliability.md).
const SEEDS_MAX = 300
const RARE = new Set([
  'duplicate answered without fsync of the inbox',
  'rows and record in two transactions',
  'record before its rows',
])

test('whatever crashes, every file that was published is loaded once and every accepted one is kept', async (t) => {
  await using threads = startThreads()
  let [seed, crashes] = [0, 0]
  const lane = async () => {
    while (seed < STORIES) {
      const own = ++seed
      const told = await threads.tell(own)
      assert.equal(told.fault, undefined, `seed ${own}`)
      crashes += told.crashes
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  t.diagnostic(`${STORIES} seeds, ${crashes} crashes`)
})

test('mistakes in the hand-overs are noticed', async () => {
  await using threads = startThreads()
  for (const mistake of Object.keys(MISTAKES).filter((name) => !RARE.has(name)))
    assert.ok(await firstKill(threads, mistake, SEEDS_MAX), mistake)
})
