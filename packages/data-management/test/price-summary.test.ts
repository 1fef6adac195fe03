/** Where a product is cheapest, and whether that is a deal: from made-up histories with known answers, and through the API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDays } from '@splitcart/shared/date.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { type ChainHistory, chainHistoriesOf } from '../catalogue/model/chain-history.ts'
import {
  type ChainSummary,
  type CurrentPrice,
  chainSummaries,
  lowestBuyablePrice,
  type PriceSpan,
} from '../catalogue/model/price-summary.ts'
import type { ChainsAnswer, ProductAnswer, ProductPage } from '../http/routes/products.ts'
import { openReceiver } from './receiver.ts'
import { reader, scrape } from './shop.ts'

function asked(company: string, price_cents: number | null, more: Partial<CurrentPrice> = {}): CurrentPrice {
  const rest = {
    was_price_cents: null,
    is_on_special: null,
    date: '2026-03-31',
    is_silent: false,
    isBuyable: price_cents !== null,
  }
  return { company, price_cents, ...rest, ...more }
}

function span(from: string, to: string, price_cents: number, more: Partial<PriceSpan> = {}): PriceSpan {
  return {
    company: 'aldi',
    from,
    to,
    price_cents,
    isCurrent: to === '2026-03-31',
    isSpecial: false,
    isBuyable: true,
    ...more,
  }
}

test('chains stand the cheapest first, and prices of silent stores count only where a chain has no others', () => {
  const silent = { is_silent: true, isBuyable: false, date: '2025-01-01' }
  const chains = chainSummaries(
    [
      asked('aldi', 319),
      asked('aldi', 299, { date: '2026-03-30' }),
      asked('aldi', 299),
      asked('aldi', 1, silent),
      asked('iga', 250, { isBuyable: false }),
      asked('old', 100, silent),
      asked('corner', 280, { is_on_special: true, was_price_cents: 300 }),
    ],
    [],
  )
  const told = ({
    company,
    lowest_cents,
    highest_cents,
    stores,
    lowest_stores,
    silent_stores,
    seen_on,
  }: ChainSummary) => [company, lowest_cents, highest_cents, stores, lowest_stores, silent_stores, seen_on].join(' ')
  assert.deepEqual(chains.map(told), [
    'corner 280 280 1 1 0 2026-03-31',
    'aldi 299 319 3 2 1 2026-03-31',
    'iga   1 0 0 2026-03-31',
    'old 100 100 0 1 1 2025-01-01',
  ])
  assert.deepEqual(
    chains.map(({ is_silent }) => is_silent),
    [false, false, false, true],
  )
  assert.deepEqual([chains[0]!.is_on_special, chains[0]!.was_price_cents], [true, 300])
})

test('usual is the median of 90 days without specials, and what was asked before a special began is told', () => {
  const history = [
    // Longer ago than 90 days: no part of what is usual.
    span('2025-06-01', '2025-12-01', 100),
    span('2026-01-10', '2026-02-28', 319),
    span('2026-03-01', '2026-03-09', 279),
    span('2026-03-10', '2026-03-24', 349),
    span('2026-03-25', '2026-03-31', 289, { isSpecial: true }),
    span('2026-02-01', '2026-02-02', 199, { isSpecial: true }),
    span('2026-02-03', '2026-02-03', 1, { isBuyable: false }),
  ]
  const [chain] = chainSummaries([asked('aldi', 289, { is_on_special: true, was_price_cents: 349 })], history)
  assert.deepEqual([chain!.usual_cents, chain!.usual_special_cents, chain!.lowest_before_cents], [319, 289, 279])
  assert.deepEqual(lowestBuyablePrice(history), { price_cents: 100, company: 'aldi', on: '2025-12-01' })
  assert.equal(lowestBuyablePrice([]), undefined)
  const [always] = chainSummaries([asked('aldi', 2)], [span('2026-03-01', '2026-03-31', 2, { isSpecial: true })])
  assert.deepEqual([always!.usual_cents, always!.lowest_before_cents], [2, null])
})

test('a chain is told from its cheapest store to its dearest, with days on which nothing could be paid left out', () => {
  const chains = chainHistoriesOf([
    span('2026-03-01', '2026-03-10', 300),
    span('2026-03-11', '2026-03-20', 350),
    span('2026-03-05', '2026-03-12', 400),
    // As dear as the one before, from the very next day on.
    span('2026-03-13', '2026-03-20', 400),
    span('2026-03-18', '2026-03-19', 1, { isBuyable: false }),
    span('2026-03-25', '2026-03-29', 310, { isCurrent: true }),
    span('2026-03-26', '2026-03-31', 320),
    span('2026-01-01', '2026-01-01', 999, { company: 'iga' }),
  ])
  const told = chains.map(({ company, steps }) => [
    company,
    ...steps.map(({ from, to, lowest_cents, highest_cents }) => `${from} ${to} ${lowest_cents} ${highest_cents}`),
  ])
  assert.deepEqual(told, [
    [
      'aldi',
      '2026-03-01 2026-03-04 300 300',
      '2026-03-05 2026-03-10 300 400',
      '2026-03-11 2026-03-20 350 400',
      '2026-03-25 2026-03-25 310 310',
      // What is asked now holds to the latest date of the chain.
      '2026-03-26 2026-03-31 310 320',
    ],
    ['iga', '2026-01-01 2026-01-01 999 999'],
  ])
  const many = Array.from({ length: 9_000 }, (_, index) =>
    span(addDays('2000-01-01', index), addDays('2000-01-01', index), 100 + (index % 2)),
  )
  const [{ steps }] = chainHistoriesOf(many) as [ChainHistory]
  assert.ok(steps.length < 5_000 && JSON.stringify(steps).length < 400_000)
  assert.equal(steps.at(-1)!.to, many.at(-1)!.to)
})

test('a product says where it is cheapest, chain by chain, and what it cost at its lowest', async () => {
  const now = Date.parse('2026-03-31T12:00:00Z')
  await using receiver = await openReceiver({ now: () => now })
  const day = (days: number) => new Date(now - days * DAY_MS).toISOString().slice(0, 10)
  const milk = (price: number) => [{ sku: '1', name: 'Full Cream Milk 2L', key: 'milk 2l farm', size: '2 L', price }]
  for (const [store, days, price] of [
    ['aldi/G1', 20, 2.49],
    ['aldi/G1', 10, 3.19],
    ['aldi/G1', 1, 2.99],
    ['aldi/G2', 0, 2.99],
    ['iga/7', 1, 3.5],
    ['iga/8', 300, 1],
    ['iga/8', 290, 1],
    ['iga/8', 280, 1],
  ] as const)
    await scrape(receiver, store, day(days), milk(price))
  const ask = await reader(receiver)
  const [found] = (await ask<ProductPage>('/api/products?q=milk')).products
  const { chains, lowest_ever, now: range } = await ask<ProductAnswer>(`/api/products/${found!.id}`)
  assert.deepEqual(
    chains.map(({ company, lowest_cents, lowest_stores, seen_on, unit_price_cents }) => [
      company,
      lowest_cents,
      lowest_stores,
      seen_on,
      unit_price_cents,
    ]),
    [
      ['aldi', 299, 2, day(0), 15],
      ['iga', 350, 1, day(1), 18],
    ],
  )
  assert.deepEqual(lowest_ever, { price_cents: 100, company: 'iga', on: day(280) })
  assert.equal(range.lowest_cents, chains[0]!.lowest_cents)
  assert.deepEqual([chains[0]!.usual_cents, chains[0]!.lowest_before_cents], [299, 249])
  const history = await ask<ChainsAnswer>(`/api/products/${found!.id}/chains`)
  const step = (from: number, to: number, lowest_cents: number, highest_cents = lowest_cents) => ({
    from: day(from),
    to: day(to),
    lowest_cents,
    highest_cents,
  }) // Days ago.
  assert.deepEqual(history.chains, [
    { company: 'aldi', steps: [step(20, 11, 249), step(10, 2, 319), step(1, 0, 299)] },
    // Not held beyond what its silent store has said last.
    { company: 'iga', steps: [step(300, 280, 100), step(1, 1, 350)] },
  ])
})
