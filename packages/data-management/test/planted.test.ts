/** What somebody else put into the folders of the server, and into the rows of a file, changes nothing outside of them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { exportPrices } from '../catalogue/export.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { get, openReceiver, postGzip, type Receiver, TEXT } from './receiver.ts'

const WINDOWS = process.platform === 'win32' && 'Windows has no FIFOs, and few may make links'
const SECRET = 'of somebody else'
const RECORDS = 10_000
const HOSTILE_KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__']

const PLANTS = {
  'a link': (path: string, outside: string) => symlinkSync(outside, path),
  'a FIFO': (path: string) => void execFileSync('mkfifo', [path]),
  'a folder': (path: string) => void mkdirSync(path),
}

function pass({ folders, ledger, catalogue }: Receiver) {
  const log = openLog('silent')
  const work = {
    disk: realDisk(),
    folders,
    ledger,
    catalogue,
    lineBytesMax: 1024 * 1024,
    hold: undefined,
    log,
    now: Date.now,
  }
  return runLoaderPass({ ...work, onFile: () => {} }, new AbortController().signal)
}

for (const [what, plant] of Object.entries(PLANTS))
  test(`${what} planted where the server puts files leads nowhere and keeps nobody waiting`, {
    skip: WINDOWS,
  }, async () => {
    await using receiver = await openReceiver()
    const { data, inbox, processed, failed, held } = receiver.folders
    const outside = join(data, 'outside')
    await writeFile(outside, SECRET)
    for (const name of ['a.jsonl', 'a.jsonl.gz', '.a.jsonl.gz.part']) plant(join(processed, name), outside)
    for (const folder of [failed, held, inbox]) plant(join(folder, 'a.jsonl'), outside)
    const { status } = await postGzip(receiver, 'a.jsonl.gz', TEXT)
    assert.equal(status, 201)
    const { loaded } = await pass(receiver)
    assert.equal(loaded, 1)
    assert.equal(await readFile(outside, 'utf8'), SECRET)
    assert.ok((await readdir(inbox)).includes('a.jsonl'), 'what was planted is left alone')
  })

test('10,000 hostile records change no prototype', async () => {
  await using receiver = await openReceiver()
  const before = prototypes()
  const path = join(receiver.folders.inbox, 'hostile.jsonl')
  await writeFile(path, Array.from({ length: RECORDS }, hostileRecord).join('\n'))
  await utimes(path, 1, 1)
  await pass(receiver)
  const [upload] = await receiver.ledger.uploads.list({ limit: 1 })
  assert.equal(upload?.lines, RECORDS)
  for (const address of HOSTILE_KEYS) await get(receiver, `/api/products?q=${address}&${address}=1&${address}[x]=1`)
  assert.deepEqual(prototypes(), before)
  assert.equal(({} as Record<string, unknown>).polluted, undefined)
})

test('text that means something to SQL comes out as it went in, in every field', async () => {
  await using receiver = await openReceiver()
  const odd = `x'); drop table price_run; --" OR 1=1 ; \\ %_ ''`
  const product = { sku: odd, name: odd, brand: odd, size: odd, normalized_name_brand_size: odd, price_current: 1.5 }
  const metadata = { company: odd, store_name: odd, store_id: odd, state: odd, scraped_date: '2025-09-12' }
  const path = join(receiver.folders.inbox, 'odd.jsonl')
  await writeFile(path, JSON.stringify({ product, metadata }))
  await utimes(path, 1, 1)
  const { loaded, rejected } = await pass(receiver)
  assert.deepEqual([loaded, rejected], [1, 0])
  const [price] = await Array.fromAsync(exportPrices(receiver.catalogue.database, undefined))
  assert.deepEqual([price?.sku, price?.name, price?.brand, price?.size], [odd, odd, odd, odd])
  assert.equal(price?.store_id, odd)
})

function prototypes(): string[][] {
  return [Object, Array, String, Number, Function, Map, Buffer].map((one) =>
    Reflect.ownKeys(one.prototype).map(String).sort(),
  )
}

/** A record that is a row but for a key, somewhere, whose value would change every object if it were assigned. */
function hostileRecord(_: unknown, number: number): string {
  const key = HOSTILE_KEYS[number % HOSTILE_KEYS.length]!
  const poison = `${JSON.stringify(key)}: {"polluted": ${number}, "prototype": {"polluted": true}, "__proto__": {"polluted": 1}}`
  const product = `"sku": "s${number}", "name": "Milk", "normalized_name_brand_size": "milk ${number}", "price_current": 1.5`
  const metadata = '"company": "aldi", "store_name": "nerang", "store_id": "G120", "scraped_date": "2025-09-12"'
  const places = [
    `{"product": {${product}, ${poison}}, "metadata": {${metadata}}}`,
    `{"product": {${product}}, "metadata": {${metadata}, ${poison}}}`,
    `{${poison}, "product": {${product}}, "metadata": {${metadata}}}`,
    `{"product": {${product}, "sizes": [{${poison}}]}, "metadata": {${metadata}}}`,
    `{"product": {${product.replace('"s', `"${key}`)}}, "metadata": {${metadata.replace('aldi', key)}}}`,
  ]
  return places[number % places.length]!
}
