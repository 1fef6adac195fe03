/** Which scrapes of a file may be one that ran past midnight. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDays } from '@splitcart/shared/date.ts'
import { pairsAcrossMidnight } from '../catalogue/model/midnight.ts'

function scrapes(storeId: number, ...dates: string[]) {
  return dates.map((date) => ({ storeId, date }))
}

const DAYS_AFTER: readonly (readonly [string, string])[] = [
  ['2025-09-12', '2025-09-13'],
  ['2025-09-30', '2025-10-01'],
  ['2025-12-31', '2026-01-01'],
  ['2024-02-28', '2024-02-29'],
  ['2024-02-29', '2024-03-01'],
  ['2025-02-28', '2025-03-01'],
  ['2000-02-28', '2000-02-29'],
  ['2100-02-28', '2100-03-01'],
  // The nights on which clocks are changed in Sydney and Berlin.
  ['2025-04-05', '2025-04-06'],
  ['2025-10-04', '2025-10-05'],
  ['2025-03-29', '2025-03-30'],
]

for (const [date, next] of DAYS_AFTER)
  test(`the day after ${date} is ${next}, and a scrape may run from the one into the other`, () => {
    assert.equal(addDays(date, 1), next)
    const [earlier, later] = scrapes(1, date, next)
    assert.deepEqual(pairsAcrossMidnight([earlier!, later!]), [[earlier, later]])
  })

test('the earlier date comes first in a pair, whichever came first in the file', () => {
  const [later, earlier] = scrapes(1, '2025-09-13', '2025-09-12')
  assert.deepEqual(pairsAcrossMidnight([later!, earlier!]), [[earlier, later]])
})

test('one date is no pair', () => {
  assert.deepEqual(pairsAcrossMidnight(scrapes(1, '2025-09-12')), [])
})

test('dates that are not adjacent are two scrapes', () => {
  assert.deepEqual(pairsAcrossMidnight(scrapes(1, '2025-09-12', '2025-09-14')), [])
  assert.deepEqual(pairsAcrossMidnight(scrapes(1, '2025-02-28', '2025-03-02')), [])
})

test('a store with three dates in a file has three scrapes, adjacent or not', () => {
  assert.deepEqual(pairsAcrossMidnight(scrapes(1, '2025-09-12', '2025-09-13', '2025-09-14')), [])
  assert.deepEqual(pairsAcrossMidnight(scrapes(1, '2025-09-12', '2025-09-13', '2025-12-24')), [])
})

test('stores are looked at one by one', () => {
  const [one, other] = scrapes(1, '2025-09-12', '2025-09-13')
  const strangers = [...scrapes(2, '2025-09-13'), ...scrapes(3, '2025-09-14')]
  assert.deepEqual(pairsAcrossMidnight([one!, ...strangers, other!]), [[one, other]])
})

test('two stores of a file can both have run past midnight', () => {
  const both = [...scrapes(1, '2025-09-12', '2025-09-13'), ...scrapes(2, '2025-09-13', '2025-09-14')]
  assert.equal(pairsAcrossMidnight(both).length, 2)
})
