/** Products are a function of what is said, checked against the simplest thing that could be right. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionOf } from '../catalogue/model/partition.ts'
import { faultOfPartition } from './partition-case.ts'

const STORIES = 3_000

test(`${STORIES} random stories, in random orders, give what the rules say word for word`, () => {
  for (let seed = 1; seed <= STORIES; seed++) assert.equal(faultOfPartition(seed), undefined, `seed ${seed}`)
})

test('joining and parting 40,000 listings costs so much time a listing as 4,000', () => {
  const timed = (count: number) => {
    const members = Array.from({ length: count }, (_, index) => ({
      name: `company ${index} 0 1`,
      keys: [{ kind: 1, value: '09300600000013' } as const, { kind: 2, value: `oats ${index >> 1}` } as const],
      sizes: new Map([['g', 500]]),
    }))
    const started = process.cpuUsage()
    assert.equal(partitionOf(members, []).length, 1)
    const { user, system } = process.cpuUsage(started)
    return (user + system) / count
  }
  timed(4_000)
  assert.ok(Math.min(timed(40_000), timed(40_000)) < 6 * Math.min(timed(4_000), timed(4_000), timed(4_000)))
})
