/** What other programs print, on its way into the outbox: whole when they got through, and not at all when they did not. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { untilMarker } from '@splitcart/scraping/intake/end-marker.ts'
import { readMapping } from '@splitcart/scraping/intake/mapping.ts'
import { type Input, recordsOf } from '@splitcart/scraping/intake/records.ts'
import { scrape } from '@splitcart/scraping/intake/scrape.ts'
import { TRANSFORMS } from '@splitcart/scraping/intake/transforms.ts'
import { temporaryFolder } from './folders.ts'
import { openMachines, recordsIn } from './machines.ts'
import { openShop } from './shop-server.ts'

const DATE = '2026-07-01'
const MAPPING = readMapping(
  JSON.stringify({
    product: {
      sku: 'id',
      name: { path: ['title', 'names.0'], transform: 'trim' },
      price_current: { path: 'price.now', transform: 'price' },
      category_path: { path: 'shelf', transform: 'list' },
    },
    metadata: { state: { value: 'qld' } },
  }),
  'a mapping',
)

/** The text in chunks of so many bytes, as a pipe cuts it. */
async function* inChunks(text: string, bytes: number): AsyncGenerator<Buffer> {
  const all = Buffer.from(text)
  for (let at = 0; at < all.length; at += bytes) yield all.subarray(at, at + bytes)
}

async function read(text: string, bytes = 7, more: Omit<Input, 'chunks'> = {}): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const { fields } of recordsOf({ chunks: inChunks(text, bytes), ...more })) found.push(fields)
  return found
}

/** Puts a text into an outbox, and gives the rows that came there. */
async function rowsOf(dataDir: string, text: string, wanted: Partial<Parameters<typeof scrape>[1]> = {}) {
  const ofAll = { company: 'corner', store: 'S1', date: DATE }
  const input = { chunks: inChunks(text, 1000) }
  const all = {
    input,
    defaults: ofAll,
    rowsMin: 1,
    succeeded: async () => {},
    signal: new AbortController().signal,
    ...wanted,
  }
  const { path } = await scrape(dataDir, all)
  return recordsIn<{ product: Record<string, unknown>; metadata: Record<string, unknown> }>({
    stdout: await readFile(path, 'utf8'),
  })
}

test('JSON Lines, an array and CSV give the same records, wherever a pipe cuts them', async () => {
  const records = [
    { sku: '1', name: 'Mölk "2L", fresh' },
    { sku: '2', name: 'a\u2028b' },
  ]
  const lines = `\ufeff${records.map((record) => JSON.stringify(record)).join('\r\n\n')}`
  const csv = '\ufeffsku;name\r\n1;"Mölk ""2L"", fresh"\r\n2;a\u2028b\r\n'
  for (const bytes of [1, 2, 3, 7, 1000])
    for (const text of [lines, `  ${JSON.stringify(records, null, 1)}\n\n`, csv])
      assert.deepEqual(await read(text, bytes), records, `${bytes}: ${text}`)
  assert.deepEqual(await read('[]'), [])
  assert.deepEqual(await read(''), [])
})

test('what is no record is named by where it stands, and leaves nothing in the outbox', async () => {
  await using at = await temporaryFolder()
  for (const [text, said] of [
    ['{"a":1}\n{"a":\n', /line 2 is not JSON/],
    ['{"a":1}\n[1]\n', /line 2 is no object/],
    ['[{"a":1},{"a":2}', /before the array was closed, after element 2/],
    ['[{"a":1},{"a" 2}]', /what follows element 1 is not JSON/],
    ['[{"a":1}] x', /what follows element 1 is not JSON/],
    ['a,b\n1,2,3\n', /the CSV cannot be read/],
    ['a,b\n1,"2\n', /the CSV cannot be read/],
  ] as const)
    await assert.rejects(rowsOf(at.path, text), { code: 'input_unreadable', detail: said }, text)
  const outbox = join(at.path, 'product_outbox')
  assert.deepEqual((await readdir(outbox, { recursive: true })).sort(), ['.part', '.spool'])
})

test('a mapping makes rows by dotted paths; what no row says is filled in, and what it says stays', async () => {
  await using at = await temporaryFolder()
  const mapped = await rowsOf(
    at.path,
    '{"id":1,"names":["  Rye   Bread "],"price":{"now":"$1,234.50"},"shelf":"Bakery > Bread"}\n',
    { mapping: MAPPING },
  )
  const [{ product, metadata } = assert.fail()] = mapped
  assert.deepEqual(product, {
    sku: 1,
    name: 'Rye Bread',
    price_current: '1234.50',
    category_path: ['Bakery', 'Bread'],
    normalized_name_brand_size: 'rye bread',
  })
  const { scraped_at: _, ...rest } = metadata
  assert.deepEqual(rest, { company: 'corner', store_id: 'S1', scraped_date: DATE, state: 'qld' })
  const own = { product: { name: 'x', price_current: 1 }, metadata: { company: 'other', scraped_date: '2026-06-30' } }
  const [row = assert.fail()] = await rowsOf(at.path, JSON.stringify(own))
  assert.deepEqual([row.metadata.company, row.metadata.scraped_date], ['other', '2026-06-30'])
  assert.throws(
    () => readMapping('{"product":{"a":{"path":"b","transform":"upper"},"c":{}},"x":{}}', 'm.json'),
    /there is no transform upper; .*trim, price, cents, boolean, list, date\n.*product\.c has neither[\s\S]*x is neither/,
  )
})

