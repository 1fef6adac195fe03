/** `GET /api/changes`: what became cheaper and dearer, came and went; the same in many stores and on several dates is one line. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { CHANGE_KINDS } from '../catalogue/model/changes.ts'
import { type ChangeCursor, type ChangeLine, type ChangesQuery, findChanges } from '../catalogue/queries/changes.ts'
import { countChanges } from '../catalogue/queries/count-changes.ts'
import type { ChangePage } from '../http/routes/changes-schema.ts'
import { loadFile } from '../update-db/load-file.ts'
import { databasesOfFile } from './catalogues.ts'
import { Chance } from './random.ts'
import { assertProblem, get, openReceiver, type Receiver, sha256Of } from './receiver.ts'
import { type Article, type BroughtIn, bringIn, reader, scrape, scrapeText } from './shop.ts'

const DAYS = ['2026-03-01', '2026-03-02', '2026-03-04', '2026-03-05']
const STORES = ['aldi/G1', 'aldi/G2', 'aldi/G3', 'iga/1']

async function load(catalogue: Catalogue, text: string): Promise<void> {
  const bytes = Buffer.from(text)
  await loadFile(catalogue, {
    file: { sha256: sha256Of(bytes), filename: 'scrape.jsonl', receivedAt: Date.parse('2026-03-06') },
    bytes: async function* () {
      yield bytes
    },
    lineBytesMax: 100_000,
    hold: undefined,
    now: () => Date.parse('2026-03-06'),
  })
}

/** Few prices and articles, so that the same change comes in several stores and on several dates. */
function shelfOf(chance: Chance): Article[] {
  return [...Array(12).keys()].flatMap((sku) => {
    if (chance.is(0.2)) return []
    const price = chance.of([1, 2, 2.5, 4])
    return [
      { sku: `${sku}`, name: `Article ${sku}`, price, available: chance.is(0.7), path: [sku % 2 ? 'Odd' : 'Even'] },
    ]
  })
}

/** In no order. */
function setOf(lines: readonly ChangeLine[]): string[] {
  return lines.map((line) => JSON.stringify(Object.entries(line).sort())).sort()
}

/** What is found page by page. */
async function walked(catalogue: Catalogue, query: Omit<ChangesQuery, 'after'>): Promise<ChangeLine[]> {
  const lines: ChangeLine[] = []
  for (let after: ChangeCursor | undefined; ; ) {
    const found = await findChanges(catalogue.database, { ...query, after })
    lines.push(...found.lines.map((line) => ({ ...line })))
    if (found.next === null) return lines
    assert.equal(found.lines.length, query.limit)
    after = found.next
  }
}

for (const { name, skip, open } of databasesOfFile())
  test(`${name}: pages of changes have every change once, the largest first, of all stores, a company, a category and a store`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const chance = new Chance(7)
    for (const date of DAYS) for (const store of STORES) await load(catalogue, scrapeText(store, date, shelfOf(chance)))
    await countChanges(catalogue.database)
    const all = { from: '2026-03-02', to: '2026-03-05', kinds: CHANGE_KINDS, order: 'share' as const, limit: 1000 }
    const whole = await walked(catalogue, all)
    const names = whole.map(({ kind, listing_id, from_cents, to_cents }) =>
      [kind, listing_id, from_cents, to_cents].join(),
    )
    assert.equal(new Set(names).size, whole.length)
    assert.ok(whole.some(({ first_date, last_date, stores }) => first_date < last_date && stores > 1))
    const ranks = whole.map(({ by_share, by_cents }) => by_share * 1e6 + by_cents)
    assert.deepEqual(
      ranks,
      ranks.toSorted((one, other) => one - other),
    )
    assert.deepEqual(await walked(catalogue, { ...all, limit: 3 }), whole)
    const byCents = await walked(catalogue, { ...all, order: 'cents', limit: 4 })
    assert.equal(setOf(byCents).join('\n'), setOf(whole).join('\n'))
    assert.deepEqual(
      byCents.map(({ by_cents }) => by_cents),
      byCents.map(({ by_cents }) => by_cents).toSorted((one, other) => one - other),
    )
    const { counts } = await findChanges(catalogue.database, { ...all, after: undefined })
    const summed = (lines: readonly ChangeLine[]) => lines.reduce((sum, { stores }) => sum + stores, 0)
    assert.equal(
      counts.reduce((sum, { stores }) => sum + stores, 0),
      summed(whole),
    )
    // A category is read in another way, and a store from its runs: together they are the whole.
    const halves = [
      ...(await walked(catalogue, { ...all, category: 'Odd', limit: 5 })),
      ...(await walked(catalogue, { ...all, category: 'Even', limit: 5 })),
    ]
    assert.equal(setOf(halves).join('\n'), setOf(whole).join('\n'))
    const stores = await catalogue.database.all<{ id: number }>('select id from store')
    let inStores = 0
    for (const { id } of stores) {
      const at = { sql: 'select distinct store_id, date from scrape where store_id = ?', values: [id] }
      inStores += summed(await walked(catalogue, { ...all, storeDates: at, limit: 6 }))
    }
    assert.equal(inStores, summed(whole))
    const companies = await catalogue.database.all<{ id: number }>('select id from company')
    const ofCompanies = await Promise.all(
      companies.map(({ id }) => walked(catalogue, { ...all, companyId: id, limit: 7 })),
    )
    assert.equal(setOf(ofCompanies.flat()).join('\n'), setOf(whole).join('\n'))
  })

