/** `GET /api/products/{id}` and its prices: what a product costs now, and has cost. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { LiveStores } from '../catalogue/queries/current.ts'
import type { PricesAnswer, ProductAnswer, ProductPage } from '../http/routes/products.ts'
import { assertProblem, get, openReceiver, type Receiver } from './receiver.ts'
import { type Article, named, reader, scrape } from './shop.ts'

const DAY = '2025-09-12'

const MILK: Article = {
  sku: '1',
  name: 'Milk',
  price: 3,
  barcode: '9300000000002',
  brand: 'Farmdale',
  size: '2 l',
  path: ['Food', 'Dairy'],
  details: { unit_price: 1.5, sizes: ['2l'], description: 'Whole milk' },
}

const BY_GTIN = { gtin: '09300000000002', evidence: 'gtin', url: null }

const MILK_ANYWHERE = {
  name: 'Milk',
  brand: 'Farmdale',
  size: '2 l',
  barcodes: ['9300000000002'],
  image_url: null,
  categories: ['Food', 'Dairy'],
  listings: [
    { company: 'aldi', sku: '1', key: 'milk', name: 'Milk', size: '2 l', ...BY_GTIN },
    { company: 'iga', sku: null, key: 'igamilk', name: 'IGA Milk', size: null, ...BY_GTIN },
  ],
  now: { stores: 3, silent_stores: 0, lowest_cents: 250, highest_cents: 400 },
}

test('a product tells its listings and what every store asks now', async () => {
  await using receiver = await openReceiver({ now: () => Date.parse(DAY) + 12 * HOUR_MS })
  await scrape(receiver, 'aldi/G1', '2025-09-11', [MILK])
  await scrape(receiver, 'aldi/G1', DAY, [{ ...MILK, price: 2.5, was: 3, special: true, available: true }])
  await scrape(receiver, 'aldi/G2', DAY, [MILK])
  // Its latest scrape does not show it any more.
  await scrape(receiver, 'aldi/G3', '2025-09-11', [MILK])
  await scrape(receiver, 'aldi/G3', DAY, named('Bread'))
  const another = { sku: null, name: 'IGA Milk', key: 'igamilk', price: 4, barcode: '9300000000002' }
  await scrape(receiver, 'iga/7', DAY, [another])
  const ask = await reader(receiver)
  const { products } = await ask<ProductPage>('/api/products?q=milk&prices=true')
  const id = products[0]!.id
  assert.deepEqual(products, [{ id, ...MILK_ANYWHERE, unit_price_cents: 13, unit_price_per: '100 ml' }])
  const { prices, chains, lowest_ever: _, ...rest } = await ask<ProductAnswer>(`/api/products/${id}`)
  assert.deepEqual(
    chains.map(({ company }) => company),
    ['aldi', 'iga'],
  )
  const [milk, other] = MILK_ANYWHERE.listings
  const listings = [
    { ...milk, details: MILK.details },
    { ...other, details: null },
  ]
  assert.deepEqual(rest, { id, ...MILK_ANYWHERE, listings, comparable: [] })
  const terms = { was_price_cents: null, is_on_special: null, is_available: null, is_silent: false }
  const aldi = { company: 'aldi', sku: '1', key: 'milk', date: DAY, ...terms }
  const unit = (cents: number) => ({ unit_price_cents: cents, unit_price_per: '100 ml' })
  const special = { ...unit(13), price_cents: 250, was_price_cents: 300, is_on_special: true, is_available: true }
  const iga = { company: 'iga', sku: null, key: 'igamilk', date: DAY, ...terms }
  assert.deepEqual(prices, [
    { ...aldi, store_id: 'G1', store_name: 'aldi G1', ...special },
    { ...aldi, store_id: 'G2', store_name: 'aldi G2', price_cents: 300, ...unit(15) },
    { ...iga, store_id: '7', store_name: 'iga 7', price_cents: 400, unit_price_cents: null, unit_price_per: null },
  ])
})

test('the number of a product that became part of another leads to the other, and to its own again when they part', async () => {
  await using receiver = await openReceiver({ now: () => Date.parse('2025-09-13') + 12 * HOUR_MS })
  await scrape(receiver, 'aldi/G1', DAY, [
    { sku: '1', name: 'Milk', price: 3 },
    { sku: '2', name: 'Full milk', price: 3 },
  ])
  const ask = await reader(receiver)
  const idOf = async (sku: string) => (await ask<ProductPage>(`/api/products?company=aldi&sku=${sku}`)).products[0]!.id
  const before = [await idOf('1'), await idOf('2')]
  await scrape(receiver, 'aldi/G1', '2025-09-13', [
    { sku: '1', name: 'Full milk', price: 3 },
    { sku: '2', name: 'Full milk', price: 3 },
  ])
  const after = [await idOf('1'), await idOf('2')]
  assert.equal(after[0], after[1])
  // One store, though it shows the product twice.
  const { products } = await ask<ProductPage>('/api/products?prices=true')
  assert.deepEqual(
    products.map(({ now }) => now),
    [{ stores: 1, silent_stores: 0, lowest_cents: 300, highest_cents: 300 }],
  )
  const asking = { url: receiver.url, key: await receiver.makeKey('admin') }
  const { id, listings } = await ask<ProductAnswer>(`/api/products/${before[1]}`)
  assert.deepEqual([id, listings.length], [before[0], 2])
  await scrape(receiver, 'aldi/G1', '2025-09-14', [
    { sku: '1', name: 'Milk', price: 3 },
    { sku: '2', name: 'Full milk', price: 3 },
  ])
  assert.deepEqual([await idOf('1'), await idOf('2')], before)
  for (const id of [0, 'x', '1e3', '99999999999999999999', '%00'])
    for (const path of ['', '/prices', '/chains'])
      assertProblem(await get(asking, `/api/products/${id}${path}`), 404, 'not_found')
})

async function history(receiver: Receiver): Promise<number> {
  const bread = named('Bread')
  await scrape(receiver, 'aldi/G1', '2025-09-01', bread)
  await scrape(receiver, 'aldi/G1', '2025-09-08', [...bread, { ...MILK, price: 3 }])
  await scrape(receiver, 'aldi/G1', '2025-09-15', [...bread, { ...MILK, price: 3 }])
  await scrape(receiver, 'aldi/G1', '2025-09-22', bread)
  await scrape(receiver, 'aldi/G1', '2025-09-29', bread)
  await scrape(receiver, 'aldi/G1', '2025-10-06', [...bread, { ...MILK, price: 2.5 }])
  await scrape(receiver, 'aldi/G1', '2025-10-13', [...bread, { ...MILK, price: 2.5 }])
  await scrape(receiver, 'aldi/G2', '2025-09-08', [MILK])
  await scrape(receiver, 'iga/7', '2025-09-08', [{ ...MILK, sku: '9', price: 4 }])
  const ask = await reader(receiver)
  return (await ask<ProductPage>('/api/products?q=milk')).products[0]!.id
}

test('prices over time come store by store, with the scrapes that did not show the product', async () => {
  await using receiver = await openReceiver()
  const id = await history(receiver)
  const ask = await reader(receiver)
  const { stores, next } = await ask<PricesAnswer>(`/api/products/${id}/prices`)
  assert.equal(next, null)
  assert.deepEqual(
    stores.map(({ company, store_id }) => `${company}/${store_id}`),
    ['aldi/G1', 'aldi/G2', 'iga/7'],
  )
  const terms = { sku: '1', key: 'milk', was_price_cents: null, is_on_special: null, is_available: null }
  assert.deepEqual(stores[0], {
    company: 'aldi',
    store_id: 'G1',
    store_name: 'aldi G1',
    is_silent: true,
    first_date: '2025-09-01',
    last_date: '2025-10-13',
    runs: [
      { from: '2025-09-08', to: '2025-09-15', is_current: false, price_cents: 300, ...terms },
      { from: '2025-10-06', to: '2025-10-13', is_current: true, price_cents: 250, ...terms },
    ],
    gaps: [{ from: '2025-09-22', to: '2025-09-29' }],
  })
})

test('prices can be asked of some stores and of some dates, and come in pages', async () => {
  await using receiver = await openReceiver()
  const id = await history(receiver)
  const ask = await reader(receiver)
  const codes = async (query: string) => {
    const { stores, next } = await ask<PricesAnswer>(`/api/products/${id}/prices?${query}`)
    return { stores: stores.map(({ store_id, runs }) => [store_id, ...runs.map(({ from }) => from)]), next }
  }
  assert.deepEqual(await codes('store=iga/7&store=aldi/G2'), {
    stores: [
      ['G2', '2025-09-08'],
      ['7', '2025-09-08'],
    ],
    next: null,
  })
  assert.deepEqual(await codes('store=aldi/G1&from=2025-09-16'), { stores: [['G1', '2025-10-06']], next: null })
  assert.deepEqual(await codes('store=aldi/G1&to=2025-10-05'), { stores: [['G1', '2025-09-08']], next: null })
  assert.deepEqual(await codes('store=nobody/G1'), { stores: [], next: null })
  const first = await codes('limit=2')
  assert.deepEqual(
    first.stores.map(([store]) => store),
    ['G1', 'G2'],
  )
  const second = await codes(`limit=2&after=${first.next}`)
  assert.deepEqual([second.stores.map(([store]) => store), second.next], [['7'], null])
  const asking = { url: receiver.url, key: await receiver.makeKey('read') }
  for (const query of ['store=G1', 'from=2025', 'to=today', 'after=x', 'limit=21'])
    assertProblem(await get(asking, `/api/products/${id}/prices?${query}`), 400, 'request_invalid')
})

/** What is told of the milk, in the list and by itself; both must say the same range. */
async function milkNow(receiver: Receiver): Promise<ProductAnswer> {
  const ask = await reader(receiver)
  const { products } = await ask<ProductPage>('/api/products?q=milk&prices=true')
  const product = await ask<ProductAnswer>(`/api/products/${products[0]!.id}`)
  assert.deepEqual(products[0]!.now, product.now)
  return product
}

