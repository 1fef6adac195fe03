/** How fast the page is: what is loaded first, how soon it can be used, the chart, and lists that are long. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { allowedMs } from '../../../test/times.ts'
import { NO_BROWSER } from './browser.ts'
import { daysAgo, openSite, rowOf, type Site, says } from './site.ts'

const BYTES_MAX = 300_000
const INTERACTIVE_MS_MAX = 1_500
const CHART_MS_MAX = 100
const STORES = 5
const DAYS = 730
const UPLOADS = 100_000
const PRODUCTS = 1_000_000
const FRAME_MS_MAX = 16
// Of several runs the best: what else the machine does is not what is measured.
const TRIES = 4

describe('the page, how fast', { skip: NO_BROWSER }, () => {
  let site: Site
  before(async () => {
    site = await openSite({ days: 0 })
    await site.write('two-years.jsonl', twoYears())
    assert.equal((await site.upload('--quiet')).code, 0)
    await site.stop()
    const { dataManagement } = site.machines
    multiplyUploads(join(dataManagement, 'ledger.db'))
    multiplyProducts(join(dataManagement, 'catalogue.db'))
    await site.restart()
  })
  after(() => site[Symbol.asyncDispose]())

  test('the first page takes less than 300 KB, all told, and can be used within 1.5 s', async (context) => {
    const times: number[] = []
    const computed: number[] = []
    let bytes = 0
    for (let tries = 0; tries < TRIES; tries++) {
      await using window = await site.window(site.reader)
      const { page } = window
      const computing = await computingOf(page)
      await page.goto('/')
      await page.getByRole('region', { name: 'Needs attention' }).waitFor()
      times.push(await page.evaluate(() => performance.now()))
      computed.push(await computing())
      bytes = await page.evaluate(() =>
        (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
          .filter(({ name }) => !name.includes('/api/'))
          .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
      )
      assert.deepEqual(window.faults, [])
    }
    context.diagnostic(`${bytes} bytes; usable after ${rounded(times)} ms, computing for ${rounded(computed)} ms`)
    assert.ok(bytes > 50_000 && bytes < BYTES_MAX, `${bytes} bytes`)
    assert.ok(Math.min(...computed) < INTERACTIVE_MS_MAX / 2, `${computed} ms`)
    assert.ok(Math.min(...times) < allowedMs(INTERACTIVE_MS_MAX), `${times} ms`)
  })

  test('the page is written in letters of its own, which browsers keep, and whose figures are all as wide', async () => {
    await using window = await site.window(null)
    const { page } = window
    await window.goto('/sign-in')
    const { states, widths, files, family } = await page.evaluate(async () => {
      const faces = await document.fonts.load('15px Inter', '0123456789')
      const line = document.body.appendChild(document.createElement('span'))
      line.style.fontVariantNumeric = 'tabular-nums'
      const widthOf = (text: string) => {
        line.textContent = text
        return line.getBoundingClientRect().width
      }
      const names = performance.getEntriesByType('resource').map(({ name }) => name)
      return {
        states: faces.map(({ status }) => status),
        widths: ['0000000000', '1111111111', '7777777777'].map(widthOf),
        files: names.filter((name) => name.endsWith('.woff2')),
        family: getComputedStyle(document.body).fontFamily,
      }
    })
    assert.deepEqual(states, ['loaded'])
    assert.match(family, /^"?Inter"?,/)
    assert.deepEqual(new Set(widths).size, 1, `${widths} pixels`)
    // One file: the letters beyond Latin-1 are asked for by who shows them.
    assert.equal(new Set(files).size, 1, files.join())
    assert.equal(new URL(files[0]!).origin, site.server().url)
    const { headers } = await fetch(files[0]!)
    assert.deepEqual(
      [headers.get('content-type'), headers.get('cache-control')],
      ['font/woff2', 'public, max-age=31536000, immutable'],
    )
    assert.match(await (await fetch(`${site.server().url}/assets/licences.txt`)).text(), /SIL OPEN FONT LICENSE/i)
    assert.deepEqual(window.faults, [])
  })

  test('a chart of five stores over two years is drawn within 100 ms', async (context) => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/products?q=steps')
    await page.getByRole('link', { name: 'Steps' }).click()
    await page.getByRole('button', { name: 'Show its stores in the chart: corner' }).click()
    await page.waitForURL(/chain=corner/)
    await page.reload()
    const times: number[] = []
    for (let tries = 0; tries < TRIES; tries++) {
      await page.locator('canvas').waitFor()
      times.push(
        ...(await page.evaluate(() => performance.getEntriesByName('price chart').map(({ duration }) => duration))),
      )
      await page.reload()
    }
    const runs = await page.getByRole('table', { name: 'Price history' }).getAttribute('aria-rowcount')
    context.diagnostic(`${runs} prices drawn in ${times.map(Math.round).join(', ')} ms`)
    assert.ok(Number(runs) > 1000)
    assert.ok(Math.min(...times) < allowedMs(CHART_MS_MAX), `${times} ms`)
    assert.deepEqual(window.faults, [])
  })

  for (const { path, name, rows } of [
    { path: '/uploads', name: 'Uploads', rows: UPLOADS },
    { path: '/products', name: 'Products', rows: PRODUCTS },
  ])
    test(`a list of ${rows.toLocaleString('en')} ${name.toLowerCase()} scrolls smoothly, with few rows in the document`, async (context) => {
      await using window = await site.window(site.reader)
      const { page } = window
      await window.goto(path)
      await page.getByRole('table', { name }).getByRole('row').nth(5).waitFor()
      const first = await page.getByRole('table', { name }).getByRole('row').nth(1).innerText()
      const computing = await computingOf(page)
      const { frames, shown, seen } = await scrolled(page)
      const each = (await computing()) / frames.length
      frames.sort((one, other) => one - other)
      const [middle, late] = [frames[frames.length >> 1]!, frames[Math.floor(frames.length * 0.95)]!]
      context.diagnostic(
        `${frames.length} frames every ${rounded([middle])} ms, 95 % within ${rounded([late])} ms, computing ${each.toFixed(1)} ms each; ${seen} rows deep, ${shown} in the document`,
      )
      assert.ok(shown < 120, `${shown} rows in the document`)
      assert.notEqual(await page.getByRole('table', { name }).getByRole('row').nth(1).innerText(), first)
      assert.ok(each < FRAME_MS_MAX, `${each} ms computing for each frame`)
      assert.ok(seen > 100, `only ${seen} rows deep`)
      assert.ok(middle < allowedMs(50) && late < allowedMs(250), `${middle} ms, 95 % within ${late} ms`)
      assert.deepEqual(window.faults, [])
    })

  test('a list is in order as a whole; of what is not, it is said of how much', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/uploads?table=uploads:-filename:')
    await says(page.getByRole('table', { name: 'Uploads' }).getByRole('row').nth(2), /^made-99999\.jsonl/)
    assert.equal(await page.getByText('rows are in this order').count(), 0)
    await window.goto('/uploads?table=uploads:-sender:')
    await says(page.getByRole('main'), /Only the first [2-9],\d{3} rows are in this order/)
    await window.goto('/uploads')
    await page.getByRole('table', { name: 'Uploads' }).getByRole('row').nth(5).waitFor()
    assert.equal(await page.getByText('rows are in this order').count(), 0)
    assert.deepEqual(window.faults, [])
  })
})

/** Begins to count how long the page computes, in milliseconds of a processor. */
async function computingOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const count = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000
  }
  const before = await count()
  return async () => (await count()) - before
}

