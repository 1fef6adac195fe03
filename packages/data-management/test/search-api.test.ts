/** `GET /api/products?q=…`: found as people type, and the best first. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { countChanges } from '../catalogue/queries/count-changes.ts'
import type { ProductPage } from '../http/routes/products.ts'
import { openReceiver, type Receiver } from './receiver.ts'
import { type Article, bringIn, named, reader, scrape, scrapeText } from './shop.ts'

const TODAY = new Date().toISOString().slice(0, 10)
const YESTERDAY = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10)

const SHELVES = {
  milk: ['Dairy, Eggs & Fridge', 'Milk'],
  chocolate: ['Pantry', 'Chocolate'],
  fruit: ['Fruits & Vegetables', 'Fresh Fruits'],
  vegetables: ['Fruits & Vegetables', 'Vegetables'],
  bakery: ['Bakery', 'Cakes & Sweet Breads'],
  cereals: ['Pantry', 'Breakfast Cereals'],
  drinks: ['Drinks', 'Soft Drinks'],
  spreads: ['Pantry', 'Spreads'],
  butter: ['Dairy, Eggs & Fridge', 'Butter & Margarine'],
} as const

/** What the shop sells: names as shops write them, those that only have a word of it before those that are meant. */
const SOLD: readonly [string, keyof typeof SHELVES, number, Partial<Article>?][] = [
  ['Milk Chocolate Block 180g', 'chocolate', 4],
  ['Milk Arrowroot Biscuits 250g', 'bakery', 3],
  ['Farmvale Full Cream Milk 2L', 'milk', 3.5, { brand: 'Farmvale' }],
  ['Skim Milk 1 Litre', 'milk', 2, { special: true, was: 2.6 }],
  ['Banana Bread 400g', 'bakery', 5],
  ['Bananas per kg', 'fruit', 3],
  ['Butter Chicken Sauce 500g', 'spreads', 6],
  ['Peanut Butter Smooth 375g', 'spreads', 5],
  ['Unsalted Butter 250g', 'butter', 4.2],
  ['Wheat-Blox 750g', 'cereals', 6],
  ['Zora Kola Classic', 'drinks', 3, { size: '1.25L' }],
  ['Tomato Sauce 500ml', 'spreads', 3, { special: true }],
  ['Truss Tomatoes 400g', 'vegetables', 4],
  ['Onions Brown 1kg', 'vegetables', 2.5],
  ['Onion Rings 300g', 'cereals', 4],
]

let receiver: Receiver
let ask: <T>(path: string) => Promise<T>

before(async () => {
  receiver = await openReceiver()
  const articles = SOLD.map(([name, shelf, price, more], index) => {
    return { sku: `s${index}`, name, price, path: SHELVES[shelf], ...more }
  })
  const gone = { sku: 'gone', name: 'Milk', price: 1, path: SHELVES.milk }
  // Yesterday all cost a dollar more, and the butter twice as much.
  const dearer = articles.map((each) => {
    return { ...each, price: each.name.startsWith('Unsalted') ? 8.4 : each.price + 1 }
  })
  await scrape(receiver, 'oakmart/S1', YESTERDAY, [...dearer, gone])
  await scrape(receiver, 'oakmart/S1', TODAY, articles)
  ask = await reader(receiver)
})

after(() => receiver[Symbol.asyncDispose]())

async function page(query: string): Promise<ProductPage> {
  return await ask<ProductPage>(`/api/products?${query}`)
}

async function namesOf(q: string, more = ''): Promise<string[]> {
  return (await page(`q=${encodeURIComponent(q)}${more}`)).products.map(({ name }) => name)
}

test('what something is comes before what only has the word in its name', async () => {
  const first: Readonly<Record<string, RegExp>> = {
    milk: /Full Cream Milk/,
    mil: /Full Cream Milk|Skim Milk/,
    chocolate: /Chocolate Block/,
    banana: /^Bananas/,
    bread: /Banana Bread/,
    butter: /^Unsalted Butter/,
    tomato: /^Truss Tomatoes/,
    tomatoes: /^Truss Tomatoes/,
    onion: /^Onions Brown/,
    'butter peanut': /^Peanut Butter/,
    farmvale: /^Farmvale/,
  }
  for (const [typed, name] of Object.entries(first)) assert.match((await namesOf(typed))[0] ?? 'nothing', name, typed)
  const milk = await namesOf('milk')
  assert.equal(milk.at(-1), 'Milk', 'what no store shows any more is last')
  assert.ok(milk.indexOf('Skim Milk 1 Litre') < milk.indexOf('Milk Chocolate Block 180g'))
})

