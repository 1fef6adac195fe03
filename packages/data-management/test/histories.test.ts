/**
 * The catalogue depends on which files were loaded, not on their order (promise 7); undoing a load is as if it had never come. More of
 * the same, and a seed again: `npm run torture -- catalogue --seed N --histories 1`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fault, faultOfHistory, faultOfUndo } from './history-case.ts'

const HISTORIES = 150
const UNDONE = 80

async function expectNoFault(from: number, count: number, faultOf: (seed: number) => Promise<Fault>): Promise<void> {
  for (let seed = from; seed < from + count; seed++) {
    const fault = await faultOf(seed)
    assert.equal(fault, undefined, `seed ${seed}: ${fault}`)
  }
}

test(`${HISTORIES} random histories, each in the order of its days and in two random ones, give what a model computes from all their files at once`, () =>
  expectNoFault(1, HISTORIES, faultOfHistory))

test(`${UNDONE} random histories with some loads undone are as if those had never come, and loaded again as if never undone`, () =>
  expectNoFault(1_000_001, UNDONE, faultOfUndo))

test('seeds that once found a fault stay mended', async () => {
  // A key of a third product was taken along when two products became one.
  for (const seed of [509, 561]) await expectNoFault(seed, 1, faultOfHistory)
})
