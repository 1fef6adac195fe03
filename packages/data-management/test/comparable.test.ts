/** What stands beside a product in other shops: it is kept up to date as listings change, and counts in no product's own price. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { findComparableListings } from '../catalogue/queries/comparable.ts'
import { LiveStores } from '../catalogue/queries/current.ts'
import { findSuggestions, renewSuggestions } from '../catalogue/queries/suggestions.ts'
import type { ProductAnswer, ProductPage } from '../http/routes/products.ts'
import type { SuggestionPage, VerdictPage, VerdictView } from '../http/routes/verdicts-schema.ts'
import { loadFile } from '../update-db/load-file.ts'
import { databasesOfFile } from './catalogues.ts'
import { assertProblem, get, openReceiver, post, sha256Of } from './receiver.ts'
import { type Article, reader, scrape, scrapeText } from './shop.ts'

const DAY = '2026-05-01'
const PASTA = ['Pantry', 'Pasta']

const NORTH: readonly Article[] = [
  { sku: '1', name: 'Pasta Spirals 500g', brand: 'FARRO', size: '500 g', price: 1, path: PASTA },
  { sku: '2', name: 'Penne 500g', brand: 'FARRO', size: '500 g', price: 2, path: PASTA },
]
const OAK: readonly Article[] = [
  { sku: '7', name: 'Goldfield Spirals', brand: 'Goldfield', size: '400g Each', price: 2, path: PASTA },
  { sku: '8', name: 'Goldfield Penne', brand: 'Goldfield', size: '500g Each', price: 3, path: PASTA },
]

async function load(catalogue: Catalogue, store: string, date: string, articles: readonly Article[]): Promise<void> {
  const bytes = Buffer.from(scrapeText(store, date, articles))
  await loadFile(catalogue, {
    file: { sha256: sha256Of(bytes), filename: 'scrape.jsonl', receivedAt: Date.parse(date) },
    bytes: async function* () {
      yield bytes
    },
    lineBytesMax: 100_000,
    hold: undefined,
    now: () => Date.parse(date),
  })
}

async function beside(catalogue: Catalogue, sku: string): Promise<string[]> {
  const { database } = catalogue
  const { product_id } = (await database.get<{ product_id: number }>(
    'select product_id from listing where code = ?',
    sku,
  ))!
  const found = await findComparableListings(
    database,
    product_id,
    await LiveStores.read(database, { now: Date.parse(DAY), zone: TimeZone.utc }),
    async () => [],
  )
  return found.map(
    ({ company, sku, unit_price_cents, unit_price_per }) => `${company} ${sku} ${unit_price_cents} / ${unit_price_per}`,
  )
}

const pairsKept = (catalogue: Catalogue) =>
  catalogue.database.get<{ count: number }>('select count(*) as count from suggestion')

for (const { name, skip, open } of databasesOfFile())
  test(`${name}: what can be compared is found when listings say something new, and shown while they say it`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    assert.equal(await renewSuggestions(catalogue.database), true)
    await load(catalogue, 'northmart/S1', DAY, NORTH)
    await load(catalogue, 'oakmart/S1', DAY, OAK)
    assert.deepEqual(await beside(catalogue, '1'), [])
    assert.equal(await renewSuggestions(catalogue.database), true)
    assert.deepEqual(await beside(catalogue, '1'), ['oakmart 7 50 / 100 g'])
    assert.deepEqual(await beside(catalogue, '7'), ['northmart 1 20 / 100 g'])
    assert.equal((await pairsKept(catalogue))!.count, (await findSuggestions(catalogue.database, [])).length)
    assert.equal(await renewSuggestions(catalogue.database), false)

    await load(catalogue, 'oakmart/S1', '2026-05-02', [{ ...OAK[0]!, price: 1.5 }, OAK[1]!])
    assert.equal(await renewSuggestions(catalogue.database), false, 'a price is nothing that a listing says')
    assert.deepEqual(await beside(catalogue, '1'), ['oakmart 7 38 / 100 g'])

    await load(catalogue, 'oakmart/S1', '2026-05-03', [{ ...OAK[0]!, name: 'Goldfield Spirals Gluten Free' }, OAK[1]!])
    assert.deepEqual(await beside(catalogue, '1'), [], 'it says something else now')
    assert.equal(await renewSuggestions(catalogue.database), true)
    assert.deepEqual(await beside(catalogue, '1'), [])
    assert.deepEqual(await beside(catalogue, '8'), ['northmart 2 40 / 100 g'])
    assert.equal((await pairsKept(catalogue))!.count, 1)
  })

test('a product answers what stands beside it, with who has said so, and its own price is what it was', async () => {
  await using receiver = await openReceiver({ now: () => Date.parse(DAY) + DAY_MS })
  await scrape(receiver, 'northmart/S1', DAY, NORTH)
  await scrape(receiver, 'oakmart/S1', DAY, OAK)
  await renewSuggestions(receiver.catalogue.database)
  const ask = await reader(receiver)
  const asked = async () => {
    const { products } = await ask<ProductPage>('/api/products?company=northmart&sku=1')
    return ask<ProductAnswer>(`/api/products/${products[0]!.id}`)
  }
  const { comparable, now } = await asked()
  assert.deepEqual(
    comparable.map(({ company, sku, level, said_by, lowest_cents, reasons }) => [
      company,
      sku,
      level,
      said_by,
      lowest_cents,
      reasons.length > 1,
    ]),
    [['oakmart', '7', 'comparable', null, 200, true]],
  )
  assert.deepEqual([now.lowest_cents, now.highest_cents], [100, 100])

  const [one, spirals, penne] = ['1', '7', '8'].map((code) => ({
    company: code === '1' ? 'northmart' : 'oakmart',
    byName: 0 as const,
    code,
  }))
  const say = (other: typeof one, verdict: 'comparable' | 'not_same') =>
    receiver.ledger.verdicts.add({ one: one!, other: other!, verdict, at: 1, who: 'Ada', reason: null })
  await say(spirals, 'not_same')
  const id = await say(penne, 'comparable')
  assert.deepEqual(
    (await asked()).comparable.map(({ sku, said_by, score }) => [sku, said_by, score]),
    [['8', 'Ada', null]],
  )
  await receiver.ledger.verdicts.undo(String(id), 'Ada', 2)
  assert.deepEqual((await asked()).comparable, [])
})

test('a pair waits until somebody has said something of it, who is on record, and waits again when that is taken back', async () => {
  await using receiver = await openReceiver({ now: () => Date.parse(DAY) + DAY_MS })
  await scrape(receiver, 'northmart/S1', DAY, NORTH)
  await scrape(receiver, 'Oakmart/S1', DAY, OAK)
  await renewSuggestions(receiver.catalogue.database)
  const admin = { url: receiver.url, key: await receiver.makeKey('admin') }
  const ask = async <T>(path: string) => (await get(admin, path)).body as unknown as T
  const say = (body: object, path = '/api/verdicts') =>
    post(admin, { 'content-type': 'application/json' }, JSON.stringify(body), path)
  const waiting = async () => {
    const skus: (string | null)[][] = []
    for (let after = ''; ; ) {
      const page = await ask<SuggestionPage>(`/api/suggestions?limit=1${after}`)
      skus.push(...page.pairs.map(({ a, b }) => [a.sku, b.sku]))
      if (page.next === null) return skus
      after = `&after=${page.next}`
    }
  }
  assert.deepEqual((await waiting()).sort(), [
    ['1', '7'],
    ['2', '8'],
  ])
  const [first] = (await ask<SuggestionPage>('/api/suggestions')).pairs
  assert.deepEqual([first!.a.unit_price_per, first!.b.unit_price_per], ['100 g', '100 g'])

  const [a, b] = [
    { company: 'northmart', sku: '2' },
    { company: 'OAKMART', sku: '8' },
  ]
  const { status, body } = await say({ a, b, verdict: 'same', reason: ' both are penne ' })
  const given = body as unknown as VerdictView
  assert.deepEqual(
    [status, given.verdict, given.reason, given.b],
    [201, 'same', 'both are penne', { company: 'oakmart', sku: '8', key: null }],
  )
  assert.deepEqual(await waiting(), [['1', '7']])
  const undone = (await say({}, `/api/verdicts/${given.id}/undo`)).body as unknown as VerdictView
  assert.equal(undone.undone_by, given.who)
  assert.equal((await waiting()).length, 2)
  assertProblem(await say({}, `/api/verdicts/${given.id}/undo`), 404, 'not_found')
  assert.deepEqual((await ask<VerdictPage>('/api/verdicts')).verdicts, [undone])
  const { entries } = await ask<{ entries: { what: string }[] }>('/api/audit')
  const noted = entries.map(({ what }) => what).filter((what) => what.startsWith('verdict'))
  assert.deepEqual(noted, ['verdict taken back', 'verdict given'])

  assertProblem(await say({ a, b: a, verdict: 'same' }), 400, 'request_invalid')
  assertProblem(await say({ a, b: { company: 'oakmart' }, verdict: 'same' }), 400, 'request_invalid')
  assertProblem(await say({ a, b: { company: 'oakmart', sku: '9' }, verdict: 'same' }), 404, 'not_found')
  assertProblem(await say({ a, b, verdict: 'alike' }), 400, 'request_invalid')
})

test('what was found is sorted and filtered by what it costs by amount', async () => {
  await using receiver = await openReceiver({ now: () => Date.parse(DAY) + DAY_MS })
  const tea = (sku: string, size: string, price: number) => ({ sku, name: `Tea ${sku}`, size, price })
  const shelf = [tea('dear', '100 g', 3), tea('cheap', '1 kg', 5), tea('untold', 'big', 1), tea('bags', '50 pack', 2)]
  await scrape(receiver, 'northmart/S1', DAY, [
    ...shelf,
    tea('middle', '2 x 250 g', 5),
    { sku: 'c', name: 'Coffee', price: 1 },
  ])
  const ask = await reader(receiver)
  const sorted = async (more = '') => {
    const found: string[] = []
    for (let after = ''; ; ) {
      const page = await ask<ProductPage>(`/api/products?q=tea&sort=unit_price&limit=2${more}${after}`)
      found.push(
        ...page.products.map((each) => `${each.listings[0]!.sku} ${each.unit_price_cents}/${each.unit_price_per}`),
      )
      if (page.next === null) return found
      after = `&after=${page.next}`
    }
  }
  const byWeight = ['cheap 50/100 g', 'middle 100/100 g', 'dear 300/100 g']
  assert.deepEqual(await sorted(), [...byWeight, 'bags 4/each', 'untold null/null'])
  assert.deepEqual(await sorted('&unit=g'), byWeight)
  assert.deepEqual(await sorted('&unit=g&unit_price_max=100'), byWeight.slice(0, 2))
  assert.deepEqual(await sorted('&unit=each'), ['bags 4/each'])
  const refused = async (query: string) =>
    assertProblem(
      await get({ url: receiver.url, key: await receiver.makeKey('read') }, `/api/products?${query}`),
      400,
      'request_invalid',
    )
  for (const query of ['sort=unit_price', 'q=tea&unit=g', 'q=tea&sort=unit_price&unit_price_max=3'])
    await refused(query)
})