test('errors of typing, words written together or apart, and amounts in any unit are understood', async () => {
  const found: Readonly<Record<string, string>> = {
    bananna: 'Bananas per kg',
    choclate: 'Milk Chocolate Block 180g',
    tomatos: 'Truss Tomatoes 400g',
    wheatblox: 'Wheat-Blox 750g',
    'wheat blox': 'Wheat-Blox 750g',
    zorakola: 'Zora Kola Classic',
    peanutbutter: 'Peanut Butter Smooth 375g',
    'milk 2 l': 'Farmvale Full Cream Milk 2L',
    '2000ml milk': 'Farmvale Full Cream Milk 2L',
    'milk 1L': 'Skim Milk 1 Litre',
    'kola 1250 ml': 'Zora Kola Classic',
  }
  for (const [typed, name] of Object.entries(found)) assert.equal((await namesOf(typed))[0], name, typed)
  assert.equal((await page('q=bananna')).corrected, 'banana')
  assert.equal((await page('q=bananna%201%20kg')).corrected, 'banana 1 kg')
  assert.equal((await page('q=banan')).corrected, null)
  // A word that is known stays as it is typed, and one that is near nothing finds nothing.
  assert.deepEqual(await namesOf('xylophone'), [])
  assert.deepEqual(await namesOf('milk 3L'), [])
})

test('a list is of a category, of what is on special, and in the order of price, amount or drop', async () => {
  const names = async (query: string) => (await page(query)).products.map(({ name }) => name)
  assert.deepEqual((await names('category=Milk')).sort(), ['Farmvale Full Cream Milk 2L', 'Milk', 'Skim Milk 1 Litre'])
  assert.deepEqual(await namesOf('milk', '&category=Chocolate'), ['Milk Chocolate Block 180g'])
  assert.deepEqual(await names('category=Nothing'), [])
  assert.deepEqual((await names('special=true')).sort(), ['Skim Milk 1 Litre', 'Tomato Sauce 500ml'])
  // On the last page, too, only those on it are counted.
  const first = await page('special=true&limit=1')
  const second = await page(`special=true&limit=1&after=${first.next}`)
  const counted = [first, second].map(({ products, total }) => [products.length, total])
  assert.deepEqual(counted, Array(2).fill([1, { count: 1, exact: false }]))
  assert.deepEqual(await namesOf('milk', '&special=true'), ['Skim Milk 1 Litre'])
  assert.deepEqual((await namesOf('milk', '&sort=price')).slice(0, 3), [
    'Skim Milk 1 Litre',
    'Milk Arrowroot Biscuits 250g',
    'Farmvale Full Cream Milk 2L',
  ])
  for (const unit of ['', '&unit=ml'])
    assert.equal((await namesOf('milk', `&sort=unit_price${unit}`))[0], 'Farmvale Full Cream Milk 2L')
  assert.equal((await names('category=Milk&sort=price'))[0], 'Skim Milk 1 Litre')
})

test('what is sold now comes before what only silent stores show, and that before what no store does', async () => {
  const quince = (what: string) => ({ sku: what, name: `Quince ${what}`, price: 4 })
  const longAgo = new Date(Date.now() - 60 * DAY_MS).toISOString().slice(0, 10)
  await scrape(receiver, 'elmart/S2', longAgo, [quince('Jelly')])
  await scrape(receiver, 'elmart/S1', YESTERDAY, [quince('Jelly'), quince('Paste')])
  await scrape(receiver, 'elmart/S1', TODAY, [quince('Jam')])
  assert.deepEqual(await namesOf('quince'), ['Quince Jam', 'Quince Jelly', 'Quince Paste'])
  // However many stores a company has: where few listings are asked about, all of them are asked.
  const honey = [quince('Honey')]
  const stores = Array.from({ length: 101 }, (_, at) =>
    scrapeText(`ashmart/s${at}`, YESTERDAY, at === 0 ? honey : named('Salt')),
  )
  await bringIn(receiver, stores.join(''))
  await scrape(receiver, 'ashmart/a', YESTERDAY, honey)
  await scrape(receiver, 'ashmart/s0', TODAY, named('Salt'))
  assert.deepEqual(await namesOf('quince'), ['Quince Honey', 'Quince Jam', 'Quince Jelly', 'Quince Paste'])
})

