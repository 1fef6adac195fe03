/** What scrapers ask back: exports as streams, and the barcodes that are known. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { until } from '../../../test/machines.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { ExportThreads } from '../http/threads/export-threads.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { assertProblem, openReceiver, post, postGzip, type Receiver } from './receiver.ts'

type Shown = Readonly<{ sku: string; name: string; key: string; brand?: string; barcode?: string; price: number }>

function text(date: string, products: readonly Shown[]): string {
  const metadata = { company: 'cornershop', store_id: 'S1', store_name: 'Store', scraped_date: date }
  const rows = products.map(({ sku, name, key, brand, barcode, price }) => {
    const product = { sku, name, normalized_name_brand_size: key, brand, barcode, price_current: price }
    return `${JSON.stringify({ product, metadata })}\n`
  })
  return rows.join('')
}

const FIRST = [
  { sku: '1', name: 'Milk "full"', key: 'milk full', brand: 'Dairy', barcode: '9300601234567', price: 3.1 },
  { sku: '2', name: '=Bread', key: 'bread', price: 4 },
]

async function load(receiver: Receiver, name: string, rows: string): Promise<void> {
  await postGzip(receiver, name, rows)
  const { folders, ledger, catalogue } = receiver
  const rest = { lineBytesMax: 1024 * 1024, hold: undefined, log: openLog('silent'), now: Date.now, onFile: () => {} }
  await runLoaderPass({ disk: realDisk(), folders, ledger, catalogue, ...rest }, new AbortController().signal)
}

function ask(receiver: Receiver, key: string, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(receiver.url + path, { headers: { 'X-API-Key': key, ...headers } })
}

function linesIn(body: string): Record<string, unknown>[] {
  return body.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
}

test('an export comes as JSON Lines or CSV, compressed where that is taken, and not again when nothing has changed', async () => {
  await using receiver = await openReceiver()
  const key = await receiver.makeKey('read')
  await load(receiver, 'a.jsonl.gz', text('2026-07-01', FIRST))
  const first = await ask(receiver, key, '/api/export/prices')
  assert.equal(first.status, 200)
  assert.equal(first.headers.get('content-type'), 'application/jsonl')
  assert.equal(first.headers.get('content-encoding'), 'gzip')
  assert.deepEqual(
    linesIn(await first.text()).map(({ sku, name, price_cents }) => [sku, name, price_cents]),
    [
      ['1', 'Milk "full"', 310],
      ['2', '=Bread', 400],
    ],
  )
  const etag = first.headers.get('etag')!
  const again = () => ask(receiver, key, '/api/export/prices', { 'If-None-Match': `"other", ${etag}` })
  const known = await again()
  assert.deepEqual([known.status, await known.text(), known.headers.get('etag')], [304, '', etag])
  for (const [query, headers] of [
    ['?format=csv', { 'Accept-Encoding': 'identity' }],
    ['', { Accept: 'text/csv', 'Accept-Encoding': 'gzip;q=0' }],
  ] as const) {
    const csv = await ask(receiver, key, `/api/export/products${query}`, headers)
    assert.equal(csv.headers.get('content-type'), 'text/csv; charset=utf-8')
    assert.equal(csv.headers.get('content-encoding'), null)
    assert.notEqual(csv.headers.get('etag'), etag)
    assert.match(await csv.text(), /^name,brand,size,barcodes,listings\r\n"Milk ""full""",Dairy,,.*\r\n'=Bread,/)
  }
  const cheaper = { ...FIRST[0]!, name: 'Full Milk', key: 'milk', brand: 'Dairy Co', price: 2.9 }
  await load(receiver, 'b.jsonl.gz', text('2026-07-02', [cheaper]))
  const changed = await again()
  assert.equal(changed.status, 200)
  assert.notEqual(changed.headers.get('etag'), etag)
  assert.equal(linesIn(await changed.text()).length, 1)
  const names = linesIn(await (await ask(receiver, key, '/api/export/names')).text())
  assert.deepEqual(names, [
    { name: 'Full Milk', brand: 'Dairy Co', key: 'milk', names: ['milk', 'milk full'], brands: ['Dairy', 'Dairy Co'] },
    { name: '=Bread', brand: null, key: 'bread', names: ['bread'], brands: [] },
  ])
  assert.equal((await ask(receiver, key, '/api/export/observations?on=2026-07-01')).status, 400)
  const on = await ask(receiver, key, '/api/export/prices?on=2026-07-01')
  assert.equal(linesIn(await on.text()).length, 2)
  const { headers } = await fetch(`${receiver.url}/api/export/names`, { method: 'HEAD', headers: { 'X-API-Key': key } })
  assert.notEqual(headers.get('etag'), null)
})

test('a scraper learns which barcodes are known, and with too many SKUs one problem', async () => {
  await using receiver = await openReceiver()
  const key = await receiver.makeKey('read')
  await load(receiver, 'a.jsonl.gz', text('2026-07-01', FIRST))
  const lookup = (skus: readonly string[]) =>
    post(
      { ...receiver, key },
      { 'Content-Type': 'application/json' },
      JSON.stringify({ company: 'cornershop', skus }),
      '/api/barcodes/lookup',
    )
  const many = Array.from({ length: 4_998 }, (_, index) => `none-${index}`)
  const { status, body } = await lookup(['1', '2', ...many])
  assert.equal(status, 200, JSON.stringify(body).slice(0, 300))
  assert.deepEqual(body.barcodes, [{ sku: '1', barcode: '9300601234567' }])
  assert.deepEqual((body.unknown as string[]).slice(0, 2), ['2', 'none-0'])
  assert.equal((body.unknown as string[]).length, 4_999)
  assertProblem(await lookup(['1', '2', 'x', ...many]), 400, 'request_invalid')
})

test('a thread that is prepared for exports and cannot read the catalogue ends nothing but itself', async () => {
  await using at = await temporaryFolder()
  const place = { folder: at.path, catalogue: { file: join(at.path, 'not-there.db') }, diskBytesKept: 0 }
  await using exports = new ExportThreads(place)
  const order = { what: 'prices', format: 'jsonl', gzip: false } as const
  exports.prepare()
  await assert.rejects(exports.begin(order, 'a key'))
  openCatalogue(place.catalogue.file)[Symbol.dispose]()
  // One that was prepared meanwhile may have looked before.
  const isEmpty = async () => (await (await exports.begin(order, 'a key')).next()).done === true
  await until(() => isEmpty().catch(() => false), 'a thread can read it')
})
