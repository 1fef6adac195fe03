/** `GET /api/products…`: what is found, what it costs now and has cost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowedMs } from '../../../test/times.ts'
import { gtinOf } from '../catalogue/model/gtin.ts'
import type { ProductPage } from '../http/routes/products.ts'
import { assertProblem, get, openReceiver } from './receiver.ts'
import { named, reader, scrape } from './shop.ts'

const DAY = '2025-09-12'

async function namesFound(ask: <T>(path: string) => Promise<T>, q: string, more = ''): Promise<string[]> {
  const { products } = await ask<ProductPage>(`/api/products?q=${encodeURIComponent(q)}${more}`)
  return products.map(({ name }) => name)
}

/** Walks a list to its end; the product ids in the order they came. */
async function walk(ask: <T>(path: string) => Promise<T>, query: string, limit: number): Promise<number[]> {
  const ids: number[] = []
  for (let after = ''; ; ) {
    const { products, next } = await ask<ProductPage>(`/api/products?limit=${limit}${query}${after}`)
    assert.ok(products.length <= limit)
    ids.push(...products.map(({ id }) => id))
    if (next === null) return ids
    after = `&after=${next}`
  }
}

test('products are found by the words of name and brand, the last one only begun', async () => {
  await using receiver = await openReceiver()
  const articles = [
    { sku: '1', name: 'Full Cream Milk 2L', brand: 'Farmdale', price: 3.1 },
    { sku: '2', name: 'Milk Chocolate', brand: 'Choceur', price: 2 },
    { sku: '3', name: 'Oat Drink', brand: 'Farmdale', price: 2.5 },
  ]
  await scrape(receiver, 'aldi/G1', DAY, articles)
  const ask = await reader(receiver)
  assert.deepEqual(await namesFound(ask, 'milk'), ['Full Cream Milk 2L', 'Milk Chocolate'])
  assert.deepEqual(await namesFound(ask, 'MILK choc'), ['Milk Chocolate'])
  assert.deepEqual(await namesFound(ask, 'farmdale'), ['Full Cream Milk 2L', 'Oat Drink'])
  assert.deepEqual(await namesFound(ask, 'milk farm'), ['Full Cream Milk 2L'])
  assert.deepEqual(await namesFound(ask, 'mil cream'), [])
  assert.deepEqual((await namesFound(ask, ' ')).length, 3)
  assert.deepEqual(await namesFound(ask, '!?'), [])
})

test('accents, case and apostrophes make no difference, and other scripts are words too', async () => {
  await using receiver = await openReceiver()
  const names = [
    "Arnott's Tim Tam",
    'Crème Brûlée',
    'STRASSE Weizen',
    'ΣΟΥΒΛΑΚΙ ΜΕΛΟΣ',
    '北海道牛乳',
    '서울우유 1L',
    'नमकीन मिक्स',
    'Молоко',
  ]
  await scrape(receiver, 'aldi/G1', DAY, named(...names))
  const ask = await reader(receiver)
  const cases = [
    ["arnott's", 0],
    ['arnotts', 0],
    ['arnott tam', 0],
    ['creme bru', 1],
    ['CRÈME', 1],
    ['straße', 2],
    ['μελος', 3],
    ['牛乳', 4],
    ['牛', 4],
    ['海道', 4],
    ['서울', 5],
    ['मिक्स', 6],
    ['МОЛ', 7],
  ] as const
  for (const [q, index] of cases) assert.deepEqual(await namesFound(ask, q), [names[index]], q)
})

test('hostile queries are words or nothing, and never an error of the database', async () => {
  await using receiver = await openReceiver()
  await scrape(receiver, 'aldi/G1', DAY, named('Milk AND honey', 'Near OR far'))
  const ask = await reader(receiver)
  const texts = [
    '"',
    '"milk',
    "'; drop table listing; --",
    'milk*',
    '*',
    '^milk',
    'words:milk',
    'NEAR(milk honey)',
    'milk NOT honey',
    'a AND',
    '(',
    '{milk}',
    '\\',
    '%',
    '\0',
    'milk\0',
    '\ue0001',
    '-',
    '+milk',
    '\u202e',
    '\ufeff',
    '💩',
    'a '.repeat(100),
    '"'.repeat(200),
  ]
  // What answers is started by the first query.
  await namesFound(ask, 'milk')
  for (const text of texts) {
    const start = performance.now()
    await namesFound(ask, text)
    assert.ok(performance.now() - start < allowedMs(1000), text)
  }
  assert.deepEqual(await namesFound(ask, 'milk AND'), ['Milk AND honey'])
  assert.deepEqual(await namesFound(ask, '"honey" mil*'), ['Milk AND honey'])
  assert.deepEqual(await namesFound(ask, '\ue0001'), [])
  const key = await receiver.makeKey('read')
  const long = await get({ url: receiver.url, key }, `/api/products?q=${'x'.repeat(10_000)}`)
  assertProblem(long, 400, 'request_invalid')
  assert.match(String(long.body.detail), /\bq\b/)
})

