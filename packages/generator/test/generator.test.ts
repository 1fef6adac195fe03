import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { faultOfFileName } from '@splitcart/shared/file-name.ts'
import { readLines } from '@splitcart/shared/lines.ts'
import { isRejection, type Row, readRow } from '@splitcart/shared/row.ts'
import { chainOf, type Store, storeOf } from '../chains.ts'
import { expectedCounts } from '../expected-counts.ts'
import { NO_DRIFT, type Plan, planOf } from '../plan.ts'
import { hash } from '../random.ts'
import { cachedLineWriter, linesOf, rowsOf, scrapesOf } from '../scrapes.ts'
import { writeBigFile, writeScrape } from '../write.ts'

const MEBIBYTE = 1024 * 1024
const SMALL = planOf({ companies: 5, stores: 2, days: 3, products: 300, drift: NO_DRIFT })

function digestOf(plan: Plan): string {
  const digest = createHash('sha256')
  for (const { store, day } of scrapesOf(plan)) for (const chunk of linesOf(plan, store, day)) digest.update(chunk)
  return digest.digest('hex')
}

function readAll(plan: Plan, store: Store, day: number): Row[] {
  const lines = Buffer.concat([...linesOf(plan, store, day)])
    .toString()
    .trimEnd()
    .split('\n')
  return lines.map((line) => {
    const row = readRow(Buffer.from(line))
    if (isRejection(row)) throw new Error(`${row.reason}: ${line}`)
    return row
  })
}

function byListing(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [row.sku ?? row.key, row]))
}

function termsOf({ priceCents, wasPriceCents, isOnSpecial, isAvailable }: Row): string {
  return JSON.stringify([priceCents, wasPriceCents, isOnSpecial, isAvailable])
}

function hasValidCheckDigit(barcode: string): boolean {
  const sum = [...barcode].reduce((sum, digit, at) => sum + Number(digit) * (at % 2 === 0 ? 1 : 3), 0)
  return /^\d{13}$/.test(barcode) && sum % 10 === 0
}

test('the random numbers are those of MurmurHash3, so they are the same everywhere', () => {
  assert.equal(hash(0, Buffer.from('test').readInt32LE()), 0xba6bd213)
  assert.equal(hash(0x9747b28c, Buffer.from('test').readInt32LE()), 0x704b81dc)
})

test('the same plan gives the same bytes, and these bytes', () => {
  const digest = digestOf(SMALL)
  assert.equal(digest, digestOf({ ...SMALL }))
  // Another digest means other files for everyone: change it on purpose only.
  assert.equal(digest, '90cc7576de8d005e8c8b8ae5813e5e721fc05f1ba395acb38b191d1178b2e3d5')
})

test('another seed gives other bytes', () => {
  assert.notEqual(digestOf(SMALL), digestOf({ ...SMALL, seed: 2 }))
})

test('remembering listings changes no byte', () => {
  const write = cachedLineWriter(SMALL, 500)
  for (const { store, day } of scrapesOf(SMALL))
    assert.deepEqual(Buffer.concat([...write(store, day)]), Buffer.concat([...linesOf(SMALL, store, day)]))
})

