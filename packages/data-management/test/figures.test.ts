/** The numbers that are shown, against numbers that simple code works out from the same files, knowing nothing of the catalogue. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { Overview } from '../http/routes/overview.ts'
import type { ProductAnswer, ProductPage } from '../http/routes/products.ts'
import type { RejectPage } from '../http/routes/rejects-schema.ts'
import type { UploadPage } from '../http/routes/uploads-schema.ts'
import { holdBy } from './hold.ts'
import { openReceiver, type Receiver } from './receiver.ts'
import { type Article, type BroughtIn, bringIn, reader, scrapeText } from './shop.ts'

const NOW = Date.parse('2025-09-20T12:00:00Z')
const HOLD = holdBy({ HOLD_ROWS_MIN: 10, HOLD_REJECTS_SHARE: 0.3 })
const STORES = ['aldi/G1', 'aldi/G2', 'aldi/G3', 'iga/7', 'iga/8']

type File = Readonly<{ store: string; date: string; articles: readonly Article[]; more: string }>

function dateOf(daysBefore: number): string {
  return new Date(NOW - daysBefore * DAY_MS).toISOString().slice(0, 10)
}

/** A store's shelf on a day. Aldi calls everything sold out, IGA every fifth; one article costs nothing; some come and go for good. */
function shelf(store: string, day: number): Article[] {
  const [company] = store.split('/')
  const seed = STORES.indexOf(store)
  return Array.from({ length: 40 }, (_, index) => ({
    sku: `${company} ${index}`,
    name: `${company} thing ${index}`,
    price: index === 3 ? 0 : 1 + ((index * 37 + seed * 11 + Math.floor((index + day) / 3) * 7) % 500) / 100,
    available: company === 'iga' && (index + day) % 5 !== 0,
  })).filter((_, index) => index % 9 !== seed || day < 2)
}

const BROKEN = `no json\n${JSON.stringify({ product: { name: 'x' }, metadata: {} })}\n`

/** Five days of five stores, of which one stopped; and what else arrives. The last file is undone. */
const FILES: readonly File[] = [
  ...[4, 3, 2, 1, 0].flatMap((daysBefore) =>
    STORES.filter((store) => store !== 'aldi/G2' || daysBefore > 2).map((store) => ({
      store,
      date: dateOf(daysBefore),
      articles: shelf(store, 4 - daysBefore),
      more: store === 'iga/7' ? BROKEN : '',
    })),
  ),
  // Too few rows, too many rejects, nothing that is a row, nothing at all.
  { store: 'aldi/G1', date: '2025-09-21', articles: shelf('aldi/G1', 5).slice(0, 12), more: '' },
  { store: 'iga/8', date: '2025-09-21', articles: shelf('iga/8', 6), more: BROKEN.repeat(20) },
  { store: '', date: '', articles: [], more: BROKEN },
  { store: '', date: '', articles: [], more: '' },
  { store: 'aldi/G3', date: '2025-09-21', articles: [...shelf('aldi/G3', 7), ...shelf('aldi/G3', 7)], more: BROKEN },
]

function textOf({ store, date, articles, more }: File): string {
  return (articles.length === 0 ? '' : scrapeText(store, date, articles)) + more
}

async function fill(receiver: Receiver): Promise<BroughtIn[]> {
  const brought: BroughtIn[] = []
  for (const file of FILES) brought.push(await bringIn(receiver, textOf(file), { receivedAt: NOW, hold: HOLD }))
  const { id, sha256 } = brought.at(-1)!
  const undone = await receiver.catalogue.undo(sha256, 'a test', NOW)
  await receiver.ledger.uploads.settle(id, 'held', undone!.result, NOW)
  return brought
}

/** What the files say that count: all but those that are held, failed or undone. */
function told() {
  const loaded = FILES.slice(0, -5)
  const shown = new Map<string, Map<string, string>>()
  const sums = { rows: 0, rejected: 0, inserted: 0, changed: 0 }
  for (const file of loaded) {
    const before = shown.get(file.store) ?? new Map<string, string>()
    const after = new Map(file.articles.map(({ sku, price, available }) => [sku!, `${price} ${available}`]))
    sums.rows += textOf(file).split('\n').length - 1
    sums.rejected += file.more.split('\n').length - 1
    for (const [sku, terms] of after)
      if (!before.has(sku)) sums.inserted++
      else if (before.get(sku) !== terms) sums.changed++
    shown.set(file.store, after)
  }
  const rejects = sums.rejected + FILES.slice(-5).reduce((sum, { more }) => sum + more.split('\n').length - 1, 0)
  return { shown, sums, files: loaded.length, rejects }
}