test('a store that has been silent is in no price of now, and its old prices stand last with their dates', async () => {
  await using receiver = await openReceiver({ now: () => Date.parse(DAY) + 20 * HOUR_MS })
  const milk = (price: number) => [{ ...MILK, price }]
  for (const day of ['01', '02', '03']) await scrape(receiver, 'aldi/G1', `2025-09-${day}`, milk(2))
  for (const day of ['10', '11', '12']) await scrape(receiver, 'aldi/G2', `2025-09-${day}`, milk(3))
  for (const day of ['10', '11', '12']) await scrape(receiver, 'aldi/G3', `2025-09-${day}`, milk(3.5))
  for (const day of ['03', '04', '05']) await scrape(receiver, 'aldi/G4', `2025-09-${day}`, milk(4))
  // Weekly: its last scrape is as old as theirs, and its next one is not due yet.
  for (const date of ['2025-08-23', '2025-08-30', '2025-09-06']) await scrape(receiver, 'aldi/G5', date, milk(2.9))
  // A company of which no store is heard of any more.
  for (const day of ['01', '02', '03']) await scrape(receiver, 'iga/7', `2025-09-${day}`, [{ ...MILK, price: 1 }])
  const { now, prices } = await milkNow(receiver)
  assert.deepEqual(now, { stores: 3, silent_stores: 3, lowest_cents: 290, highest_cents: 350 })
  assert.deepEqual(
    prices.map(({ store_id, price_cents, date, is_silent }) => [store_id, price_cents, date.slice(5), is_silent]),
    [
      ['G5', 290, '09-06', false],
      ['G2', 300, '09-12', false],
      ['G3', 350, '09-12', false],
      ['G4', 400, '09-05', true],
      ['7', 100, '09-03', true],
      ['G1', 200, '09-03', true],
    ],
  )
  await scrape(receiver, 'aldi/G1', DAY, milk(2))
  assert.deepEqual((await milkNow(receiver)).now, {
    stores: 4,
    silent_stores: 2,
    lowest_cents: 200,
    highest_cents: 350,
  })
})