function rounded(times: readonly number[]): string {
  return times.map(Math.round).join(', ')
}

/** Scrolls down for a while as a wheel does, and measures the frames in between. */
function scrolled(page: Page): Promise<{ frames: number[]; shown: number; seen: number }> {
  return page.evaluate(async () => {
    const frames: number[] = []
    let last = performance.now()
    for (const end = last + 4000; last < end; ) {
      window.scrollBy(0, 240)
      const now = await new Promise<number>(requestAnimationFrame)
      frames.push(now - last)
      last = now
    }
    await new Promise((resolve) => setTimeout(resolve, 300))
    const rows = [...document.querySelectorAll('[role=row]')]
    const seen = Math.max(...rows.map((row) => Number(row.getAttribute('aria-rowindex'))))
    return { frames, shown: rows.length, seen }
  })
}

/** One product in five stores on every day of two years: another price every third day, specials, and gaps. */
function twoYears(): string {
  const lines: string[] = []
  for (let day = 0; day < DAYS; day++) {
    const scraped_date = daysAgo(DAYS - day)
    for (let store = 0; store < STORES; store++) {
      if ((day + store * 11) % 97 < 4) continue
      const metadata = { store_id: `T${store}`, store_name: `Store ${store}`, scraped_date }
      const price = 2 + store / 10 + (Math.floor((day + store) / 3) % 7) / 4
      lines.push(rowOf('steps', price, { name: 'Steps', is_on_special: day % 30 < 5, metadata }))
    }
  }
  return `${lines.join('\n')}\n`
}

/** Many more uploads, as if each had been sent and had failed: through SQL, because sending them would take an hour. */
function multiplyUploads(path: string): void {
  const database = new DatabaseSync(path)
  database.exec(`pragma synchronous = off; begin;
    with recursive number(n) as (values (1) union all select n + 1 from number where n < ${UPLOADS})
    insert into upload (id, sha256, filename, stored_as, bytes, lines, wire_bytes, received_at, state, load, settled_at)
      select format('0190%04x-%04x-7000-8000-%012x', n >> 16, n & 65535, n), format('%064x', n), 'made-' || n || '.jsonl',
        'made-' || n || '.jsonl', bytes, lines, wire_bytes, received_at - n * 60000, 'failed', load, settled_at - n * 60000
      from number, (select * from upload limit 1);
    commit`)
  database.close()
}

function multiplyProducts(path: string): void {
  const database = new DatabaseSync(path)
  database.exec(`pragma synchronous = off; begin;
    with recursive number(n) as (values (1000000) union all select n + 1 from number where n < 1000000 + ${PRODUCTS} - 1)
    insert into listing (id, company_id, by_name, code, product_id, label_id) select n, 1, 0, 'made ' || n, n, n from number;
    insert into label (id, listing_id, hash, name, key) select id, id, 0, 'Made ' || id, 'made ' || id from listing where id >= 1000000;
    commit`)
  database.close()
}