test('what one of many stores has on special is found, what a silent one has is not', async () => {
  const rhubarb = (special: boolean) => [{ sku: 'rhubarb', name: 'Rhubarb', price: 3, was: 4, special }]
  const stores = Array.from({ length: 101 }, (_, at) => scrapeText(`yewmart/s${at}`, YESTERDAY, rhubarb(false)))
  await bringIn(receiver, stores.join(''))
  const longAgo = new Date(Date.now() - 60 * DAY_MS).toISOString().slice(0, 10)
  await scrape(receiver, 'yewmart/z', longAgo, rhubarb(true))
  assert.deepEqual(await namesOf('rhubarb', '&special=true'), [])
  await scrape(receiver, 'yewmart/y', YESTERDAY, rhubarb(true))
  assert.deepEqual(await namesOf('rhubarb', '&special=true'), ['Rhubarb'])
  await scrape(receiver, 'yewmart/y', TODAY, rhubarb(false))
  assert.deepEqual(await namesOf('rhubarb', '&special=true'), [])
})

test('what is called nothing but what was asked for comes before what is that and more', async () => {
  const drops = ['Organic Medlar Drops 200g', 'Medlar Drops 200g'].map((name) => ({ sku: name, name, price: 4 }))
  await scrape(receiver, 'elmart/S9', TODAY, drops)
  for (const typed of ['medlar drops', 'medlar drops 200g'])
    assert.deepEqual(await namesOf(typed), ['Medlar Drops 200g', 'Organic Medlar Drops 200g'], typed)
  assert.equal((await namesOf('organic medlar drops'))[0], 'Organic Medlar Drops 200g')
})

test('the largest drop comes first, of the last 30 days and of what is not dearer again', async () => {
  const on = (daysAgo: number) => new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10)
  const prices: readonly (readonly [date: string, prices: Record<string, number>])[] = [
    [on(42), { Old: 9, Again: 4, Jam: 4, Paste: 4 }],
    [on(41), { Old: 3, Again: 4, Jam: 4, Paste: 4 }],
    [on(4), { Old: 3, Again: 1, Jam: 4, Paste: 4 }],
    [on(3), { Old: 3, Again: 5, Jam: 4, Paste: 4 }],
    [on(2), { Old: 3, Again: 5, Jam: 3, Paste: 2 }],
  ]
  for (const [date, priced] of prices) {
    const articles = Object.entries(priced).map(([what, price]) => ({ sku: what, name: `Loquat ${what}`, price }))
    await scrape(receiver, 'figmart/S1', date, articles)
  }
  await countChanges(receiver.catalogue.database)
  const sorted = await namesOf('loquat', '&sort=drop')
  assert.deepEqual(sorted.slice(0, 2), ['Loquat Paste', 'Loquat Jam'])
  assert.deepEqual(sorted.slice(2).toSorted(), ['Loquat Again', 'Loquat Old'])
})

test('what is only begun finds all words that begin so, however many there are', async () => {
  const letter = (at: number) => String.fromCharCode(97 + at)
  const many = Array.from({ length: 260 }, (_, at) => `Quandong${letter(at % 26)}${letter(at / 26)} Nut`)
  await scrape(receiver, 'elmart/S7', TODAY, named(...many, 'Quandong Jam', 'Nut Spread', 'Nutspread Original'))
  const counts: Readonly<Record<string, number>> = {
    qua: 261,
    quand: 261,
    quandonga: 10,
    'nut quandongab': 1,
    'nut quando': 260,
    quandongs: 11,
    'quandong nut': 0,
    'nut sprea': 1,
    'nut spread': 2,
  }
  for (const [typed, count] of Object.entries(counts))
    assert.deepEqual((await page(`q=${typed}`)).total, { count, exact: true }, typed)
})

test('how words are understood depends on what listings are called now, not on what was loaded before and in which order', async () => {
  const called = [
    ['oakmart/S1', YESTERDAY, named('Bananna Bread', 'Kolla Classic')],
    ['oakmart/S1', TODAY, named('Banana Bread', 'Kola Classic')],
  ] as const
  const misspelt = ['elmart/S1', TODAY, named('Banannas', 'Kollas')] as const
  const answers = []
  for (const order of [called, [misspelt, ...called.toReversed()]]) {
    await using other = await openReceiver()
    const loads = []
    for (const [store, date, articles] of order) loads.push(await scrape(other, store, date, articles))
    if (order.length > called.length) await other.catalogue.undo(loads[0]!.sha256, 'for a test', Date.now())
    const askOther = await reader(other)
    const answered = await Promise.all(
      ['bananna', 'banann', 'kollla', 'banannas'].map((q) => askOther<ProductPage>(`/api/products?q=${q}`)),
    )
    answers.push(answered.map(({ corrected, products }) => [corrected, ...products.map(({ name }) => name)]))
  }
  const banana = ['banana', 'Banana Bread']
  assert.deepEqual(answers, [
    [banana, banana, [null], banana],
    [banana, banana, [null], banana],
  ])
})
