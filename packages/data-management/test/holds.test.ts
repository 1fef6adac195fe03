/** When an upload is held, at the edges of the thresholds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HoldLimits, reasonToHold } from '../update-db/holds.ts'

const LIMITS: HoldLimits = { rowsMin: 20, rowsShare: 0.5, rejectsShare: 0.2 }

/** The reason to hold a scrape of so many rows after one of `rowsBefore`. */
function reasonFor(rows: number, rowsBefore: number | undefined, limits: HoldLimits = LIMITS): string | undefined {
  const scrape = { store: 'aldi store g147', date: '2025-09-12', rows, rowsBefore }
  return reasonToHold([scrape], { rows, rejected: 0 }, limits)
}

function reasonForRejects(rejected: number, rows: number, limits: HoldLimits = LIMITS): string | undefined {
  return reasonToHold([], { rows, rejected }, limits)
}

test('a scrape with fewer than half the rows of the one before is held, and the reason names both numbers', () => {
  assert.equal(
    reasonFor(330, 2601),
    'The scrape of aldi store g147 on 2025-09-12 has 330 rows, fewer than 50 % of the 2601 before it.',
  )
})

test('a scrape with exactly half the rows is not held, one with a row less is', () => {
  assert.equal(reasonFor(50, 100), undefined)
  assert.notEqual(reasonFor(49, 100), undefined)
  assert.equal(reasonFor(51, 101), undefined)
  assert.notEqual(reasonFor(50, 101), undefined)
})

test('a store of 27 rows is watched like any other', () => {
  assert.equal(reasonFor(14, 27), undefined)
  assert.notEqual(reasonFor(13, 27), undefined)
  assert.notEqual(reasonFor(1, 27), undefined)
})

test('a store that had fewer rows than the least is never held for a loss of rows', () => {
  assert.equal(reasonFor(1, 19), undefined)
  assert.notEqual(reasonFor(1, 20), undefined)
})

test('the first scrape of a store is compared with nothing', () => {
  assert.equal(reasonFor(1, undefined), undefined)
})

test('a store that grows is not held', () => {
  assert.equal(reasonFor(5000, 27), undefined)
})

test('one reject in five lines is not held, more than that is, but for a single one', () => {
  assert.equal(reasonForRejects(1, 5), undefined)
  assert.equal(reasonForRejects(20, 100), undefined)
  assert.equal(reasonForRejects(21, 100), '21 of 100 rows are rejected, more than 20 %.')
  assert.equal(reasonForRejects(1, 2), undefined)
  assert.notEqual(reasonForRejects(2, 4), undefined)
})

test('a file without rows is not held', () => {
  assert.equal(reasonForRejects(0, 0), undefined)
})

test('exactly the threshold is not beyond it, for every share of two decimals', () => {
  for (let percent = 1; percent <= 100; percent++) {
    const share = Number(`${percent / 100}`)
    const limits = { ...LIMITS, rowsShare: share, rejectsShare: share }
    for (const hundreds of [1, 3, 7, 26]) {
      const part = percent * hundreds
      const whole = 100 * hundreds
      assert.equal(reasonForRejects(part, whole, limits), undefined, `${part} rejects of ${whole}`)
      assert.equal(reasonFor(part, whole, limits), undefined, `${part} rows after ${whole}`)
      assert.notEqual(reasonFor(part - 1, whole, limits), undefined, `${part - 1} rows after ${whole}`)
      if (part < whole) assert.notEqual(reasonForRejects(part + 1, whole, limits), undefined)
    }
  }
})

test('shares of nothing and of everything switch a rule off', () => {
  assert.equal(reasonFor(0, 1000, { ...LIMITS, rowsShare: 0 }), undefined)
  assert.equal(reasonForRejects(99, 100, { ...LIMITS, rejectsShare: 1 }), undefined)
})

test('of several scrapes in a file the one that lost its rows holds it', () => {
  const whole = { store: 'one', date: '2025-09-12', rows: 100, rowsBefore: 100 }
  const broken = { store: 'two', date: '2025-09-12', rows: 10, rowsBefore: 100 }
  const reason = reasonToHold([whole, broken], { rows: 110, rejected: 0 }, LIMITS)
  assert.match(reason ?? '', /^The scrape of two on 2025-09-12 has 10 rows/)
})

test('a share that is no whole percentage is written with one decimal', () => {
  assert.match(reasonFor(1, 1000, { ...LIMITS, rowsShare: 0.333 }) ?? '', /fewer than 33\.3 % of/)
})
