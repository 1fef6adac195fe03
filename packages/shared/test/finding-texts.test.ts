/** What verdicts tell people: how many rows they are about, and examples. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge } from '../truth/judge.ts'
import type { References } from '../truth/rule-input.ts'
import { defaultThresholds } from '../truth/thresholds.ts'
import { dayBefore, type Product, scrapeOf, shop } from './truth-cases.ts'

function verdictOf(rule: string, products: readonly Product[], references: References) {
  return judge(scrapeOf(products), references, defaultThresholds()).find((each) => each.rule === rule)
}

test('an example of changed prices is one of a row that has a price, and had one', () => {
  const closed = shop().map((product): Product => ({ ...product, is_available: false, price_was: null }))
  const priced = (factor: number, isPriced: (place: number) => boolean) =>
    closed.map((product, place) => ({
      ...product,
      price_current: isPriced(place) ? Number(product.price_current) * factor : null,
    }))
  const then = priced(1, (place) => place % 4 !== 0)
  const now = priced(100, (place) => place % 4 !== 1)
  const found = verdictOf('prices_by_factor', now, dayBefore(then))
  assert.equal(found!.examples.length, 5)
  for (const example of found!.examples) assert.match(example, /: \d+\.00 → [\d,]+00\.00$/)
})

test('of a field that few rows tell, no more are told to be the same', () => {
  const few = (brand: (product: Product, place: number) => unknown) =>
    shop().map((product, place) => ({ ...product, brand: place < 20 ? brand(product, place) : null }))
  const then = dayBefore(few((_, place) => `Brand ${place}`))
  for (const [rule, lie] of [
    ['field_constant', few(() => 'One')],
    ['field_repeated', few(({ name }) => name)],
  ] as const) {
    const found = verdictOf(rule, lie, then)
    assert.equal(found?.rows, 20)
    assert.match(found!.sentence, / in 100% of the rows of S1 on 2026-05-02 that tell it\.$/)
  }
})
