/** The journey of scrapes from the writer to the catalogue, through the programs people run. */
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Observation } from '@splitcart/data-management/catalogue/export.ts'
import { expectedCounts } from '@splitcart/generator/expected-counts.ts'
import { NO_DRIFT, planOf } from '@splitcart/generator/plan.ts'
import { rowsOf, scrapesOf } from '@splitcart/generator/scrapes.ts'
import { JsonlWriter } from '@splitcart/scraping/jsonl-writer.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { duplicateKeyOf, isRejection, readParsedRow } from '@splitcart/shared/row.ts'
import { type Machines, openMachines, recordsIn } from './machines.ts'
import { asText, observationOf } from './observations.ts'

/** Scrapes all of a plan with the writer that scrapers use; returns the names of the files and what was observed. */
async function scrape(machines: Machines, plan: ReturnType<typeof planOf>) {
  const names: string[] = []
  const observed = new Map<string, Observation>()
  for (const { store, day, fileName } of scrapesOf(plan)) {
    await using writer = await JsonlWriter.open(machines.scraping, { fileName })
    for (const row of rowsOf(plan, store, day)) {
      await writer.write(row)
      const read = readParsedRow(row)
      assert.ok(!isRejection(read))
      if (!observed.has(duplicateKeyOf(read))) observed.set(duplicateKeyOf(read), observationOf(read))
    }
    names.push((await writer.commit()).name)
  }
  return { names: names.sort(), observed: [...observed.values()] }
}

test('what the scrapers wrote comes out of the catalogue, value by value', async () => {
  await using machines = await openMachines()
  const plan = planOf({ seed: 7, companies: 3, stores: 2, days: 3, products: 150, drift: NO_DRIFT })
  const { names, observed } = await scrape(machines, plan)
  const server = await machines.serve()
  const key = await machines.key()
  const sent = await machines.upload(server, key, '--wait')
  assert.equal(sent.code, 0, sent.stdout + sent.stderr)
  for (const name of names)
    for (const state of ['accepted', 'loaded']) assert.match(sent.stdout, new RegExp(`^${state} +${name} `, 'm'))
  assert.match(sent.stdout, /^18 sent, 18 loaded\.$/m)

  assert.deepEqual(await machines.names('scraping', 'product_outbox'), [])
  const archived = await machines.names('scraping', 'temp_jsonl_product_storage')
  assert.deepEqual(
    archived.filter((name) => name.endsWith('.jsonl')),
    names,
  )
  for (const name of names) {
    const note = join(machines.scraping, 'temp_jsonl_product_storage', name.replace('.jsonl', '.receipt.json'))
    const receipt = JSON.parse(await readFile(note, 'utf8')) as Receipt
    assert.deepEqual([receipt.filename, receipt.state, receipt.load?.rejected], [name, 'loaded', 0])
  }
  await machines.untilProcessed(names)

  const out = recordsIn<Observation>(await machines.run(['export', 'observations']))
  assert.equal(out.length, expectedCounts(plan).observations)
  assert.deepEqual(asText(out), asText(observed))
  const products = recordsIn(await machines.run(['export', 'products']))
  assert.equal(products.length, expectedCounts(plan).products)
  const status = JSON.parse((await machines.run(['status', '--json'])).stdout)
  assert.deepEqual([status.data_management.uploads.loaded, status.scraping.uploads.loaded], [18, 18])

  const again = await machines.upload(server, key)
  assert.equal(again.code, 0)
  assert.match(again.stdout, /^The outbox is empty \(.+product_outbox\); there was nothing to do\.\n$/)
})

const GOOD = { sku: 's1', name: 'Milk', normalized_name_brand_size: 'milk', price_current: 1.5 }
const WHERE = { company: 'aldi', store_name: 'nerang', store_id: 'G120', scraped_date: '2025-09-12' }