const BEFORE: readonly Article[] = [
  { sku: '1', name: 'Full Cream Milk 2L', size: '2 L', price: 3.19, path: ['Dairy', 'Milk'] },
  { sku: '2', name: 'Bread', price: 2, path: ['Bakery'] },
  { sku: '3', name: '=Ham', price: 5 },
  { sku: '4', name: 'Tea', price: 4, available: false },
]
const AFTER: readonly Article[] = [
  { ...BEFORE[0]!, price: 2.99 },
  { ...BEFORE[1]!, price: 2.5 },
  { ...BEFORE[3]!, available: true },
  { sku: '5', name: 'Figs & "Dates"', price: 6 },
]

/** Two of three stores say something else a week later. */
async function changedShops(receiver: Receiver): Promise<BroughtIn> {
  for (const store of ['aldi/G1', 'aldi/G2', 'aldi/G3']) await scrape(receiver, store, '2026-03-01', BEFORE)
  await scrape(receiver, 'aldi/G1', '2026-03-08', AFTER)
  return await bringIn(receiver, scrapeText('aldi/G2', '2026-03-08', AFTER))
}

test('changes of the latest day are found, and those of a store, a category and the upload that brought them', async () => {
  await using receiver = await openReceiver()
  const { id } = await changedShops(receiver)
  const ask = await reader(receiver)
  const early = await ask<ChangePage>('/api/changes')
  assert.equal(early.is_counted, false)
  await countChanges(receiver.catalogue.database)
  const { changes, ...page } = await ask<ChangePage>('/api/changes')
  assert.deepEqual([page.from, page.to, page.is_counted, page.next], ['2026-03-08', '2026-03-08', true, null])
  assert.deepEqual(
    changes.map(({ kind, name, from_cents, to_cents, stores }) => [kind, name, from_cents, to_cents, stores]),
    [
      ['dearer', 'Bread', 200, 250, 2],
      ['cheaper', 'Full Cream Milk 2L', 319, 299, 2],
      ['new', 'Figs & "Dates"', null, 600, 2],
      ['gone', '=Ham', 500, null, 2],
      ['back_in_stock', 'Tea', 400, 400, 2],
    ],
  )
  const [, milk] = changes
  assert.deepEqual([milk!.change_cents, milk!.unit_price_cents, milk!.unit_price_per], [-20, 15, '100 ml'])
  assert.ok(Math.abs(milk!.change_share! + 20 / 319) < 1e-6)
  assert.deepEqual(
    (await ask<ChangePage>(`/api/changes?upload=${id}`)).changes.map(({ stores }) => stores),
    [1, 1, 1, 1, 1],
  )
  const cheaper = await ask<ChangePage>('/api/changes?kind=cheaper&store=ALDI/g1&from=2026-01-01')
  assert.deepEqual(
    cheaper.changes.map(({ name, stores }) => [name, stores]),
    [['Full Cream Milk 2L', 1]],
  )
  assert.deepEqual(
    (await ask<ChangePage>('/api/changes?category=Milk')).changes.map(({ kind }) => kind),
    ['cheaper'],
  )
  assert.deepEqual((await ask<ChangePage>('/api/changes?store=aldi/G3')).changes, [])
  assert.deepEqual((await ask<ChangePage>('/api/changes?company=nowhere')).from, null)
})

test('changes are told as CSV and as a feed too, and are the same until something is loaded', async () => {
  await using receiver = await openReceiver()
  await changedShops(receiver)
  await countChanges(receiver.catalogue.database)
  const key = await receiver.makeKey('read')
  const asked = (path: string, headers: Record<string, string> = {}) =>
    fetch(receiver.url + path, { headers: { 'X-API-Key': key, ...headers } })
  const csv = await (await asked('/api/changes?format=csv&limit=2')).text()
  assert.equal(csv.trim().split('\r\n').length, 1 + 5)
  assert.match(csv, /,'=Ham,/)
  const feed = await asked('/api/changes', { Accept: 'application/atom+xml' })
  assert.match(feed.headers.get('content-type') ?? '', /^application\/atom\+xml/)
  const text = await feed.text()
  assert.match(text, /<title>Full Cream Milk 2L: 3.19 → 2.99 \(−6%\)<\/title>/)
  assert.match(text, /Figs &amp; &quot;Dates&quot;: new, 6.00/)
  const etag = (await asked('/api/changes')).headers.get('etag')!
  assert.equal((await asked('/api/changes', { 'If-None-Match': etag })).status, 304)
  await scrape(receiver, 'aldi/G3', '2026-03-08', BEFORE)
  assert.equal((await asked('/api/changes', { 'If-None-Match': etag })).status, 200)
  const admin = { ...receiver, key }
  assertProblem(await get(admin, '/api/changes?company=aldi&store=aldi/G1'), 400, 'request_invalid')
  assertProblem(await get(admin, '/api/changes?after=x'), 400, 'request_invalid')
})

test('the feed writes prices in the currency that is set, the table for programs in cents', async () => {
  await using receiver = await openReceiver({ currency: 'AUD' })
  await changedShops(receiver)
  await countChanges(receiver.catalogue.database)
  const headers = { 'X-API-Key': await receiver.makeKey('read') }
  const told = async (format: string) =>
    await (await fetch(`${receiver.url}/api/changes?format=${format}`, { headers })).text()
  assert.match(await told('atom'), /<title>Full Cream Milk 2L: \$3\.19 → \$2\.99 \(−6%\)<\/title>/)
  assert.doesNotMatch(await told('csv'), /\$/)
})
