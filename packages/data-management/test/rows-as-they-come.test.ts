/** Rows as scrapers write them, in both databases: what is no fault is loaded, and what is one is named. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type Row, readRow } from '@splitcart/shared/row.ts'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import { exportObservations, exportPrices, exportProducts } from '../catalogue/export.ts'
import { LiveStores } from '../catalogue/queries/current.ts'
import { readPriceRange } from '../catalogue/queries/price-range.ts'
import { findProduct } from '../catalogue/queries/products.ts'
import { listStores } from '../catalogue/queries/stores.ts'
import { rejectsOf } from '../catalogue/rejects.ts'
import { writePermissionOf } from '../permission.ts'
import { databasesOfFile } from './catalogues.ts'
import { line, loaderInto } from './loaded-rows.ts'

const SOLD_OUT = { price_current: undefined, is_available: false }

for (const { name, skip, open } of databasesOfFile()) {
  test(`${name}: what is sold out and has no price is seen without one, and counts in no lowest price`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const { database } = catalogue
    const load = loaderInto(catalogue)
    const there = [line({ name: 'Rye', sku: 1 }), line({ name: 'Oats', sku: 2, is_available: true })]
    const first = await load(...there, line({ name: 'Mash', sku: 3, ...SOLD_OUT }))
    assert.deepEqual([first.state, first.result.inserted, first.result.rejected], ['loaded', 3, 0])
    const found = await Array.fromAsync(exportObservations(database))
    assert.deepEqual(found.map(({ sku, price_cents, is_available }) => [sku, price_cents, is_available]).toSorted(), [
      ['1', 250, null],
      ['2', 250, true],
      ['3', null, false],
    ])
    // The same again changes nothing; a price that is back is a change, and so is one that goes.
    const on = (date: string, ...products: object[]) =>
      load(...products.map((product) => line({ ...product }, { scraped_date: date })))
    const second = await on('2026-05-02', { name: 'Oats', sku: 2, ...SOLD_OUT }, { name: 'Mash', sku: 3, ...SOLD_OUT })
    assert.deepEqual([second.result.changed, second.result.unchanged], [1, 1])
    const third = await on('2026-05-03', { name: 'Oats', sku: 2, ...SOLD_OUT }, { name: 'Mash', sku: 3 })
    assert.deepEqual([third.result.changed, third.result.unchanged], [1, 1])
    const now = await Array.fromAsync(exportPrices(database, undefined))
    assert.deepEqual(
      now.map(({ sku, price_cents }) => [sku, price_cents]),
      [
        ['2', null],
        ['3', 250],
      ],
    )
    const current = await LiveStores.read(database, { now: 0, zone: TimeZone.utc })
    const ranges: Record<string, unknown> = {}
    for (const { id, code } of await database.all<{ id: number; code: string }>(
      'select product_id as id, code from listing',
    ))
      ranges[code] = await readPriceRange(database, id, current)
    const none = { silent_stores: 0, lowest_cents: null, highest_cents: null }
    assert.deepEqual(ranges, {
      1: { ...none, stores: 0 },
      2: { ...none, stores: 1 },
      3: { ...none, stores: 1, lowest_cents: 250, highest_cents: 250 },
    })
  })

  test(`${name}: a row without a price that is available, or does not say, is rejected`, { skip }, async () => {
    await using catalogue = await open()
    const good = Array.from({ length: 20 }, (_, sku) => line({ sku: sku + 1, name: `Tea ${sku}` }))
    const bad = [{ is_available: true }, {}, { is_available: 'false' }]
    const { sha256, result } = await loaderInto(catalogue)(
      ...good,
      ...bad.map((fields, sku) => line({ sku: 100 + sku, price_current: null, ...fields })),
    )
    assert.deepEqual([result.inserted, result.rejected], [20, 3])
    const rejects = await Array.fromAsync(rejectsOf(catalogue.database, sha256))
    assert.deepEqual(
      rejects.map(({ code, field }) => [code, field]),
      Array(3).fill(['field_missing', 'product.price_current']),
    )
  })

  test(`${name}: fields that are left out and fields that are not known are told with the load`, { skip }, async () => {
    await using catalogue = await open()
    const rows = Array.from({ length: 9 }, (_, at) =>
      line({ sku: at + 1, name: `Tea ${at}`, price_hash: 'a', ...(at > 2 ? { brand: 5 } : {}) }, { scraper: 'v2' }),
    )
    const withNaN = line({ sku: 'N/A', name: 'Rye', unit: 0 }).replace('"unit":0', '"unit":NaN')
    // The second file repeats the lines of the first, which are not read again but counted all the same.
    const load = loaderInto(catalogue)
    for (const date of ['2026-05-01', '2026-05-02']) {
      const { result } = await load(...[...rows, withNaN].map((row) => row.replace('2026-05-01', date)))
      assert.deepEqual(result.remarks, {
        warnings: [
          { field: 'product.brand', reason: 'is not a text', count: 6, lines: [4, 5, 6, 7, 8] },
          { field: 'product.sku', reason: 'stands for none', count: 1, lines: [10] },
          {
            field: 'product.unit',
            reason: 'holds NaN or Infinity, which JSON does not have',
            count: 1,
            lines: [10],
          },
        ],
        ignored: { 'metadata.scraper': 9, price_hash: 9, unit: 1 },
      })
      assert.equal(result.warnings, 8)
    }
    const [load1] = await catalogue.database.all<{ sha256: string }>('select sha256 from load order by id limit 1')
    assert.equal((await catalogue.findLoad(load1!.sha256))?.result.remarks?.ignored.price_hash, 9)
  })

  test(`${name}: a listing that is shown again as another thing is a reject, as itself a duplicate`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const { database } = catalogue
    const oats = { sku: 'A1', name: 'Oats', size: '1 kg', price_current: 2.5, price_was: 3, is_on_special: true }
    const same = [{ brand: 'Mill' }, { price_current: '2.50' }, { size: null }, { url: 'https://shop.example/a' }]
    const other = [
      { name: 'Soap' },
      { size: '2 kg' },
      { price_current: 2.6 },
      { price_was: 4 },
      { is_on_special: false },
      SOLD_OUT,
    ]
    const rest = Array.from({ length: 40 }, (_, sku) => line({ sku: sku + 1, name: `Tea ${sku}` }))
    const again = [...same, ...other].map((fields) => line({ ...oats, ...fields }))
    const { sha256, state, result } = await loaderInto(catalogue)(line(oats), ...rest, ...again)
    assert.deepEqual([state, result.inserted, result.duplicate, result.rejected], ['loaded', 41, 4, 6])
    const rejects = await Array.fromAsync(rejectsOf(database, sha256))
    assert.deepEqual(
      rejects.map(({ line: at, code, field }) => [at, code, field]),
      ['name', 'size', 'price_current', 'price_was', 'is_on_special', 'price_current'].map((field, at) => [
        46 + at,
        'duplicate_differs',
        `product.${field}`,
      ]),
    )
    assert.equal(Buffer.from(rejects[0]!.raw!).toString(), again[4])
    const groups = await database.all<{ count: number }>('select count from reject_group')
    assert.deepEqual(groups.map(({ count }) => count).toSorted(), [1, 1, 1, 1, 2])
  })

  test(`${name}: what else a shop tells is kept with the listing, goes on with its newest row, and back with an undoing`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const { database } = catalogue
    const load = loaderInto(catalogue)
    const told = {
      per_unit_price_string: '$0.50 per 100 g',
      unit_price: 0.5,
      unit_of_measure: '100g',
      sizes: ['500g'],
      health_star_rating: 4.5,
      rating_count: 12,
      country_of_origin: 'Australia',
      allergens: 'May contain nuts',
      ingredients: 'Oats',
      description: 'Oats<br/>from here',
    }
    const picture = { image_url: 'https://shop.example/{width}/oats/{slug}' }
    const on = (date: string, fields: object) =>
      load(line({ sku: 1, ...told, ...picture, ...fields }, { scraped_date: date }), line({ sku: 2, name: 'Rye' }))
    const shown = async (code: string) => {
      const [listing] = await database.all<{ product_id: number }>(
        'select product_id from listing where code = ?',
        code,
      )
      const product = await findProduct(database, listing!.product_id)
      return [product?.listings[0]?.details ?? null, product?.image_url]
    }
    const first = await on('2026-05-01', {})
    assert.deepEqual(first.result.remarks, { warnings: [], ignored: {} })
    assert.deepEqual(await shown('1'), [told, 'https://shop.example/500/oats'])
    assert.deepEqual(await shown('2'), [null, null])
    const cheaper = { price_current: 2, price_was: 2.5, price_save_amount: '0.50', unit_price: 0.4 }
    const filled = { aldi_image_url: 'https://shop.example/oats.png', per_unit_price_string: '$0.40 per 100 g' }
    const second = await on('2026-05-02', { ...cheaper, ...filled })
    const { per_unit_price_string } = filled
    const now = [{ ...told, per_unit_price_string, unit_price: 0.4, price_save_amount: 0.5 }, filled.aldi_image_url]
    assert.deepEqual(await shown('1'), now)
    // A late file of an older date changes nothing of what is shown now.
    await on('2026-04-30', { description: 'Older' })
    assert.deepEqual(await shown('1'), now)
    const [exported] = await Array.fromAsync(exportProducts(database))
    assert.deepEqual(exported?.listings[0]?.details, now[0])
    await catalogue.undo(second.sha256, 'for a test', 0)
    assert.deepEqual(await shown('1'), [told, 'https://shop.example/500/oats'])
  })

  test(`${name}: mended rejects are compared with what their date shows with them`, { skip }, async () => {
    await using catalogue = await open()
    const load = loaderInto(catalogue)
    const rows = (date: string, price: (sku: number) => unknown, skus = 40) =>
      Array.from({ length: skus }, (_, sku) =>
        line({ sku: sku + 1, name: `Tea ${sku}`, price_current: price(sku) }, { scraped_date: date }),
      )
    const good = () => 2.5
    await load(...rows('2026-05-01', good))
    const day = await load(...rows('2026-05-02', (sku) => (sku < 8 ? `$2.${sku}0` : 2.5)))
    assert.deepEqual([day.state, day.result.inserted + day.result.unchanged, day.result.rejected], ['loaded', 32, 8])
    const [reject] = await Array.fromAsync(rejectsOf(catalogue.database, day.sha256))
    assert.equal(reject?.reason, 'product.price_current "$2.00" has a currency sign')
    // Eight prices are one kind of fault.
    const groups = await catalogue.database.all<{ count: number }>('select count from reject_group')
    assert.deepEqual(
      groups.map(({ count }) => count),
      [8],
    )
    const mended = await load(...rows('2026-05-02', good, 8))
    assert.deepEqual([mended.state, mended.result.rows], ['loaded', 8])
    assert.equal((await load(...rows('2026-05-03', good, 8))).state, 'held')
  })
}

for (const { name, skip, open } of databasesOfFile())
  test(`${name}: codes that differ in case, space or composition are one, shown as the newest file writes them`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const { database } = catalogue
    const load = loaderInto(catalogue)
    const on = (day: number, company: string, store_id: string | undefined, price: number) =>
      load(line({ sku: 'A1', price_current: price }, { company, store_id, scraped_date: `2026-05-0${day}` }))
    assert.equal((await on(1, 'Caf\u00e9 ', ' g102', 2.5)).result.inserted, 1)
    assert.equal((await on(3, 'CAFE\u0301', 'G102', 2.6)).result.changed, 1)
    assert.equal((await on(2, 'caf\u00e9', 'g102', 2.5)).result.unchanged, 1)
    const shown = async () =>
      (await listStores(database, { company: 'cAF\u00c9', after: undefined, limit: 9 })).map(
        ({ company, store_id }) => [company, store_id],
      )
    // The late file is not the newest.
    assert.deepEqual(await shown(), [['CAF\u00c9', 'G102']])
    const all = await Array.fromAsync(exportObservations(database))
    assert.deepEqual(
      all.map(({ company, store_id, price_cents }) => [company, store_id, price_cents]),
      [250, 250, 260].map((cents) => ['CAF\u00c9', 'G102', cents]),
    )
    assert.equal((await database.all('select id from listing')).length, 1)
    // Where the company is the store, that has its code and name.
    await on(4, 'Caf\u00e9', undefined, 3)
    assert.deepEqual(await shown(), [
      ['Caf\u00e9', 'Caf\u00e9'],
      ['Caf\u00e9', 'G102'],
    ])
  })

test('a key that is for a company may write for it however it is written', () => {
  const permitted = writePermissionOf(['Aldi', 'iga/S1'])
  const mayWrite = (company: string, store_id: string) => {
    const row = readRow(Buffer.from(line({}, { company, store_id }))) as Row
    return permitted(row.companyKey, row.storeKey)
  }
  assert.deepEqual([mayWrite(' ALDI', 'x'), mayWrite('IGA ', 's1'), mayWrite('iga', 'S2')], [true, true, false])
})

const MISTAKES: Readonly<Record<string, readonly [string | Buffer, RegExp]>> = {
  gzip: [gzipSync(line({})), /is gzip.*gunzip/],
  'a zip archive': [Buffer.from('PK\u0003\u0004\u0014\u0000\u0000x.jsonl'), /zip.*unpack/],
  'UTF-16 with a mark': [Buffer.from(`\ufeff${line({})}`, 'utf16le'), /UTF-16.*UTF-8/],
  'UTF-16 without one': [Buffer.from(line({}), 'utf16le').swap16(), /UTF-16.*UTF-8/],
  'a JSON array': [`[${line({})},\n${line({})}]`, /one JSON array.*jq/],
  'pretty-printed JSON': [JSON.stringify(JSON.parse(line({})), null, 2), /over several lines.*jq/],
  CSV: ['sku;name;price\r\n1;Oats;2,50\r\n2;Rye;4,10\r', /is CSV/],
  'a header of CSV alone': ['sku;name;price', /is CSV/],
  'a sentence': ['Sorry, this page is not available', /^Not one line of the file is a row\.$/],
  'a page of HTML': ['<!DOCTYPE html>\n<html><title>Access denied</title></html>', /HTML/],
  'rows of Scrapy': ['{"name": "Oats", "price": "2.50", "url": "https://shop.example/1"}', /no object product/],
  'an envelope of Airbyte': [`{"_airbyte_raw_id": "1", "_airbyte_data": ${line({})}}`, /Airbyte/],
  'rows without metadata': ['{"product": {"name": "Oats"}}', /no object metadata/],
  'nothing that is known': ['oats and rye', /^Not one line of the file is a row\.$/],
}

test('a file that is something else as a whole fails with one sentence that names it and says what to do', async () => {
  const [sqlite] = databasesOfFile()
  await using catalogue = await sqlite!.open()
  for (const [what, [content, said]] of Object.entries(MISTAKES)) {
    const { state, result } = await loaderInto(catalogue)(content)
    assert.equal(state, 'failed', what)
    assert.match(result.problem ?? '', said, what)
    assert.doesNotMatch(result.problem ?? '', /[a-z][.!] [A-Z]/, what)
  }
})
