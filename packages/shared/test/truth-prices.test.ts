/** Prices that are missing, 0 or far from what they were. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayBefore, holdsOf, type Product, shop, since, sisters, verdictsOf } from './truth-cases.ts'

test('prices that are missing hold a scrape, as do those of a part of the rows that are far from what they were', () => {
  const isTwentieth = (place: number) => place % 20 === 0
  // A row without a price is one only where the shop says that it has none.
  const closed = shop().map((product) => ({ ...product, is_available: false }))
  const priced = (price: (product: Product, place: number) => unknown) =>
    closed.map((product, place) => ({ ...product, price_current: price(product, place), price_was: null }))
  const half = priced(({ price_current }, place) => (place % 2 === 0 ? price_current : null))
  const hundredfold = priced(({ price_current }, place) => Number(price_current) * (isTwentieth(place) ? 100 : 1))
  const free = priced(({ price_current }, place) => (isTwentieth(place) ? 0 : price_current))
  const none = priced(() => null)
  for (const references of [dayBefore(closed), sisters(3, closed)]) {
    assert.deepEqual(holdsOf(none, references), ['prices_zero'])
    assert.deepEqual(holdsOf(half, references), ['prices_zero'])
    assert.deepEqual(holdsOf(hundredfold, references), ['prices_far'])
    assert.deepEqual(holdsOf(free, references), ['prices_far'])
  }
  assert.deepEqual(holdsOf(none, { usual: [], sisters: [] }), ['prices_zero'])
  const [found] = verdictsOf(hundredfold, dayBefore(closed))
  assert.match(found!.sentence, /^5% of the prices of S1 .* at least 7 times/)
  assert.equal(found!.examples.length, 5)
  assert.match(found!.examples[0]!, /: (\d+)\.00 → [\d,]+00\.00$/)
})

test('where a shop tells no price of half of its goods, those hold a scrape that half of the others lack too', () => {
  const closed = shop().map((product) => ({ ...product, is_available: false, price_was: null }))
  const unpriced = (count: number) =>
    closed.map((product, place) => (place < count ? { ...product, price_current: null } : product))
  for (const [usual, kept, held] of [
    [50, 70, 90],
    [80, 88, 95],
  ] as const) {
    assert.deepEqual(holdsOf(unpriced(kept), dayBefore(unpriced(usual))), [])
    assert.deepEqual(holdsOf(unpriced(held), dayBefore(unpriced(usual))), ['prices_zero'])
  }
  assert.deepEqual(holdsOf(unpriced(100), dayBefore(unpriced(100))), [])
})

test('what became 0 in the other stores since, too, is not held, and it is where they show other prices', () => {
  const free = shop().map((product, place) => ({ ...product, price_current: place < 6 ? 0 : product.price_current }))
  assert.deepEqual(holdsOf(free, { ...dayBefore(), sisters: since(free) }), [])
  assert.deepEqual(holdsOf(free, { ...dayBefore(), sisters: since(shop()) }), ['prices_far'])
})