test('rows that cannot be loaded come home with their line and reason, the others are loaded, and the exit code is 3', async () => {
  await using machines = await openMachines()
  await mkdir(join(machines.scraping, 'product_outbox'), { recursive: true })
  const text = (product: object, metadata: object = {}) =>
    JSON.stringify({ product: { ...GOOD, ...product }, metadata: { ...WHERE, ...metadata } })
  const good = Array.from({ length: 12 }, (_, index) => text({ sku: `good ${index}` }))
  const bad = ['this is not JSON', text({ price_current: null }), text({}, { scraped_date: '2025-02-30' })]
  await writeFile(join(machines.scraping, 'product_outbox', 'x.jsonl'), [bad[0], ...good, bad[1], bad[2]].join('\n'))
  const server = await machines.serve()
  const sent = await machines.upload(server, await machines.key(), '--wait')
  assert.equal(sent.code, 3, sent.stderr)
  assert.match(sent.stdout, /^loaded +x\.jsonl +15 rows: 12 inserted, 3 rejected\.$/m)
  assert.match(sent.stdout, /3 rows rejected: see the \.rejects\.jsonl files in the archive\./)
  const archive = join(machines.scraping, 'temp_jsonl_product_storage')
  const rejects = recordsIn({ stdout: await readFile(join(archive, 'x.rejects.jsonl'), 'utf8') })
  assert.deepEqual(
    rejects.map(({ line, code, field, row }) => ({ line, code, field, row })),
    [
      { line: 1, code: 'not_json', field: null, row: bad[0] },
      { line: 14, code: 'field_missing', field: 'product.price_current', row: bad[1] },
      { line: 15, code: 'field_value', field: 'metadata.scraped_date', row: bad[2] },
    ],
  )
  assert.equal(recordsIn(await machines.run(['export', 'observations'])).length, 12)
})

test('what is printed with --json is one record a line, the summary last', async () => {
  await using machines = await openMachines()
  await scrape(machines, planOf({ companies: 1, stores: 1, days: 2, products: 30, drift: NO_DRIFT }))
  const server = await machines.serve()
  const key = await machines.key()
  const records = recordsIn(await machines.upload(server, key, '--wait', '--json'))
  assert.deepEqual(
    records.map(({ type, state }) => state ?? type),
    ['accepted', 'accepted', 'loaded', 'loaded', 'summary'],
  )
  assert.deepEqual([records.at(-1)?.sent, records.at(-1)?.loaded, records.at(-1)?.outcome], [2, 2, 'done'])
  const [summary, ...more] = recordsIn(await machines.upload(server, key, '--json', '--quiet'))
  assert.deepEqual([summary?.type, more.length], ['summary', 0])
})

// Notes each compression of a process, whichever function of Node's it calls, with the command that it is of.
const NOTE_COMPRESSIONS = `
const { appendFileSync } = require('node:fs')
const { syncBuiltinESMExports } = require('node:module')
const zlib = require('node:zlib')
const COMPRESSES = /^(create)?(gzip|deflate|deflateraw|brotlicompress|zstdcompress)(sync)?$/i
for (const name of Object.keys(zlib).filter((each) => COMPRESSES.test(each) && !/^[A-Z]/.test(each))) {
  const compress = zlib[name]
  const noted = function (...given) {
    appendFileSync(process.env.COMPRESSIONS_NOTED_IN, process.argv[2] + '\\n')
    return compress.apply(this, given)
  }
  Object.defineProperty(zlib, name, { value: noted, configurable: true, enumerable: true })
}
syncBuiltinESMExports()
`

test('a file is compressed once to be sent, not at all until it is loaded, and once more to be kept', async () => {
  await using machines = await openMachines()
  const [script, log] = [join(machines.path, 'note.cjs'), join(machines.path, 'compressions')]
  await writeFile(script, NOTE_COMPRESSIONS)
  await writeFile(log, '')
  const noting = { NODE_OPTIONS: `--require=${script}`, COMPRESSIONS_NOTED_IN: log }
  const noted = async () => (await readFile(log, 'utf8')).split('\n').filter((command) => command !== '')
  const load = (form: string) => machines.run(['update-db', '--products'], { ...noting, PROCESSED_FORM: form })
  const { names } = await scrape(machines, planOf({ companies: 1, stores: 3, days: 1, products: 150, drift: NO_DRIFT }))
  const { url } = await machines.serve(['--no-update-db'], noting)
  const sending = { ...noting, API_SERVER_URL: url, API_SECRET_KEY: await machines.key() }
  assert.equal((await machines.run(['upload-data'], sending)).code, 0)
  // Until all are loaded.
  assert.equal((await load('plain')).code, 0)
  await machines.untilProcessed(names)
  assert.deepEqual(
    await noted(),
    names.map(() => 'upload-data'),
  )
  const packing = await load('packed')
  assert.equal(packing.code, 0)
  assert.match(packing.stderr, /packing {5}3 loaded files to save room/)
  const kept = (await machines.names('data_management', 'product_processed')).filter((name) => name.endsWith('.dcz'))
  assert.equal(kept.length, names.length)
  // The first one is compressed as the base of all, too, and of each other one a piece, to see how alike they are.
  const more = ['base', ...names.slice(1)]
  assert.deepEqual((await noted()).slice(names.length), [...names, ...more].fill('update-db'))
})
