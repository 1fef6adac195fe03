/** What the server answers and the page shows, beside what a script that shares no code with them computes from the files alone. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Overview } from '@splitcart/data-management/http/routes/overview.ts'
import type { ProductAnswer, ProductPage } from '@splitcart/data-management/http/routes/products.ts'
import { realFiles } from '@splitcart/data-management/test/real-files.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { neededHere } from '../../../test/needed.ts'
import { NO_BROWSER } from './browser.ts'
import { daysAgo, HOURS_AHEAD, openSite, rowOf, type Site, says } from './site.ts'

const SCRIPT = fileURLToPath(new URL('../../../test/independent/figures.py', import.meta.url))
const DAYS = 12
const LISTINGS = 330
const FIRST = '2025-09-01'
const STOPPED = '2025-09-07'
const PRODUCTS = 500
const SEEN = 20
// Three dates of two stores, and one of a store of another company.
const REAL = /-(g147|booval-g107)-2025|^iga-/

type Chain = Record<string, unknown>
type Figures = Readonly<{
  now: ProductAnswer['now']
  lowest_ever: ProductAnswer['lowest_ever']
  chains: Record<string, Chain>
  prices: unknown[][]
}>
type Answer = Readonly<{
  counts: Record<'files' | 'rows' | 'rejected' | 'inserted' | 'changed', number>
  totals: Record<'companies' | 'stores' | 'listings' | 'scrapes', number>
  silent: string[]
  products: Figures[]
}>

/** What the script computes. */
function computed(files: readonly string[], groups: readonly unknown[]): Answer {
  const input = JSON.stringify({ now: Date.now(), hours_ahead: HOURS_AHEAD, groups })
  const { stdout, stderr } = spawnSync('python3', [SCRIPT, ...files], { input, encoding: 'utf8', maxBuffer: 2 ** 28 })
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

/** What the server answers, in the form of the script. The unit price stands where the script knows one. */
function answered(product: ProductAnswer, { prices }: Figures): Figures {
  const chains = product.chains.map(({ company, unit_price_cents: _, unit_price_per: _per, ...rest }) => [
    company.toLowerCase(),
    rest,
  ])
  const told = product.prices.map((each) => [
    ...[each.company.toLowerCase(), each.store_id.toLowerCase(), each.sku, each.date],
    ...[each.price_cents, each.was_price_cents, each.is_on_special, each.is_available, each.is_silent],
    [each.unit_price_cents, each.unit_price_per],
  ])
  const keyOf = (each: unknown[]) => JSON.stringify(each.slice(0, 3))
  const units = new Map(prices.map((each) => [keyOf(each), each.at(-1)]))
  const { lowest_ever: ever } = product
  return {
    now: product.now,
    lowest_ever: ever && { ...ever, company: ever.company.toLowerCase() },
    chains: Object.fromEntries(chains),
    prices: told.map((each) => (units.get(keyOf(each)) === 'unknown' ? [...each.slice(0, -1), 'unknown'] : each)),
  }
}

const MONEY = new Intl.NumberFormat('en-AU', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const money = (cents: number) => MONEY.format(cents / 100)
const whole = (number: number) => new Intl.NumberFormat('en-AU').format(number)

const NO_PYTHON = neededHere(spawnSync('python3', ['--version']).status !== 0 && 'there is no python3 here')

describe('the figures of server and page', { skip: NO_BROWSER || NO_PYTHON }, () => {
  let site: Site
  let paths: string[]
  /** Those that were loaded; what is held, as the generator has a broken scrape now and then, counts nowhere. */
  let files: string[]
  before(async () => {
    site = await openSite({ days: 0 })
    paths = await deliver(site)
    const { uploads } = await ask<{ uploads: { filename: string; state: string }[] }>('/api/uploads?limit=200')
    const loaded = new Set(uploads.flatMap(({ filename, state }) => (state === 'loaded' ? [filename] : [])))
    files = paths.filter((path) => loaded.has(basename(path)))
    assert.ok(files.length > 0.8 * paths.length, `${files.length} of ${paths.length} files were loaded`)
  })
  after(() => site[Symbol.asyncDispose]())

  async function ask<T>(path: string): Promise<T> {
    const answer = await fetch(site.server().url + path, { headers: { 'X-API-Key': site.reader } })
    if (answer.status === 429) {
      // So many requests may be more than one key's share.
      await answer.arrayBuffer()
      await sleep(Number(answer.headers.get('retry-after')) * 1000)
      return ask(path)
    }
    assert.equal(answer.status, 200, path)
    return (await answer.json()) as T
  }

  /** Products from the whole of the list, evenly. */
  async function someProducts(): Promise<ProductAnswer[]> {
    const ids: number[] = []
    for (let after = ''; ; ) {
      const { products, next } = await ask<ProductPage>(`/api/products?limit=100${after}`)
      ids.push(...products.map(({ id }) => id))
      if (next === null) break
      after = `&after=${next}`
    }
    const step = ids.length / PRODUCTS
    const found: ProductAnswer[] = []
    for (let index = 0; index < PRODUCTS; index++)
      found.push(await ask<ProductAnswer>(`/api/products/${ids[Math.floor(index * step)]}`))
    return found
  }

  test('what 500 products cost and have cost, and every tile, is what a script computes from the files', async (t) => {
    const products = await someProducts()
    const answer = computed(
      files,
      products.map(({ listings }) => listings),
    )
    const prices = answer.products.flatMap((each) => each.prices)
    const units = prices.filter((price) => price.at(-1) !== 'unknown').length
    t.diagnostic(
      `${products.length} products, ${prices.length} prices, ${units} by amount, of ${JSON.stringify(answer.counts)}`,
    )
    assert.ok(units > PRODUCTS / 2, `${units} prices by amount`)
    assert.equal(answer.silent.length, 1)
    for (const [index, product] of products.entries()) {
      const figures = answer.products[index]!
      const told = answered(product, figures)
      const byPlace = (prices: unknown[][]) => prices.map((each) => JSON.stringify(each)).sort()
      const name = JSON.stringify(product.listings[0])
      assert.deepEqual(byPlace(told.prices), byPlace(figures.prices), name)
      assert.deepEqual({ ...told, prices: [] }, { ...figures, prices: [] }, name)
    }
    await sameOnScreen(products.filter((_, index) => index % (PRODUCTS / SEEN) === 0))
    await sameInTiles(answer)
  })

  async function sameOnScreen(products: readonly ProductAnswer[]): Promise<void> {
    const figures = computed(
      files,
      products.map(({ listings }) => listings),
    ).products
    await using window = await site.window(site.reader)
    for (const [index, { id }] of products.entries()) {
      await window.goto(`/products/${id}`)
      const { now, lowest_ever: ever, prices } = figures[index]!
      if (prices.length === 0) {
        await window.page.getByText('No store shows it in its latest scrape.').waitFor()
        continue
      }
      const said = window.page.getByRole('region', { name: 'Where it is cheapest' })
      if (now.lowest_cents !== null) await says(said, RegExp(`^${RegExp.escape(money(now.lowest_cents))} at `))
      if (ever !== null) await says(said, RegExp(RegExp.escape(`lowest ever ${money(ever.price_cents)} at `)))
      const stores = `in ${whole(now.stores)} store${now.stores === 1 ? '' : 's'}`
      await window.page
        .getByText(stores, { exact: now.silent_stores === 0 })
        .first()
        .waitFor()
    }
    assert.deepEqual(window.faults, [])
  }

  async function sameInTiles({ counts, totals, silent }: Answer): Promise<void> {
    const { totals: told, attention } = await ask<Overview>('/api/overview')
    const { products: _, ...others } = told
    assert.deepEqual(others, totals)
    assert.equal(attention.silent.count, silent.length)
    await using window = await site.window(site.reader)
    await window.goto('/')
    const tiles = window.page.getByRole('region', { name: 'Today' })
    // Of held files, too.
    const { rejected } = computed(paths, []).counts
    const taken = counts.rows - counts.rejected
    for (const [name, value, about] of [
      ['Uploads today', paths.length, `${whole(counts.files)} files loaded`],
      ['Rows loaded today', taken, `${whole(counts.inserted)} new or back, ${whole(counts.changed)} changed`],
      ['Rejected today', rejected, 'Look at them'],
      ['Waiting in the inbox', 0, 'nothing waits'],
    ] as const) {
      const tile = tiles.locator('div').filter({ has: window.page.getByRole('heading', { name }) })
      await says(tile.locator('p').nth(0), RegExp(`^${RegExp.escape(whole(value))}$`))
      await says(tile.locator('p').nth(1), RegExp(`^${RegExp.escape(about)}$`))
    }
    const lead = `${whole(totals.listings)} listings from ${whole(totals.stores)} stores of ${whole(totals.companies)} companies`
    await window.page.getByText(lead).waitFor()
    assert.deepEqual(window.faults, [])
  }
})

type Scraped = Readonly<{ name: string; text: string }>

/** Sends generated scrapes up to today, of which one store stopped long ago, and real ones where they are; returns their paths. */
async function deliver(site: Site): Promise<string[]> {
  const outbox = join(site.machines.scraping, 'product_outbox')
  mkdirSync(outbox, { recursive: true })
  const real = realFiles().filter(({ name }) => REAL.test(name))
  const scrapes = [
    ...asOfToday(await generated(site)),
    ...asOfToday(real.map(({ name, bytes }) => ({ name, text: Buffer.from(bytes).toString() }))),
  ]
  for (const { name, text } of scrapes) {
    const path = join(outbox, name)
    writeFileSync(path, text)
    // They are sent in the order of their times.
    const at = Date.parse(DATED.exec(name)![1]!) / 1000
    utimesSync(path, at, at)
  }
  const { code, stderr } = await site.upload('--quiet', '--concurrency', '1')
  assert.equal(code, 3, stderr)
  return scrapes.map(({ name }) => join(site.machines.scraping, 'temp_jsonl_product_storage', name))
}

/** Two companies; the first store has not been scraped in the last half of the days, and the last file has two rows that are none. */
async function generated({ machines }: Site): Promise<Scraped[]> {
  const folder = join(machines.path, 'generated')
  const plan = ['--companies', '2', '--stores', '3', '--days', `${DAYS}`, '--products', `${LISTINGS}`]
  assert.equal((await machines.run(['generate', folder, ...plan, '--first-date', FIRST])).code, 0)
  const names = readdirSync(folder).sort()
  const stopped = names[0]!.replace(DATED, '')
  const written = names
    .filter((name) => !name.startsWith(stopped) || name < `${stopped}${STOPPED}`)
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))
  const { name, text } = written.pop()!
  return [...written, { name, text: `${text}${rowOf('9', 'ask in the shop')}\n{"product": {"name": "cut\n` }]
}

const DATED = /(\d{4}-\d\d-\d\d)\.jsonl(?:\.gz)?$/

/** The same scrapes, the latest of them today. */
function asOfToday(scrapes: readonly Scraped[]): Scraped[] {
  const dayOf = (name: string) => Date.parse(DATED.exec(name)![1]!) / DAY_MS
  const ago = Date.parse(daysAgo(0)) / DAY_MS - Math.max(...scrapes.map(({ name }) => dayOf(name)))
  return scrapes.map(({ name, text }) => {
    const date = new Date((dayOf(name) + ago) * DAY_MS).toISOString().slice(0, 10)
    return {
      name: name.replace(DATED, `${date}.jsonl`),
      text: text.replace(/("scraped_date": ?")[\d-]{10}/g, `$1${date}`),
    }
  })
}
