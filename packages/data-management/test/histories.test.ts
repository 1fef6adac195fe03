/**
 * The catalogue depends on which files were loaded, not on their order (promise 7); undoing a load is as if it had never come. More of
 * the same, and a seed again: `npm run torture -- catalogue --seed N --histories 1`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databasesOfFile, type OpenEmpty } from './catalogues.ts'
import { type Fault, faultOfHistory, faultOfUndo } from './history-case.ts'

const HISTORIES = { SQLite: 30, PostgreSQL: 2 } as const
const UNDONE = { SQLite: 15, PostgreSQL: 2 } as const

type FaultOf = (seed: number, open: OpenEmpty) => Promise<Fault>

async function expectNoFault(seeds: readonly [from: number, count: number], faultOf: FaultOf, open: OpenEmpty) {
  const [from, count] = seeds
  for (let seed = from; seed < from + count; seed++) {
    const fault = await faultOf(seed, open)
    assert.equal(fault, undefined, `seed ${seed}: ${fault}`)
  }
}

for (const { name, skip, open } of databasesOfFile()) {
  const [histories, undone] = [HISTORIES[name], UNDONE[name]]

  test(
    `${name}: ${histories} random histories, each in the order of its days and in two random ones, give what a model computes from all their files at once`,
    {
      skip,
    },
    () => expectNoFault([1, histories], faultOfHistory, open),
  )

  test(
    `${name}: ${undone} random histories with some loads undone are as if those had never come, and loaded again as if never undone`,
    {
      skip,
    },
    () => expectNoFault([1_000_001, undone], faultOfUndo, open),
  )

  test(`${name}: seeds that once found a fault stay mended`, { skip }, async () => {
    // A key of a third product was taken along when two products became one.
    for (const seed of [509, 561]) await expectNoFault([seed, 1], faultOfHistory, open)
  })
}
