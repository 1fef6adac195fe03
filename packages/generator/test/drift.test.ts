/** Shops that drift: what differs, how much of it, and that the rest stays as it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainOf, type Store, storeOf, storesOf } from '../chains.ts'
import { type Drift, MEASURED_DRIFT, NO_DRIFT, type Plan, planOf } from '../plan.ts'
import { cachedLineWriter, type GeneratedRow, linesOf, rowsOf, scrapesByArrival, scrapesOf } from '../scrapes.ts'

const PLAN = planOf({ companies: 2, stores: 12, days: 30, products: 400 })

/** The plan with some kinds of drift only. */
function only(drift: Partial<Drift>): Plan {
  return { ...PLAN, drift: { ...NO_DRIFT, ...drift } }
}

function products(plan: Plan, store: Store, day: number) {
  return new Map([...rowsOf(plan, store, day)].map(({ product }) => [product.sku, product]))
}

/** The share of the rows of two scrapes, of the same goods, in which a field differs. */
function shareOf(field: string, one: ReturnType<typeof products>, other: ReturnType<typeof products>): number {
  const both = [...one].filter(([sku]) => other.has(sku))
  return both.filter(([sku, product]) => product[field] !== other.get(sku)?.[field]).length / both.length
}

const near = (share: number, wanted: number, within: number) =>
  assert.ok(Math.abs(share - wanted) <= within, `${share} is not ${wanted}`)

test('another version of a scraper changes the keys of 40 rows in 100 and the brands of 9, and no price by that', () => {
  const plan = only({ versionDays: 10 })
  const store = storeOf(plan, chainOf(0), 0)
  const [before, after] = [products(plan, store, 8), products(plan, store, 18)]
  near(shareOf('normalized_name_brand_size', before, after), 0.4, 0.08)
  near(shareOf('brand', before, after), 0.09, 0.05)
  const steady = only({})
  const prices = shareOf('price_current', products(steady, store, 8), products(steady, store, 18))
  assert.equal(shareOf('price_current', before, after), prices)
  assert.equal(shareOf('normalized_name_brand_size', before, products(plan, store, 9)), 0)
})

test('stores of one day have scrapers of two kinds, and new versions reach them on different days', () => {
  const plan = only({ versionDays: 10 })
  const stores = [...storesOf({ ...plan, companies: 1 })]
  const keys = (day: number) =>
    stores.map((store) =>
      shareOf('normalized_name_brand_size', products(plan, stores[0]!, day), products(plan, store, day)),
    )
  assert.ok(keys(5).every((share) => share < 0.05) && keys(5).some((share) => share > 0))
  assert.ok(keys(12).some((share) => share > 0.3))
})

test('some scrapes break off, and some lack a category', () => {
  const scrapes = [...scrapesOf({ ...PLAN, companies: 1, drift: NO_DRIFT })].filter((_, place) => place % 4 === 0)
  const rows = (drift: Partial<Drift>) =>
    scrapes.map(({ store, day }) => [...linesOf(only(drift), store, day)].join('').split('\n').length)
  const whole = rows({})
  const shareWith = (some: readonly number[], isSo: (share: number) => boolean) =>
    some.filter((count, place) => isSo(count / whole[place]!)).length / whole.length
  near(
    shareWith(rows({ truncatedShare: 0.2 }), (share) => share < 0.15),
    0.2,
    0.1,
  )
  near(
    shareWith(rows({ lostCategoryShare: 0.5 }), (share) => share > 0.85 && share < 1),
    0.5,
    0.15,
  )
})

test('stores join one after the other and stay, and scrapes arrive in any order, some of them weeks late', () => {
  const plan = only({ joiningDays: 10, lateShare: 0.1 })
  const perDay = Map.groupBy(scrapesOf(plan), ({ day }) => day)
  assert.ok(perDay.get(0)!.length < 10)
  assert.equal(perDay.get(10)!.length, 24)
  const arrivals = [...scrapesByArrival(plan)].map(({ fileName }) => fileName)
  const inOrder = [...scrapesOf(plan)].map(({ fileName }) => fileName)
  assert.deepEqual(arrivals.toSorted(), inOrder.toSorted())
  const lateBy = arrivals.map((name, place) => place - inOrder.indexOf(name))
  near(lateBy.filter((places) => places > 24).length / arrivals.length, 0.1, 0.05)
})

test('some stores are scraped in the newest format, some rows have no price, and some barcodes are bad', () => {
  const plan = only({ newestFormatShare: 0.3, pricelessShare: 0.5, badBarcodeShare: 0.2 })
  const rows = [...scrapesOf({ ...plan, days: 1 })].flatMap(({ store }) => [...rowsOf(plan, store, 0)])
  const isNewest = ({ metadata }: GeneratedRow) => !('store_id' in metadata) && 'company_name' in metadata
  near(rows.filter(isNewest).length / rows.length, 0.3, 0.2)
  const unavailable = rows.filter(({ product }) => product.is_available === false)
  near(unavailable.filter(({ product }) => product.price_current == null).length / unavailable.length, 0.5, 0.15)
  assert.ok(rows.every(({ product }) => product.price_current != null || product.is_available === false))
  const barcodes = rows.flatMap(({ product }) => (typeof product.barcode === 'string' ? [product.barcode] : []))
  for (const bad of ['N/A', '0000000000000']) assert.ok(barcodes.includes(bad), bad)
  assert.ok(barcodes.some((barcode) => barcode.startsWith('02')) && barcodes.some((barcode) => barcode.length === 5))
})

test('drifting scrapes are the same every time, whoever writes them', () => {
  assert.equal(PLAN.drift, MEASURED_DRIFT)
  const write = cachedLineWriter(PLAN, 3_000)
  for (const { store, day } of [...scrapesOf(PLAN)].filter((_, place) => place % 40 === 0)) {
    const lines = Buffer.concat([...linesOf(PLAN, store, day)])
    assert.deepEqual(Buffer.concat([...write(store, day)]), lines)
    const rows = lines
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(rows, JSON.parse(JSON.stringify([...rowsOf(PLAN, store, day)])))
  }
})
