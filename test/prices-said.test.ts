/** What the page says of prices, on the command line: what changed, where a product is cheapest, and which is. */
import assert from 'node:assert/strict'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { type Machines, openMachines } from './machines.ts'

// Midnight may come while this runs.
const NOW = Date.now()

function dayAgo(days: number): string {
  return new Date(NOW - days * DAY_MS).toISOString().slice(0, 10)
}

function scrape(store: string, days: number, prices: Readonly<Record<string, number>>): string {
  const metadata = { company: 'northmart', store_id: store, store_name: `Shop ${store}`, scraped_date: dayAgo(days) }
  return Object.entries(prices)
    .map(([name, price_current], index) => {
      const key = name.toLowerCase()
      return `${JSON.stringify({ product: { sku: `n${index}`, name, normalized_name_brand_size: key, price_current }, metadata })}\n`
    })
    .join('')
}

async function load(machines: Machines, files: Readonly<Record<string, string>>): Promise<void> {
  await machines.makeServerData()
  const inbox = join(machines.dataManagement, 'product_inbox')
  await mkdir(inbox, { recursive: true })
  const old = new Date(NOW - 60_000)
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(inbox, name), text)
    await utimes(join(inbox, name), old, old)
  }
  assert.equal((await machines.run(['update-db', '--products', '--force'])).code, 0)
}

/** The same prices in a currency; programs get numbers all the same. */
async function assertSaidIn(sign: string, machines: Machines, environment: Record<string, string>): Promise<void> {
  const said = async (...args: string[]) => (await machines.run(args, environment)).stdout
  assert.ok((await said('changes', '--days', '7')).includes(`${sign}3.19 → ${sign}2.99`))
  assert.match(await said('product', 'northmart/n0'), RegExp(`^${sign}2\\.99 at .*; lowest ever ${sign}2\\.99`, 'm'))
  assert.match(await said('cheapest', 'milk'), RegExp(`^${sign}2\\.99 +${sign}0\\.15 / 100 ml`, 'm'))
  assert.ok(!(await said('changes', '--days', '7', '--json')).includes(sign))
}

test('changes, product and cheapest tell what the files say, to people and to programs', async () => {
  await using machines = await openMachines()
  await load(machines, {
    'one.jsonl': scrape('S1', 3, { 'Full Cream Milk 2L': 3.19, 'Long Life Milk 1L': 2 }),
    'two.jsonl': scrape('S1', 1, { 'Full Cream Milk 2L': 2.99, 'Long Life Milk 1L': 2 }),
    'three.jsonl': scrape('S2', 0, { 'Full Cream Milk 2L': 2.99, 'Long Life Milk 1L': 2 }),
  })
  const [changes, product, cheapest, none] = await Promise.all([
    machines.run(['changes', '--json', '--days', '7']),
    machines.run(['product', 'northmart/n0']),
    machines.run(['cheapest', 'milk']),
    machines.run(['product', 'no such thing']),
  ])
  await assertSaidIn('€', machines, { CURRENCY: 'EUR' })
  const records = changes.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    records.map(({ kind, type, from_cents, to_cents, stores }) => [kind ?? type, from_cents, to_cents, stores]),
    [
      ['cheaper', 319, 299, 1],
      ['summary', undefined, undefined, undefined],
    ],
  )
  assert.match(
    product.stdout,
    new RegExp(
      `Full Cream Milk 2L .*\\n2\\.99 at northmart, in 2 stores, seen on ${dayAgo(0)}; lowest ever 2\\.99 at northmart, last on ${dayAgo(0)}; usual \\d\\.\\d\\d\\.\\n {2}northmart +2\\.99 +0\\.15 / 100 ml +2 stores`,
    ),
  )
  assert.match(
    cheapest.stdout,
    /^2\.99 +0\.15 \/ 100 ml +Full Cream.*\n2\.00 +0\.20 \/ 100 ml +Long Life.*\n2 of 2 products\.$/m,
  )
  assert.deepEqual([none.code, none.stdout], [1, ''])
  assert.match(none.stderr, /nothing is called no such thing/)
})

test('a store, company or category that nothing is called is told as a mistake', async () => {
  await using machines = await openMachines()
  await load(machines, { 'one.jsonl': scrape('S2', 0, { 'Full Cream Milk 2L': 3.19 }) })
  for (const [args, fault] of [
    [['changes', '--store', 'nothing'], 'nothing is no store; expected company/code'],
    [['changes', '--store', 'northmart/S3'], 'northmart/S3 is no store'],
    [['changes', '--company', 'southmart'], 'the company "southmart" is not known'],
    [['changes', '--category', 'Nothing'], 'no category is called "Nothing"'],
    [['cheapest', 'milk', '--company', 'southmart'], 'the company "southmart" is not known'],
  ] as const) {
    const { code, stdout, stderr } = await machines.run(args)
    assert.deepEqual([code, stdout, stderr.includes(fault)], [1, '', true], `${args.join(' ')}: ${stderr}`)
  }
  assert.match((await machines.run(['changes', '--store', 'Northmart/s2'])).stdout, /^On .*: 0 cheaper/)
})