/** What the list says of one article: aldi/G2 is silent, what Aldi says of availability is the same everywhere. */
function rangeIn(shown: ReturnType<typeof told>['shown'], sku: string) {
  const asked = [...shown].flatMap(([store, articles]) => {
    const terms = articles.get(sku)
    if (terms === undefined) return []
    const [price, available] = terms.split(' ')
    return [
      { store, cents: Math.round(Number(price) * 100), isSoldOut: store.startsWith('iga') && available === 'false' },
    ]
  })
  const live = asked.filter(({ store }) => store !== 'aldi/G2')
  const prices = live.filter(({ cents, isSoldOut }) => cents > 0 && !isSoldOut).map(({ cents }) => cents)
  return {
    stores: live.length,
    silent_stores: asked.length - live.length,
    lowest_cents: prices.length === 0 ? null : Math.min(...prices),
    highest_cents: prices.length === 0 ? null : Math.max(...prices),
  }
}

test('every number of the overview, the uploads and the products is the one that the files give', async () => {
  await using receiver = await openReceiver({ now: () => NOW })
  const brought = await fill(receiver)
  const ask = await reader(receiver)
  const { shown, sums, files, rejects } = told()
  const { today, throughput, totals, attention } = await ask<Overview>('/api/overview')
  const { since, uploads, ...counts } = today
  // An empty file is loaded, or held; it has no row in any case.
  const empty = Number(brought.at(-2)!.load.state === 'loaded')
  assert.deepEqual(counts, { files: files + empty, ...sums, rejects })
  assert.equal(throughput.at(-1)!.rows, sums.rows - sums.rejected)
  assert.equal((await ask<RejectPage>(`/api/rejects?since=${since}`)).rejects, rejects)
  const listings = new Set(FILES.slice(0, -5).flatMap(({ articles }) => articles.map(({ sku }) => sku))).size
  assert.deepEqual(totals, { companies: 2, stores: 5, listings, products: listings, scrapes: files })
  const states = ['held', 'held', 'failed', empty ? 'loaded' : 'held', 'held']
  assert.deepEqual([attention.held.count, attention.failed.count], [states.filter((each) => each === 'held').length, 1])
  assert.deepEqual(
    attention.rejects.first.map(({ rows, rejected }) => `${rows - rejected}, ${rejected}`).sort(),
    FILES.slice(0, -5)
      .filter(({ more }) => more !== '')
      .map(({ articles }) => `${articles.length}, 2`)
      .sort(),
  )
  await checkUploads(ask, brought, states)
  await checkProducts(ask, shown, listings)
})

async function checkUploads(ask: <T>(path: string) => Promise<T>, brought: readonly BroughtIn[], states: string[]) {
  const { uploads } = await ask<UploadPage>('/api/uploads?limit=200')
  const byId = new Map(uploads.map((upload) => [upload.id, upload]))
  for (const [index, file] of FILES.entries()) {
    const { load, lines } = byId.get(brought[index]!.id)!
    const rows = textOf(file).split('\n').length - 1
    const { inserted, changed, unchanged, duplicate, rejected } = load!
    assert.deepEqual([lines, load!.rows, rejected], [rows, rows, file.more.split('\n').length - 1])
    const isLoaded = index < FILES.length - 5
    if (isLoaded) assert.equal(inserted + changed + unchanged + duplicate + rejected, rows)
    else assert.deepEqual([inserted, changed, unchanged], [0, 0, 0])
  }
  assert.deepEqual(
    brought.slice(-5).map(({ load }) => load.state),
    [...states.slice(0, -1), 'loaded'],
  )
}

async function checkProducts(
  ask: <T>(path: string) => Promise<T>,
  shown: ReturnType<typeof told>['shown'],
  count: number,
) {
  const { products } = await ask<ProductPage>('/api/products?prices=true&limit=100')
  assert.equal(products.length, count)
  for (const { id, listings, now } of products) {
    const expected = rangeIn(shown, listings[0]!.sku!)
    assert.deepEqual(now, expected, listings[0]!.sku!)
    const { now: alone, prices } = await ask<ProductAnswer>(`/api/products/${id}`)
    assert.deepEqual(alone, expected)
    assert.equal(prices.length, expected.stores + expected.silent_stores)
    if (expected.lowest_cents !== null) assert.equal(prices[0]!.price_cents, expected.lowest_cents)
  }
}