test('a flag that is the same in all rows of a company is unknown, in whichever of its stores the rows are', async () => {
  await using receiver = await openReceiver({ now: () => Date.parse(DAY) + 20 * HOUR_MS })
  const flagged = (available: boolean, sku = '1') => ({ ...MILK, sku, available })
  await scrape(receiver, 'aldi/G1', DAY, [flagged(false)])
  await scrape(receiver, 'aldi/G2', DAY, [flagged(false)])
  await scrape(receiver, 'iga/7', DAY, [{ ...flagged(false), price: 2 }])
  await scrape(receiver, 'iga/8', DAY, [{ ...named('Bread')[0]!, available: true }])
  const { id, now, prices } = await milkNow(receiver)
  const flags = (of: ProductAnswer['prices']) => of.map(({ store_id, is_available }) => [store_id, is_available])
  assert.deepEqual(flags(prices), [
    ['G1', null],
    ['G2', null],
    // What is known to be sold out is behind what can be bought, and is not the lowest price.
    ['7', false],
  ])
  assert.deepEqual(now, { stores: 3, silent_stores: 0, lowest_cents: 300, highest_cents: 300 })
  const ask = await reader(receiver)
  const runs = async () =>
    (await ask<PricesAnswer>(`/api/products/${id}/prices`)).stores.map((store) => store.runs[0]!.is_available)
  assert.deepEqual(await runs(), [null, null, false])
  // One row that says otherwise makes the flag of all of them believable; when it is gone, that is over.
  const bread = await scrape(receiver, 'aldi/G3', DAY, [{ ...named('Bread')[0]!, sku: '9', available: true }])
  assert.deepEqual(flags((await milkNow(receiver)).prices), [
    ['7', false],
    ['G1', false],
    ['G2', false],
  ])
  assert.deepEqual((await milkNow(receiver)).now.lowest_cents, null)
  await receiver.catalogue.undo(bread.sha256, 'a test', Date.now())
  assert.deepEqual(await runs(), [null, null, false])
})