test('a product is found by its barcode, by its SKU, and within a company', async () => {
  await using receiver = await openReceiver()
  const milk = { sku: '1', name: 'Milk', price: 3, barcode: '9300000000002' }
  await scrape(receiver, 'aldi/G1', DAY, [milk, { sku: '2', name: 'Bread', price: 2 }])
  await scrape(receiver, 'iga/7', DAY, [
    { ...milk, sku: '77', name: 'Milk by IGA', price: 3.5 },
    { sku: '1', name: 'Eggs', price: 6 },
  ])
  const ask = await reader(receiver)
  const found = async (query: string) =>
    (await ask<ProductPage>(`/api/products?${query}`)).products.map(({ name }) => name)
  assert.deepEqual(await found('barcode=9300000000002'), ['Milk'])
  assert.deepEqual(await found('barcode=93'), [])
  assert.deepEqual(await found('barcode=9300000000002&q=iga'), ['Milk'])
  assert.deepEqual(await found('barcode=9300000000002&q=bread'), [])
  assert.deepEqual(await found('sku=1'), ['Milk', 'Eggs'])
  assert.deepEqual(await found('sku=1&company=iga'), ['Eggs'])
  assert.deepEqual(await found('sku=77'), ['Milk'])
  assert.deepEqual(await found('company=iga'), ['Milk', 'Eggs'])
  assert.deepEqual(await found('company=iga&q=milk'), ['Milk'])
  assert.deepEqual(await found('company=aldi&q=iga'), [])
  assert.deepEqual(await found('company=nobody'), [])
  assert.deepEqual(await found('sku=1&q=egg'), ['Eggs'])
})

function gtinFrom(digits: string): string {
  return [...'0123456789'].map((last) => digits + last).find((code) => gtinOf(code) !== undefined)!
}

test('cursors walk every product exactly once, however it is looked for', async () => {
  await using receiver = await openReceiver()
  const articles = Array.from({ length: 60 }, (_, index) => ({
    sku: `s${index}`,
    name: `Thing ${index} ${index % 2 === 0 ? 'even' : 'odd'}`,
    price: 1,
    barcode: gtinFrom(`93000000${1000 + index}`),
  }))
  await scrape(receiver, 'aldi/G1', DAY, articles)
  // The same products at another company, half of them under other names, in another order.
  const others = articles
    .toReversed()
    .map((article, index) => ({ ...article, sku: `o${index}`, ...(index % 3 === 0 ? { name: `Other ${index}` } : {}) }))
  await scrape(receiver, 'iga/7', DAY, [...others, ...named('Only here')])
  const ask = await reader(receiver)
  for (const [query, count] of [
    ['', 61],
    ['&q=thing', 60],
    ['&q=even', 30],
    ['&company=iga', 61],
    ['&q=other', 20],
  ] as const) {
    const ids = await walk(ask, query, 7)
    assert.equal(ids.length, count, query)
    assert.equal(new Set(ids).size, count, query)
    const { total } = await ask<ProductPage>(`/api/products?limit=1${query}`)
    assert.deepEqual(total, { count, exact: true }, query)
  }
})

test('a wrong parameter is refused by its name', async () => {
  await using receiver = await openReceiver()
  const asking = { url: receiver.url, key: await receiver.makeKey('read') }
  const wrong = [
    'limit=0',
    'limit=101',
    'limit=x',
    'after=x',
    'after=',
    `after=${Buffer.from('["stores","a","b"]').toString('base64url')}`,
    `after=${Buffer.from('["products","1"]').toString('base64url')}`,
    'sku=',
    `barcode=${'9'.repeat(301)}`,
    'prices=maybe',
    'barcod=9300000000001',
  ]
  for (const query of wrong) {
    const answer = await get(asking, `/api/products?${query}`)
    assertProblem(answer, 400, 'request_invalid')
    assert.match(String(answer.body.detail), new RegExp(`\\b${query.split('=')[0]}\\b`), query)
  }
  for (const path of [
    '/api/products',
    '/api/products/1',
    '/api/products/1/prices',
    '/api/products/1/chains',
    '/api/stores',
    '/api/sources',
    '/api/overview',
    '/api/scrapes?store=a/b',
  ])
    assertProblem(await get(receiver, path), 403, 'scope_missing')
})

test('the search follows what listings are called now, and forgets what an undone load showed', async () => {
  await using receiver = await openReceiver()
  await scrape(receiver, 'aldi/G1', '2025-09-11', named('Milk', 'Bread'))
  const later = await scrape(receiver, 'aldi/G1', DAY, named('Oat drink', 'Bread', 'Eggs'))
  const ask = await reader(receiver)
  assert.deepEqual(await namesFound(ask, 'milk'), [])
  assert.deepEqual(await namesFound(ask, 'oat'), ['Oat drink'])
  assert.deepEqual(await namesFound(ask, 'eggs'), ['Eggs'])
  await receiver.catalogue.undo(later.sha256, 'a test', Date.now())
  assert.deepEqual(await namesFound(ask, 'milk'), ['Milk'])
  for (const q of ['oat', 'eggs']) assert.deepEqual(await namesFound(ask, q), [])
  assert.equal((await walk(ask, '', 10)).length, 2)
  // What comes afterwards may get the numbers of what is gone.
  await scrape(receiver, 'aldi/G1', '2025-09-13', named('Milk', 'Bread', 'Honey'))
  assert.deepEqual(await namesFound(ask, 'eggs'), [])
  assert.deepEqual(await namesFound(ask, 'honey'), ['Honey'])
})

test('a load that is not committed leaves nothing in the search', async () => {
  await using receiver = await openReceiver()
  await scrape(receiver, 'aldi/G1', DAY, named('Milk'))
  {
    await using catalogue = await receiver.catalogue.beginDryRun()
    await scrape({ ...receiver, catalogue }, 'aldi/G2', DAY, named('Butter', 'Honey'))
  }
  const ask = await reader(receiver)
  assert.deepEqual(await namesFound(ask, 'honey'), [])
  assert.deepEqual(await namesFound(ask, 'milk'), ['Milk'])
})
