/** What a key may not write it may not rename, merge or hold either: asked over HTTP, whatever dates and codes it sends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { exportProducts } from '../catalogue/export.ts'
import { exportNames } from '../catalogue/export-names.ts'
import { runActions } from '../update-db/actions.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { holdBy } from './hold.ts'
import { get, openReceiver, postGzip, type Receiver } from './receiver.ts'

const NOBODY = new AbortController().signal
const HOLD = holdBy({ HOLD_ROWS_MIN: 1_000, HOLD_NAMES_SHARE: 0, HOLD_DAYS_BACK: 100_000, HOLD_CONSTANT_SHARE: 1 })
const [MILK, TEA, RYE] = ['9300600000013', '9300600000020', '9300600000037']

type Shown = Readonly<{ sku: string; name: string; key?: string; barcode?: string }>

function workOn({ folders, ledger, catalogue }: Receiver) {
  const rest = { lineBytesMax: 1024 * 1024, hold: HOLD, log: openLog('silent'), now: Date.now, onFile: () => {} }
  return { disk: realDisk(), folders, ledger, catalogue, ...rest }
}

async function keyFor(receiver: Receiver, ...onlyFor: string[]): Promise<string> {
  const wanted = { name: 'a limited key', scopes: ['upload'] as const, onlyFor, expiresAt: null }
  return (await receiver.ledger.keys.create(wanted, Date.now())).text
}

let sentBefore = 0

/** Sends what a company shows on a day, with a key for that company alone where no other is given; tells what became of the file. */
async function show(
  receiver: Receiver,
  company: string,
  shown: readonly Shown[],
  { key = '', on = '2026-05-01' } = {},
) {
  const lines = shown.map(({ sku, name, key: normalized = `${company} ${sku} ${name}`, barcode }) => {
    const product = { sku, name, normalized_name_brand_size: normalized.toLowerCase(), barcode, price_current: 2 }
    return JSON.stringify({ product, metadata: { company, store_id: 'S1', scraped_date: on } })
  })
  const sender = { ...receiver, key: key === '' ? await keyFor(receiver, company) : key }
  const { body } = await postGzip(sender, `${company}-${++sentBefore}.jsonl.gz`, lines.join('\n'))
  await runLoaderPass(workOn(receiver), NOBODY)
  const load = (await receiver.ledger.uploads.find(String(body.id)))!
  return { id: load.id, state: load.state, problem: JSON.parse(load.load ?? '{}').problem as string | null }
}

/** What a product with a barcode is called, and its listings: by the API, and by both exports. */
async function called(receiver: Receiver, barcode: string) {
  const reader = { ...receiver, key: await receiver.makeKey('read') }
  const { body } = await get(reader, `/api/products?barcode=${barcode}`)
  const [product, ...others] = Object(body).products
  assert.deepEqual(others, [])
  const exported = await Array.fromAsync(exportProducts(receiver.catalogue.database))
  assert.equal(exported.find(({ barcodes }) => barcodes.includes(barcode))!.name, product.name)
  const named = await Array.fromAsync(exportNames(receiver.catalogue.database))
  assert.ok(named.some(({ name }) => name === product.name))
  const { listings } = Object((await get(reader, `/api/products/${product.id}`)).body)
  return [product.name, ...listings.map((each: { company: string; sku: string }) => `${each.company} ${each.sku}`)]
}

test('whoever comes later does not name what was there, whatever he writes; what named it names it again once it is back', async () => {
  await using receiver = await openReceiver()
  const first = await show(receiver, 'oakmart', [{ sku: 'm', name: 'Milk', barcode: MILK }])
  const mine = { sku: 'x', name: 'BUY AT AAAMART', barcode: MILK! }
  // Its own listing is older than all others; so is the date that it tells.
  await show(receiver, 'aaamart', [{ ...mine, barcode: RYE }])
  for (const on of ['2026-05-02', '1990-01-01', '2026-05-03'])
    assert.equal((await show(receiver, 'aaamart', [mine], { on })).state, 'loaded', on)
  assert.deepEqual(await called(receiver, MILK!), ['Milk', 'oakmart m', 'aaamart x'])
  // New words and another normalized name for what is there take nothing from it: the barcode is what joins the two.
  await show(receiver, 'oakmart', [{ sku: 'm', name: 'Milk 2 L', key: 'another', barcode: MILK }], { on: '2026-05-04' })
  assert.deepEqual(await called(receiver, MILK!), ['Milk 2 L', 'oakmart m', 'aaamart x'])
  const { uploads } = receiver.ledger
  for (const [action, name] of [
    ['undo', 'BUY AT AAAMART'],
    ['load', 'Milk 2 L'],
  ] as const) {
    await uploads.requestAction(first.id, { action, by: 'a person', reason: 'a test' })
    await runActions(workOn(receiver), NOBODY)
    assert.equal((await called(receiver, MILK!))[0], name)
  }
})

test('a key for two companies does not make an older product of theirs the name of a newer one of others', async () => {
  await using receiver = await openReceiver()
  const key = await keyFor(receiver, 'aaamart', 'bbbmart')
  const theirs = { sku: 'x', name: 'Not tea', key: 'ours' }
  await show(receiver, 'aaamart', [theirs], { key })
  await show(receiver, 'bbbmart', [theirs], { key })
  await show(receiver, 'oakmart', [{ sku: 't', name: 'Tea', barcode: TEA }])
  const held = await show(receiver, 'bbbmart', [{ ...theirs, barcode: TEA! }], { key, on: '2026-05-02' })
  assert.equal(held.state, 'held')
  assert.match(held.problem!, /companies that its sender may not write for/)
  assert.deepEqual(await called(receiver, TEA!), ['Tea', 'oakmart t'])
})

test('a key does not fill what others sell with so much of its own that they could load no more', async () => {
  await using receiver = await openReceiver()
  await show(receiver, 'oakmart', [{ sku: 't', name: 'Tea', barcode: TEA }])
  // Each hangs together with the next by a normalized name, or by a barcode.
  const gtin = (number: number) => {
    const digits = `93006${String(number).padStart(7, '0')}`
    const sum = [...digits].reduce((total, digit, at) => total + Number(digit) * (at % 2 === 0 ? 1 : 3), 0)
    return `${digits}${(10 - (sum % 10)) % 10}`
  }
  const chain = Array.from({ length: 60 }, (_, at) => ({
    sku: `l${at}`,
    name: 'Link',
    key: `link ${String.fromCharCode(97 + Math.floor(at / 2))}${Math.floor(at / 52)}`,
    barcode: gtin(1_000 + Math.floor((at + 1) / 2)),
  }))
  assert.equal((await show(receiver, 'aaamart', chain)).state, 'loaded')
  const closed = await show(receiver, 'aaamart', [{ ...chain[0]!, barcode: TEA! }], { on: '2026-05-02' })
  assert.equal(closed.state, 'held')
  assert.equal((await show(receiver, 'elmmart', [{ sku: 'e', name: 'Elm Tea', barcode: TEA }])).state, 'loaded')
  assert.deepEqual(await called(receiver, TEA!), ['Tea', 'oakmart t', 'elmmart e'])
})