test('a price of 0 is no lowest price', async () => {
  await using receiver = await openReceiver({ now: () => Date.parse(DAY) + 20 * HOUR_MS })
  await scrape(receiver, 'aldi/G1', DAY, [{ ...MILK, price: 0 }])
  await scrape(receiver, 'aldi/G2', DAY, [{ ...MILK, price: 3 }])
  const { now, prices } = await milkNow(receiver)
  assert.deepEqual(now, { stores: 2, silent_stores: 0, lowest_cents: 300, highest_cents: 300 })
  assert.deepEqual(
    prices.map(({ price_cents }) => price_cents),
    [300, 0],
  )
})

test('a server that only reads hears of a store that is silent no more, and of time that goes by', async () => {
  await using at = await temporaryFolder()
  await using writing = await openReceiver()
  await using catalogue = openCatalogue(join(at.path, 'catalogue.db'))
  await using reading = openCatalogue(join(at.path, 'catalogue.db'))
  const silentAt = async (date: string) =>
    (await LiveStores.read(reading.database, { now: Date.parse(date), zone: TimeZone.utc })).silentStores
  for (const day of ['01', '02', '03']) await scrape({ ...writing, catalogue }, 'aldi/G1', `2025-09-${day}`, [MILK])
  assert.deepEqual(await silentAt('2025-09-04'), [])
  assert.deepEqual((await silentAt('2025-09-09')).length, 1)
  await scrape({ ...writing, catalogue }, 'aldi/G1', '2025-09-08', [MILK])
  assert.deepEqual(await silentAt('2025-09-09'), [])
})