test('a line is its row, written as Python writes it', () => {
  for (const { store, day } of scrapesOf(SMALL)) {
    const text = Buffer.concat([...linesOf(SMALL, store, day)]).toString()
    const rows = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(rows, [...rowsOf(SMALL, store, day)])
    assert.match(text, /^\{"product": \{"/)
    if (store.chain.escapes) assert.match(text, /^[\n -~]*$/)
  }
})

test('every row is read without a warning, belongs to its scrape and stands there once', () => {
  for (const { store, day, date, company, fileName } of scrapesOf(SMALL)) {
    assert.equal(faultOfFileName(fileName), undefined)
    const rows = readAll(SMALL, store, day)
    assert.ok(Math.abs(rows.length - SMALL.products) < 40, `${rows.length} rows`)
    assert.equal(byListing(rows).size, rows.length)
    for (const row of rows) {
      assert.deepEqual(row.warnings, [])
      assert.deepEqual([row.company, row.storeCode, row.date], [company, store.id ?? store.name, date])
      assert.ok(row.categoryPath.length >= 2 && row.categoryPath.length <= 4)
      assert.equal(row.isOnSpecial, row.wasPriceCents !== null)
      const cents = row.priceCents ?? 0
      assert.ok(cents > 0 && cents < (row.wasPriceCents ?? Number.POSITIVE_INFINITY))
    }
  }
})

test('rows without SKU, without store_id and in many scripts are among them', () => {
  const rows = [...scrapesOf({ ...SMALL, days: 1 })].flatMap(({ store }) => readAll(SMALL, store, 0))
  assert.ok(rows.some((row) => row.sku === null))
  assert.ok(rows.some((row) => row.storeCode === row.storeName))
  for (const script of ['Latin', 'Greek', 'Cyrillic', 'Han', 'Hiragana', 'Arabic', 'Devanagari'])
    assert.ok(
      rows.some((row) => new RegExp(`\\p{Script=${script}}`, 'u').test(row.name)),
      script,
    )
  assert.ok(rows.some((row) => /\p{Extended_Pictographic}/u.test(row.brand ?? '')))
})

test('about as many rows change from day to day as the plan says', () => {
  for (const changeShare of [0, 0.03, 0.2]) {
    const plan = planOf({ companies: 1, stores: 1, changeShare, turnoverShare: 0.01, drift: NO_DRIFT })
    const store = storeOf(plan, chainOf(0), 0)
    let [compared, changed, gone, come] = [0, 0, 0, 0]
    for (let day = 1; day <= 5; day++) {
      const before = byListing(readAll(plan, store, day - 1))
      const after = byListing(readAll(plan, store, day))
      const both = [...after].filter(([listing]) => before.has(listing))
      compared += both.length
      changed += both.filter(([listing, row]) => termsOf(row) !== termsOf(before.get(listing) as Row)).length
      gone += before.size - both.length
      come += after.size - both.length
    }
    assert.ok(Math.abs(changed / compared - changeShare) <= changeShare / 4, `${changeShare}: ${changed / compared}`)
    assert.ok(gone > 0 && come > 0)
    assert.ok(Math.abs((gone + come) / compared - 0.01) < 0.004, `${(gone + come) / compared}`)
  }
})

test('stores of a chain sell nearly the same, at nearly the same prices', () => {
  const plan = planOf({ companies: 1, stores: 4, products: 1000, drift: NO_DRIFT })
  const [first, ...others] = [0, 1, 2, 3].map((index) => byListing(readAll(plan, storeOf(plan, chainOf(0), index), 0)))
  const equalShares = others.map((other) => {
    const shared = [...other].filter(([listing]) => first?.has(listing))
    assert.ok(shared.length / other.size > 0.9 && shared.length / other.size < 0.98)
    return shared.filter(([listing, row]) => row.priceCents === first?.get(listing)?.priceCents).length / shared.length
  })
  assert.ok(Math.min(...equalShares) > 0.75 && Math.min(...equalShares) < 1, String(equalShares))
})

test('chains share barcodes of the goods they share, and every barcode has its check digit', () => {
  const chains = [1, 2, 4].map((index) => readAll(SMALL, storeOf(SMALL, chainOf(index), 0), 0))
  const barcodes = chains.map((rows) => new Set(rows.flatMap(({ barcode }) => barcode ?? [])))
  for (const set of barcodes) for (const barcode of set) assert.ok(hasValidCheckDigit(barcode), barcode)
  const [marigold, oldmill, kestrel] = barcodes as [Set<string>, Set<string>, Set<string>]
  assert.ok(marigold.intersection(oldmill).size > 50)
  assert.ok(marigold.intersection(kestrel).size > 10)
  const names = new Map(chains[0]?.map((row) => [row.barcode, row.brand]))
  for (const row of chains[1] ?? [])
    if (row.barcode && names.has(row.barcode)) assert.equal(row.brand, names.get(row.barcode))
})

test('the figures of a plan are those of its rows', () => {
  const figures = expectedCounts(SMALL)
  const rows = [...scrapesOf(SMALL)].flatMap(({ store, day }) => readAll(SMALL, store, day))
  const listings = new Map(rows.map((row) => [`${row.company} ${row.sku ?? row.key}`, row]))
  assert.deepEqual(figures, {
    companies: 5,
    stores: 10,
    scrapes: 30,
    listings: listings.size,
    products: naiveProducts([...listings.values()]),
    observations: rows.length,
  })
  assert.ok(figures.products < figures.listings)
})

// Gives every listing the smallest number among those it shares a key with, until nothing changes.
function naiveProducts(rows: readonly Row[]): number {
  const numbers = rows.map((_, at) => at)
  for (let changed = true; changed; ) {
    changed = false
    const lowest = new Map<string, number>()
    const keys = rows.map((row) => [`name ${row.key}`, ...(row.barcode === null ? [] : [`barcode ${row.barcode}`])])
    for (const [at, names] of keys.entries())
      for (const name of names) lowest.set(name, Math.min(lowest.get(name) ?? rows.length, numbers[at] as number))
    for (const [at, names] of keys.entries()) {
      const number = Math.min(...names.map((name) => lowest.get(name) as number))
      if (number !== numbers[at]) changed = true
      numbers[at] = number
    }
  }
  return new Set(numbers).size
}

test('a plan with a wrong number is refused by name', () => {
  assert.throws(() => planOf({ stores: 0 }), /stores/)
  assert.throws(() => planOf({ changeShare: 2 }), /changeShare/)
  assert.throws(() => planOf({ firstDate: '2025-02-30' }), /firstDate/)
})

test('a scrape is written to a file as it is', async () => {
  await using folder = await freshFolder()
  const store = storeOf(SMALL, chainOf(3), 1)
  const written = await writeScrape(join(folder.path, 'x.jsonl'), SMALL, store, 2)
  assert.equal(written.rows, readAll(SMALL, store, 2).length)
  assert.equal((await stat(join(folder.path, 'x.jsonl'))).size, written.bytes)
})

test('a big file has about the size asked for, with whole scrapes of several stores and days', async () => {
  await using folder = await freshFolder()
  const path = join(folder.path, 'big.jsonl')
  const { bytes, rows, scrapes, plan } = await writeBigFile(path, { bytes: 2 * MEBIBYTE, seed: 3, drift: NO_DRIFT })
  assert.ok(bytes >= 2 * MEBIBYTE && bytes < 2.3 * MEBIBYTE, String(bytes))
  const counts = new Map<string, number>()
  for await (const lines of readLines(createReadStream(path) as AsyncIterable<Buffer>))
    for (const line of lines) {
      const { company, storeCode, date } = readRow(line.bytes) as Row
      const name = `${company} ${storeCode} ${date}`
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  const expected = [...scrapesOf(plan).take(scrapes)]
  assert.ok(new Set(expected.map(({ date }) => date)).size > 1)
  assert.deepEqual(
    [...counts.values()],
    expected.map(({ store, day }) => [...rowsOf(plan, store, day)].length),
  )
  assert.equal(
    rows,
    [...counts.values()].reduce((sum, count) => sum + count, 0),
  )
})

test('memory stays flat while 200 MB are written', async () => {
  await using folder = await freshFolder()
  const path = join(folder.path, 'big.jsonl')
  await writeBigFile(path, { bytes: 20 * MEBIBYTE })
  const before = process.memoryUsage().rss
  await writeBigFile(path, { bytes: 200_000_000 })
  const grown = (process.memoryUsage().rss - before) / MEBIBYTE
  assert.ok(grown < 60, `grew by ${grown.toFixed(0)} MiB`)
})

async function freshFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'splitcart-generator-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}
