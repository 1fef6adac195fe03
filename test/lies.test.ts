/** What the judge alone says of invented scrapes and of lies about them, and that a real server says the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainsOf } from '../torture/lies/generated.ts'
import { HonestOrders } from '../torture/lies/honest.ts'
import { tellReally } from '../torture/lies/really.ts'
import { Tally } from '../torture/lies/tally.ts'

test('no honest scrape of an invented chain is held in any order, and lies that are really loaded end as the judge alone says', async () => {
  const [chain] = chainsOf({ companies: 1, stores: 3, days: 6, products: 120, seed: 4 })
  const { files, partial } = chain!
  const honest = new HonestOrders(files, (name) => partial.has(name))
  for (const order of [files, files.toReversed()]) assert.deepEqual(honest.load(order).falseHolds, [])
  const file = files.find(({ name }) => !partial.has(name))!
  const tally = new Tally(4)
  tally.begin(honest.readings)
  tally.tell(file)
  assert.ok(tally.held.of > 40 && tally.held.caught >= 0.95 * tally.held.of, tally.lines.join('\n'))
  assert.deepEqual(await tellReally(file, 4, 3), { told: 3, faults: [] })
})
