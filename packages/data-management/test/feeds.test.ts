/** Lists of stores and of barcodes: what is loaded of them, what is shown, and that it follows from the set of files. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { catalogueDigest } from '../catalogue/digest.ts'
import { runActions } from '../update-db/actions.ts'
import type { LoaderContext } from '../update-db/process.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { holdBy } from './hold.ts'
import { get, named, openReceiver, post, type Receiver } from './receiver.ts'

const KINDS = ['products', 'stores', 'barcodes'] as const
const NOBODY = new AbortController().signal

const NERANG = {
  ...{ company: 'cornershop', store_id: 'S1', name: 'Corner Shop Nerang', address: '1 High St', suburb: 'Nerang' },
  ...{
    state: 'QLD',
    postcode: 4211,
    latitude: -27.99461,
    longitude: '153.30621',
    phone: '07 5555 0100',
    is_open: true,
  },
}

function lines(...rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

function shown(date: string, ...products: readonly Readonly<Record<string, unknown>>[]): string {
  const metadata = {
    company: 'cornershop',
    store_id: 'S1',
    store_name: 'corner shop s1',
    state: 'qld',
    scraped_date: date,
  }
  const product = (each: object) => ({ name: 'Milk', normalized_name_brand_size: 'milk', price_current: 3, ...each })
  return lines(...products.map((each) => ({ product: product(each), metadata })))
}

async function send(receiver: Pick<Receiver, 'url' | 'key'>, kind: string, text: string): Promise<string> {
  const name = `${kind}-${Buffer.from(text).length}-${text.length % 97}.jsonl.gz`
  const headers = { 'Content-Type': 'application/gzip', 'Content-Disposition': named(name) }
  const { status, body } = await post(receiver, headers, gzipSync(text), `/api/upload/${kind}/`)
  assert.ok(status === 201 || status === 200, JSON.stringify(body))
  return String(body.id)
}

function workOn({ folders, ledger, catalogue }: Receiver): LoaderContext {
  const hold = holdBy({ HOLD_REJECTS_SHARE: 0.4 })
  const rest = { lineBytesMax: 1024 * 1024, hold, log: openLog('silent'), now: Date.now, onFile: () => {} }
  return { disk: realDisk(), folders, ledger, catalogue, kinds: KINDS, ...rest }
}

async function load(receiver: Receiver, kind: string, text: string): Promise<Receipt> {
  const id = await send(receiver, kind, text)
  await runLoaderPass(workOn(receiver), NOBODY)
  return (await get(receiver, `/api/uploads/${id}`)).body as Receipt
}

async function undo(receiver: Receiver, id: string): Promise<void> {
  await receiver.ledger.uploads.requestAction(id, { action: 'undo', by: 'a test', reason: 'to see' })
  await runActions(workOn(receiver), NOBODY)
}

function counts({ load: result, state }: Receipt) {
  const { rows, inserted, changed, unchanged, duplicate, rejected } = result!
  return [state, rows, inserted, changed, unchanged, duplicate, rejected]
}

async function storesOf(receiver: Receiver) {
  const key = await receiver.makeKey('read')
  return (await get({ ...receiver, key }, '/api/stores')).body.stores as Record<string, unknown>[]
}

test('a list of stores says where they are, by the date it speaks of, and taken out again it never was', async () => {
  await using receiver = await openReceiver({ kinds: KINDS })
  await load(receiver, 'products', shown('2026-05-01', { sku: '1' }))
  const empty = await catalogueDigest(receiver.catalogue.database)
  const newer = await load(
    receiver,
    'stores',
    lines({ ...NERANG, date: '2026-05-03' }, { ...NERANG, date: '2026-05-03' }),
  )
  assert.equal(newer.kind, 'stores')
  assert.deepEqual(counts(newer), ['loaded', 2, 1, 0, 0, 1, 0])
  const [store] = await storesOf(receiver)
  assert.deepEqual(
    [store?.name, store?.state, store?.suburb, store?.postcode, store?.latitude, store?.longitude, store?.is_open],
    ['Corner Shop Nerang', 'QLD', 'Nerang', '4211', -27.99461, 153.30621, true],
  )
  assert.deepEqual([store?.described_on, store?.first_date, store?.listings], ['2026-05-03', '2026-05-01', 1])
  // A later scrape calls it something else; an older list and one of another store come late.
  await load(receiver, 'products', shown('2026-05-04', { sku: '1' }))
  const closed = { company: 'cornershop', store_id: 'S1', is_open: false, scraped_date: '2026-05-02T09:00:00' }
  const older = await load(receiver, 'stores', lines(closed, { company: 'newshop', store_id: 0, date: '2026-05-02' }))
  assert.deepEqual(counts(older), ['loaded', 2, 1, 0, 1, 0, 0])
  const both = await storesOf(receiver)
  assert.deepEqual(
    both.map(({ company, store_id, name, is_open, last_date }) => [company, store_id, name, is_open, last_date]),
    [
      ['cornershop', 'S1', 'Corner Shop Nerang', true, '2026-05-04'],
      ['newshop', '0', '0', null, null],
    ],
  )
  await undo(receiver, newer.id)
  const [then] = await storesOf(receiver)
  assert.deepEqual([then?.name, then?.is_open, then?.suburb], ['corner shop s1', false, null])
  await undo(receiver, older.id)
  assert.equal((await storesOf(receiver)).length, 1)
  const digest = await catalogueDigest(receiver.catalogue.database)
  await using fresh = await openReceiver({ kinds: KINDS })
  await load(fresh, 'products', shown('2026-05-04', { sku: '1' }))
  await load(fresh, 'products', shown('2026-05-01', { sku: '1' }))
  assert.equal(digest, await catalogueDigest(fresh.catalogue.database))
  assert.notEqual(digest, empty)
  assert.deepEqual((await readdir(join(receiver.folders.data, 'stores_processed'))).length, 2)
})

test('each fault of a row of a list is a reject with its reason, and a key for one company writes of no other', async () => {
  await using receiver = await openReceiver({ kinds: KINDS })
  const good = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((store_id) => ({ ...NERANG, store_id }))
  const faults: [string, object][] = [
    ['latitude is -91, and not from -90 to 90', { ...NERANG, latitude: -91 }],
    ['longitude is missing, and latitude is there', { ...NERANG, longitude: null }],
    ['is_open is neither true nor false', { ...NERANG, is_open: 'yes' }],
    ['store_id is missing or empty', { ...NERANG, store_id: ' ' }],
    ['date is 2999-01-01, after the file was received', { ...NERANG, date: '2999-01-01' }],
    ['the line is a row of products, which go into product_outbox', { product: {}, metadata: {} }],
  ]
  const receipt = await load(receiver, 'stores', lines(...good, ...faults.map(([, row]) => row)))
  assert.deepEqual(counts(receipt), ['loaded', 16, 10, 0, 0, 0, 6])
  const key = await receiver.makeKey('read')
  const rejects = await fetch(`${receiver.url}/api/uploads/${receipt.id}/rejects`, { headers: { 'X-API-Key': key } })
  const reasons = (await rejects.text()).split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).reason]))
  assert.deepEqual(
    reasons,
    faults.map(([reason]) => reason),
  )
  const held = await load(receiver, 'stores', lines({ ...NERANG, name: 'x' }, NERANG, { x: 1 }, { x: 2 }))
  assert.deepEqual([held.state, held.load?.inserted], ['held', 0])
  const none = [
    { company: 'cornershop', sku: '1', barcode: 'N/A' },
    { company: 'cornershop', sku: 'n/a', barcode: '9300601234561' },
    { company: 'cornershop', sku: '1', barcode: '-' },
  ]
  const placeholders = await load(receiver, 'barcodes', lines(...none))
  assert.deepEqual([placeholders.state, placeholders.load?.rejected], ['failed', 3])
  const failed = await load(receiver, 'barcodes', lines({ company: 'cornershop', sku: '1' }))
  assert.deepEqual([failed.state, failed.load?.problem], ['failed', 'Not one line of the file is one of barcodes.'])
  const limited = { name: 'limited', scopes: ['upload'], onlyFor: ['cornershop/S1'], expiresAt: null } as const
  const { text } = await receiver.ledger.keys.create(limited, Date.now())
  const own = { ...receiver, key: text }
  await send(
    own,
    'stores',
    lines({ ...NERANG, name: 'mine' }, { ...NERANG, store_id: 'S2' }, { ...NERANG, name: 'again' }),
  )
  await send(own, 'barcodes', lines({ company: 'cornershop', sku: '9', barcode: '9300601234561' }))
  await runLoaderPass({ ...workOn(receiver), hold: undefined }, NOBODY)
  const mine = (await storesOf(receiver)).filter(({ store_id }) => ['s1', 's2'].includes(String(store_id)))
  assert.deepEqual(
    mine.map(({ store_id, name }) => [store_id, name]),
    // Until a scrape shows how it is written.
    [['s1', 'mine']],
  )
  assert.equal((await receiver.catalogue.database.get<{ n: number }>('select count(*) as n from fed_barcode'))?.n, 0)
})

const FIRST = lines({ company: 'cornershop', sku: '1', barcode: '9300601234561', date: '2026-05-01' })
const SECOND = lines(
  { company: 'cornershop', sku: '1', barcode: '9300605000018', date: '2026-05-02' },
  { company: 'cornershop', sku: '2', barcode: '93712345', date: '2026-05-02' },
  { company: 'cornershop', sku: '3', barcode: '0012345678905', date: '2026-05-02' },
)
const HERE = shown(
  '2026-05-01',
  { sku: '1', name: 'Rolled oats', normalized_name_brand_size: 'rolled oats' },
  { sku: '2', name: 'Bread', normalized_name_brand_size: 'bread', barcode: '036000291452' },
)
const OATS = { sku: '4', name: 'Oats 1kg', normalized_name_brand_size: 'oats 1kg', barcode: '9300605000018' }
const ROWS = HERE + shown('2026-05-01', OATS).replaceAll('cornershop', 'southmart')
const FILES: [string, string][] = [
  ['barcodes', FIRST],
  ['products', ROWS],
  ['barcodes', SECOND],
]

test('a list of barcodes is one for listings that show none, also for those that come later, whatever comes first', async () => {
  const digests = new Set<string>()
  for (const order of [FILES, [FILES[2]!, FILES[0]!, FILES[1]!], [FILES[1]!, FILES[2]!, FILES[0]!]]) {
    await using receiver = await openReceiver({ kinds: KINDS })
    const ids: string[] = []
    for (const [kind, text] of order) ids.push((await load(receiver, kind, text)).id)
    digests.add(await catalogueDigest(receiver.catalogue.database))
    const key = await receiver.makeKey('read')
    const body = JSON.stringify({ company: 'cornershop', skus: ['1', '2', '3', '4', '5'] })
    const answer = await post(
      { ...receiver, key },
      { 'Content-Type': 'application/json' },
      body,
      '/api/barcodes/lookup',
    )
    assert.deepEqual(
      (answer.body.barcodes as { sku: string; barcode: string }[]).map(({ sku, barcode }) => [sku, barcode]),
      [
        ['1', '9300605000018'],
        ['2', '036000291452'],
        ['3', '0012345678905'],
      ],
    )
    assert.deepEqual(answer.body.unknown, ['4', '5'])
    // The list joins what the names do not.
    const products = async () =>
      (await get({ ...receiver, key }, '/api/products')).body.products as { listings: object[] }[]
    assert.deepEqual((await products()).map(({ listings }) => listings.length).sort(), [1, 2])
    await undo(receiver, ids[order.indexOf(FILES[2]!)]!)
    assert.deepEqual(
      (await products()).map(({ listings }) => listings.length),
      [1, 1, 1],
    )
  }
  assert.equal(digests.size, 1)
})
