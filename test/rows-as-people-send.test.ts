/** Files as people's scrapers write them, out of the outbox and into either database: each ends as docs/rows.md says, and its sender is told. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ExportedPrice } from '@splitcart/data-management/catalogue/export.ts'
import { type Machines, openMachines, recordsIn } from './machines.ts'
import { NO_POSTGRES, sharedPostgres } from './postgres.ts'

const makeDatabase = sharedPostgres()
const SOLD_OUT = { price_current: undefined, is_available: false }

type Fields = Readonly<Record<string, unknown>>
type Sent = Readonly<{ name: string; state: string; load: Record<string, number>; warnings: { field: string }[] }>

function line(company: string, date: string, product: Fields, metadata: Fields = {}): string {
  const { name = `Tea ${product.sku}` } = product
  const key = String(name).toLowerCase()
  const shown = { name, normalized_name_brand_size: key, price_current: 2.5, is_available: true, ...product }
  return JSON.stringify({ product: shown, metadata: { company, scraped_date: date, ...metadata } })
}

function many(count: number, of: (place: number) => string): string[] {
  return Array.from({ length: count }, (_, place) => of(place + 1))
}

const MENDED = (count: number, date: string, price: (sku: number) => unknown) =>
  many(count, (sku) => line('Mend', date, { sku, price_current: price(sku) }))

/** What is sent without a fault; 1 in 100 is sold out, and nobody knows for how much. */
const GOOD = {
  'north-2026-07-01.jsonl': many(700, (sku) =>
    line('North', '2026-07-01', { sku, ...(sku % 100 === 0 ? SOLD_OUT : {}) }),
  ),
  'west-2026-07-01.jsonl': [line('West', '2026-07-01', { sku: 1 }, { store_id: ' W1' })],
  'west-2026-07-02.jsonl': [line('WEST ', '2026-07-02', { sku: '1', price_current: '2.75' }, { store_id: 'w1' })],
}

/** What has faults, and how each file ends. */
const FAULTY: Readonly<Record<string, readonly [lines: readonly string[], ending: Readonly<Record<string, unknown>>]>> =
  {
    'a-numbers.jsonl': [
      [
        line('Numbers', '2026-07-01', { sku: 1, unit_price: 0 }).replace('"unit_price":0', '"unit_price":NaN'),
        line('Numbers', '2026-07-01', { sku: 2 }).replace('2.5', 'NaN'),
      ],
      { state: 'loaded', inserted: 1, rejected: 1 },
    ],
    'b-placeholders.jsonl': [
      many(30, (place) => line('Holder', '2026-07-01', { sku: place % 2 === 0 ? 'N/A' : '0', name: `Jam ${place}` })),
      { state: 'loaded', inserted: 30, duplicate: 0 },
    ],
    'c-again.jsonl': [
      [{ category_path: ['Pantry'] }, { category_path: ['Drinks'] }, { name: 'Soap' }].map((fields) =>
        line('Again', '2026-07-01', { sku: 1, ...fields }),
      ),
      { state: 'loaded', inserted: 1, duplicate: 1, rejected: 1 },
    ],
    'd-array.jsonl': [[`[${line('Array', '2026-07-01', { sku: 1 })}]`], { state: 'failed' }],
    'e-mend-1.jsonl': [MENDED(60, '2026-07-01', () => 3), { state: 'loaded', inserted: 60 }],
    'e-mend-2.jsonl': [MENDED(60, '2026-07-02', (sku) => (sku < 10 ? '$3' : 3)), { state: 'loaded', rejected: 9 }],
    'e-mend-3.jsonl': [MENDED(9, '2026-07-02', () => 3), { state: 'loaded', rejected: 0 }],
  }

async function put(
  machines: Machines,
  files: readonly (readonly [name: string, lines: readonly string[]])[],
): Promise<void> {
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  for (const [name, lines] of files) await writeFile(join(outbox, name), `${lines.join('\n')}\n`)
}

async function story(machines: Machines, at: Readonly<Record<string, string>>): Promise<void> {
  const server = await machines.serve([], at)
  await machines.makeServerData()
  const key = (await machines.run(['keys', 'create', 'a test', '--scope', 'upload,read'], at)).stdout.trim()
  await put(machines, Object.entries(GOOD))
  const good = await machines.upload(server, key, '--wait', '--concurrency', '1')
  assert.equal(good.code, 0, good.stderr)
  const exported = await fetch(`${server.url}/api/export/prices`, { headers: { 'X-Internal-API-Key': key } })
  const prices = recordsIn<ExportedPrice>({ stdout: await exported.text() })
  const north = prices.filter(({ company }) => company === 'North')
  assert.deepEqual([north.length, new Set(north.map(({ store_id }) => store_id))], [700, new Set(['North'])])
  const soldOut = north.filter(({ price_cents }) => price_cents === null)
  assert.deepEqual(
    soldOut.map(({ is_available }) => is_available),
    Array(7).fill(false),
  )
  const west = prices.filter(({ company }) => company.trim() === 'WEST')
  assert.deepEqual(
    west.map(({ store_id, price_cents }) => [store_id, price_cents]),
    [['w1', 275]],
  )

  await put(
    machines,
    Object.entries(FAULTY).map(([name, [lines]]) => [name, lines] as const),
  )
  assert.equal((await machines.upload(server, key, '--wait', '--concurrency', '1')).code, 3)
  const { uploads } = (await asked(server.url, key, '/api/uploads?limit=50')) as {
    uploads: { id: string; filename: string }[]
  }
  for (const [name, [, { state, ...counts }]] of Object.entries(FAULTY)) {
    const receipt = (await asked(
      server.url,
      key,
      `/api/uploads/${uploads.find(({ filename }) => filename === name)?.id}`,
    )) as Sent
    assert.equal(receipt.state, state, name)
    for (const [count, expected] of Object.entries(counts))
      assert.equal(receipt.load[count], expected, `${name}: ${count}`)
    if (name === 'a-numbers.jsonl')
      assert.deepEqual(
        receipt.warnings.map(({ field }) => field),
        ['product.unit_price'],
      )
  }
}

async function asked(url: string, key: string, path: string): Promise<unknown> {
  return (await fetch(url + path, { headers: { 'X-API-Key': key } })).json()
}

test('SQLite: files as people send them end as the rules say, and nobody is held up by what is sold out', async () => {
  await using machines = await openMachines()
  await story(machines, {})
})

test('PostgreSQL: files as people send them end as the rules say, and nobody is held up by what is sold out', {
  skip: NO_POSTGRES,
}, async () => {
  await using database = await makeDatabase()
  await using machines = await openMachines()
  await story(machines, { DATABASE_URL: database.address })
})