test('each transform reads what shops write, and gives nothing for what it cannot read', () => {
  const cases: Readonly<Record<keyof typeof TRANSFORMS, readonly (readonly [unknown, unknown])[]>> = {
    trim: [
      ['  a \u00a0 b\n', 'a b'],
      [null, undefined],
    ],
    price: [
      ['$3.10', '3.10'],
      ['1.234,50 €', '1234.50'],
      ['1,234', '1234'],
      ['1.234', '1234'],
      ['now 2,5', '2.5'],
      ["CHF 1'000.-", '1000'],
      [3.1, '3.1'],
      ['-0.05', '-0.05'],
      ['free', undefined],
    ],
    cents: [
      [310, '3.10'],
      ['5', '0.05'],
      ['-250', '-2.50'],
      ['3.1', undefined],
    ],
    boolean: [
      ['In Stock', true],
      ['https://schema.org/OutOfStock', false],
      [0, false],
      ['perhaps', undefined],
    ],
    list: [
      ['a > b|c', ['a', 'b', 'c']],
      [['x'], ['x']],
      [{}, undefined],
    ],
    date: [
      ['2026-07-01T10:00:00Z', '2026-07-01'],
      ['1/7/2026', '2026-07-01'],
      [1_782_900_000, '2026-07-01'],
      ['1782900000000', '2026-07-01'],
      ['soon', undefined],
    ],
  }
  for (const [name, pairs] of Object.entries(cases))
    for (const [given, wanted] of pairs)
      assert.deepEqual(TRANSFORMS[name as keyof typeof TRANSFORMS](given), wanted, `${name} of ${given}`)
})

test('an end marker is taken out where it is the last line, and missed anywhere else', async () => {
  const until = async (text: string, bytes: number) => {
    const chunks: Buffer[] = []
    for await (const chunk of untilMarker(inChunks(text, bytes), 'ENDE ü')) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }
  for (const bytes of [1, 5, 1000]) {
    assert.equal(await until('{"a":1}\nENDE ü\r\n\n', bytes), '{"a":1}\n')
    assert.equal(await until('ENDE ü', bytes), '')
    for (const text of ['{"a":1}\n', 'ENDE ü\n{"a":1}\n', '', '{"a":1} ENDE ü'])
      await assert.rejects(until(text, bytes), { code: 'scrape_incomplete' }, text)
  }
})

test('a program that fails, or gives fewer rows than it has to, leaves nothing; one that gets through leaves one file', async () => {
  await using machines = await openMachines()
  const mapping = join(machines.path, 'map.json')
  await writeFile(mapping, JSON.stringify({ product: { sku: 'id', name: 'title', price_current: 'price' } }))
  const rows = `{"id":1,"title":"Milk","price":"3.10"}\n{"id":2,"title":"Rye","price":"4.50"}`
  const printing = (code: number) => [
    '--',
    process.execPath,
    '-e',
    `console.log(\`${rows}\`); process.exitCode = ${code}`,
  ]
  const scraping = ['scrape', '--company', 'corner', '--store', 'S1', '--map', mapping, '--json']
  const failed = await machines.run([...scraping, ...printing(4)])
  assert.equal(failed.code, 1)
  assert.match(failed.stdout, /"code":"scrape_incomplete".*ended with 4/)
  const few = await machines.run([...scraping, '--rows-min', '3', ...printing(0)])
  assert.match(few.stdout, /2 rows came, at least 3 were to come/)
  assert.deepEqual(await machines.names('scraping', 'product_outbox'), [])
  const whole = await machines.run([...scraping, ...printing(0)])
  assert.equal(whole.code, 0, whole.stderr)
  const [{ name, rows: count } = {}] = recordsIn(whole)
  assert.deepEqual([await machines.names('scraping', 'product_outbox'), count], [[name], 2])
  await writeFile(join(machines.path, 'rows.jsonl'), rows)
  const map = (...more: string[]) =>
    machines.run(['map', '--try', mapping, '--company', 'corner', ...more, join(machines.path, 'rows.jsonl')])
  assert.deepEqual(
    recordsIn(await map('--json')).map(({ fault }) => fault),
    [null, null, undefined],
  )
  // To people each row is shown as it will be sent.
  assert.match((await map()).stdout, /^\{\n {2}"product": \{\n.+"company": "corner".+\n\}\n.+: will be loaded\n\{\n/s)
})

test('the example scrapers, in TypeScript and in Python, bring a whole shop into the outbox', async () => {
  await using machines = await openMachines()
  await using shop = await openShop(20)
  const example = (name: string) => join(import.meta.dirname, '..', 'docs', 'examples', name)
  const typescript = spawn(process.execPath, [example('shop-scraper.ts'), `${shop.url}/p/1`, machines.scraping])
  const [code] = await once(typescript, 'exit')
  assert.equal(code, 0)
  const python = ['--', 'python3', example('shop_scraper.py'), `${shop.url}/p/1`]
  const scraped = await machines.run(['scrape', '--company', 'cornershop', '--store', 'S2', ...python])
  assert.equal(scraped.code, 0, scraped.stderr)
  const names = await machines.names('scraping', 'product_outbox')
  const rows = await Promise.all(
    names.map(async (name) =>
      recordsIn({ stdout: await readFile(join(machines.scraping, 'product_outbox', name), 'utf8') }),
    ),
  )
  assert.deepEqual(
    rows.map(({ length }) => length),
    [20, 20],
  )
})
