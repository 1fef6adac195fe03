/** The hand-overs in memory: what `npm run torture -- simulator` does 300,000 times, and mistakes planted in them. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { MISTAKES } from '../torture/simulator/mistakes.ts'
import { firstKill, LANES, startThreads } from '../torture/simulator/simulator.ts'
import { effort, seedOf } from './effort.ts'

const SEEDS = effort(200, 2_500)
const CLOCKS_SET_EVERY = 4
// Seven seconds, and half a minute at length, on two idle processors.
const MS_MAX = 400_000
// One in two hundred has hung on the order of random names: `npm run test:long` tells enough of them.
const SEEDS_TOLD_AGAIN = effort(40, 100)
const MISTAKE_SEEDS_MAX = 6_000

test('whatever crashes, and however clocks are set, every file that was published is loaded once and every accepted one is kept', {
  timeout: MS_MAX,
}, async (t) => {
  await using threads = startThreads()
  const first = seedOf(2 ** 30)
  let [next, crashes] = [first, 0]
  const lane = async () => {
    while (next < first + SEEDS) {
      const seed = next++
      const setsClocks = seed % CLOCKS_SET_EVERY === 0
      const told = await threads.tell(seed, '', setsClocks)
      const campaign = setsClocks ? 'clock' : 'simulator'
      assert.equal(told.fault, undefined, `npm run torture -- ${campaign} --seed ${seed} --seeds 1`)
      crashes += told.crashes
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  t.diagnostic(`${SEEDS} seeds, ${crashes} crashes`)
  assert.ok(crashes > SEEDS)
})

test('a seed tells the same story whenever it is told', async () => {
  await using threads = startThreads()
  const tellAll = () => Promise.all(Array.from({ length: SEEDS_TOLD_AGAIN }, (_, seed) => threads.tell(seed)))
  assert.deepEqual(await tellAll(), await tellAll())
})

for (const mistake of Object.keys(MISTAKES))
  test(`a mistake that is planted in the hand-overs is noticed: ${mistake}`, { timeout: MS_MAX }, async () => {
    threads ??= startThreads()
    assert.ok(await firstKill(threads, mistake, MISTAKE_SEEDS_MAX))
  })

let threads: ReturnType<typeof startThreads> | undefined
after(() => threads?.[Symbol.asyncDispose]())
