/** The chart of prices, as it is seen and used: what is drawn is what the files say. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { until } from '../../../test/machines.ts'
import { faultsSeenByAxe } from './axe.ts'
import { NO_BROWSER } from './browser.ts'
import { datesIn, labelsOf, openChain, openProduct, shadesOf } from './chart-drawn.ts'
import { daysAgo, openSite, rowOf, type Site, says } from './site.ts'

const LABELS_WIDE = 20

/** Rows of one article in one store, every day from one to another. */
function rowsOf(
  sku: string,
  store: string,
  [from, to]: readonly [number, number],
  priceOn: (day: number) => number,
): string {
  return Array.from({ length: from - to + 1 }, (_, index) => {
    const metadata = { store_id: store, store_name: `Corner ${store}`, scraped_date: daysAgo(from - index) }
    return `${rowOf(sku, priceOn(from - index), { metadata })}\n`
  }).join('')
}

describe('the chart of a product', { skip: NO_BROWSER }, () => {
  let site: Site
  before(async () => {
    site = await openSite({ days: 0 })
    const flat = (store: string, days: readonly [number, number]) => rowsOf('flat', store, days, () => 2)
    // Three stores at one price, of which the first one stops; each of them on other days, so that they are lines of their own.
    const text = [flat('D', [40, 20]), flat('E', [39, 0]), flat('F', [38, 0])].join('')
    const weekly = ['A', 'B', 'C'].map((store) =>
      rowsOf('weekly', store, [40, 0], (day) => 3 + (Math.floor(day / 7) % 2) + (store === 'C' && day < 20 ? 1 : 0)),
    )
    const chains = ['corner', 'market'].flatMap((company, dearer) =>
      [5, 7].map((price) => {
        const metadata = { company, store_id: `${price}`, store_name: `${company} ${price}`, scraped_date: daysAgo(0) }
        return `${rowOf('chains', price + dearer / 2, { metadata })}\n`
      }),
    )
    await site.write('corner.jsonl', text + weekly.join(''))
    await site.write('chains.jsonl', chains.join(''))
    await site.upload('--quiet')
  })
  after(() => site[Symbol.asyncDispose]())

  test('lines at one price lie at one height all the time, also where one of them ends, and each is seen', async () => {
    await using window = await openProduct(site, 'Product flat', { chain: 'corner' })
    await window.page.locator('figure svg line').nth(2).waitFor({ state: 'attached' })
    assert.equal(await window.page.locator('figure svg line').count(), 3)
    const { height, colours } = await window.page.locator('canvas').evaluate((element) => {
      const canvas = element as HTMLCanvasElement
      const { width, height } = canvas
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, width, height)
      const rows: number[] = []
      const seen = new Map<string, number>()
      for (let at = 0; at < data.length; at += 4) {
        const pixel = [data[at]!, data[at + 1]!, data[at + 2]!]
        // The lines are coloured, everything else is grey.
        if (data[at + 3]! < 255 || Math.max(...pixel) - Math.min(...pixel) < 60) continue
        rows.push(Math.floor(at / 4 / width))
        seen.set(pixel.join(), (seen.get(pixel.join()) ?? 0) + 1)
      }
      return {
        height: (Math.max(...rows) - Math.min(...rows) + 1) / devicePixelRatio,
        colours: [...seen.values()].filter((count) => count > 100).length,
      }
    })
    assert.ok(height <= 3, `the lines reach over ${height} pixels`)
    assert.equal(colours, 3)
    assert.deepEqual(window.faults, [])
  })

  test('stores that never differed share a line and are named at it', async () => {
    await using window = await openProduct(site, 'Product weekly', { chain: 'corner' })
    const legend = window.page.locator('figure li')
    await says(legend.first(), /2 stores: Corner A, Corner B/)
    assert.equal(await legend.count(), 2)
    assert.deepEqual(window.faults, [])
  })

  test('a chain is a line with a shade from its cheapest store to its dearest on each day, as the files say', async () => {
    await using window = await openProduct(site, 'Product weekly')
    const { page } = window
    const legend = page.locator('figure li')
    await says(legend.first(), /^corner\s*[34]\.00 – [45]\.00\s*its stores$/)
    assert.equal(await legend.count(), 1)
    const drawn = await shadesOf(page, 41)
    const steps: string[] = []
    for (const [index, [low, high]] of drawn.entries()) {
      const day = 40 - index
      const lowest = 3 + (Math.floor(day / 7) % 2)
      const highest = lowest + (day < 20 ? 1 : 0)
      const said = `${day} days ago from ${low} to ${high}, not from ${lowest} to ${highest}`
      assert.ok(Math.abs(low - lowest) < 0.1 && Math.abs(high - highest) < 0.1, said)
      const step = `${lowest}.00 ${highest}.00`
      if (steps[0] !== step) steps.unshift(step)
    }
    // The same stands in the table.
    const rows = page.getByRole('table', { name: 'Chains over time' }).getByRole('row')
    const told = (await rows.allInnerTexts()).slice(1).map((text) => text.match(/\d+\.\d\d/g)!.join(' '))
    assert.deepEqual(told, steps)
    assert.deepEqual(window.faults, [])
  })

  test('chains are told apart by marks as well, and are opened to their stores and closed again with the keyboard', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await using window = await openProduct(site, 'Product chains', { colorScheme })
      const { page } = window
      const legend = page.locator('figure li')
      await says(legend.nth(0), /^corner\s*5\.00 – 7\.00/)
      await says(legend.nth(1), /^market\s*5\.50 – 7\.50/)
      const marks = await legend.locator('path').evaluateAll((paths) => paths.map((path) => path.getAttribute('d')))
      assert.equal(new Set(marks).size, 2)
      assert.deepEqual(await faultsSeenByAxe(page), [])
      await page.getByRole('button', { name: 'Show its stores in the chart: market' }).focus()
      await page.keyboard.press('Enter')
      await page.waitForURL(/chain=market/)
      await says(page.locator('figure ul'), /market · market 5[\s\S]*market · market 7[\s\S]*corner\s*5\.00 – 7\.00/)
      assert.deepEqual(await faultsSeenByAxe(page), [])
      await page.getByRole('button', { name: 'One line per chain' }).focus()
      await page.keyboard.press('Enter')
      await says(legend.nth(1), /^market\s*5\.50 – 7\.50/)
      assert.deepEqual(window.faults, [])
    }
  })

  for (const width of [1440, 400])
    test(`at ${width} pixels its labels are whole, told once, and say the year`, async () => {
      await using window = await openProduct(site, 'Product weekly', { viewport: { width, height: 900 } })
      const labels = await labelsOf(window.page)
      const dates = datesIn(labels)
      assert.ok(dates.length >= (width === 400 ? 2 : 6) && dates.length <= LABELS_WIDE, dates.join())
      assert.equal(new Set(dates).size, dates.length)
      assert.match(dates[0]!, /20\d\d$/)
      for (const { text, left, right, width: of } of labels) assert.ok(left >= 0 && right <= of, `${text} is cut off`)
      const prices = labels.filter(({ text }) => text.includes('.')).map(({ text }) => text)
      assert.equal(new Set(prices).size, prices.length)
    })

  test('dragging looks closer and a double click shows all again, and neither leaves the page', async () => {
    await using window = await openProduct(site, 'Product weekly', { chain: 'corner' })
    const { page } = window
    const address = page.url()
    const all = datesIn(await labelsOf(page))
    const { x, y, width, height } = (await page.locator('.u-over').boundingBox())!
    const middle = y + height / 2
    await page.mouse.move(x + width * 0.4, middle)
    await page.mouse.down()
    await page.mouse.move(x + width * 0.5, middle, { steps: 5 })
    await page.mouse.move(x + width * 0.6, middle, { steps: 5 })
    await page.mouse.up()
    let closer = all
    const isCloser = async () => {
      closer = datesIn(await labelsOf(page))
      return closer.join() !== all.join()
    }
    await until(isCloser, 'it is drawn anew')
    const first = (date: string) => Date.parse(`${date.replace(/ 20\d\d$/, '')} ${new Date().getFullYear()}`)
    assert.ok(first(closer[0]!) !== first(all[0]!), `${closer} of ${all}`)
    await page.mouse.dblclick(x + width / 2, middle)
    await until(async () => datesIn(await labelsOf(page)).join() === all.join(), 'all is shown again')
    // Behind whatever a single click would have begun.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)))
    assert.equal(page.url(), address)
    await page.mouse.click(x + width / 2, middle)
    await page.getByRole('heading', { level: 1, name: 'corner.jsonl' }).waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('stores are chosen for the chart, and the choice is in the address', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/products')
    await page.getByRole('table', { name: 'Products' }).getByRole('link').first().click()
    const boxes = page.getByRole('table', { name: 'What it costs now' }).getByRole('checkbox')
    await boxes.first().waitFor()
    await page.locator('canvas').waitFor()
    await openChain(page, 'corner')
    await boxes.first().uncheck()
    const chosen = (await boxes.count()) - 1
    if (chosen > 0) await page.waitForURL(/store=/)
    await page.getByLabel('Period').selectOption('30')
    await page.waitForURL(/days=30/)
    await page.reload()
    await boxes.first().waitFor()
    assert.equal(await page.getByLabel('Period').inputValue(), '30')
    assert.deepEqual(window.faults, [])
  })

  test('a product opens with where it is cheapest, and is laid aside to be compared under an address that can be shared', async () => {
    await using window = await openProduct(site, 'Product weekly')
    const { page } = window
    const said = page.getByRole('region', { name: 'Where it is cheapest' })
    await says(
      said,
      /^\d\.00 at corner, in [12] stores?, seen (today|yesterday); lowest ever 3\.00 at corner, last .*; usual \d\.00\./,
    )
    await page.getByRole('button', { name: /stores?: corner$/ }).click()
    await page.waitForURL(/chain=corner/)
    await page.getByRole('table', { name: 'What it costs now' }).getByText('Corner A').waitFor()
    await page.getByRole('button', { name: 'Add to comparison' }).click()
    await window.goto('/products?q=flat')
    await page.getByRole('link', { name: 'Product flat', exact: true }).click()
    await page.getByRole('button', { name: 'Add to comparison' }).click()
    await page.getByRole('link', { name: 'Compare 2 products' }).click()
    await page.waitForURL(/\/compare\?product=\d+&product=\d+$/)
    await page.locator('canvas').waitFor()
    const table = page.getByRole('table', { name: 'Where each is cheapest' })
    await says(table, /Product weekly[\s\S]*\d\.00[\s\S]*Product flat[\s\S]*2\.00/)
    // Somebody else sees the same.
    await using other = await site.window(site.reader, { viewport: { width: 400, height: 800 } })
    await other.goto(page.url())
    await other.page.getByRole('table', { name: 'Where each is cheapest' }).getByText('Product flat').waitFor()
    assert.deepEqual([...window.faults, ...other.faults], [])
  })

  test('what fell and rose stands on the overview, on a page with filters, and with the upload that brought it', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/')
    const card = page.getByRole('region', { name: 'What changed' })
    await card.getByRole('link', { name: /^\d+ dearer$/ }).waitFor()
    await card.getByRole('link', { name: 'all changes' }).click()
    await page.getByLabel('Of', { exact: true }).selectOption('30')
    const table = page.getByRole('table', { name: 'Changes' })
    await page.waitForURL(/days=30/)
    await page.getByRole('link', { name: /cheaper/ }).click()
    await page.waitForURL(/kind=cheaper/)
    // Twice from 4.00 to 3.00 within 30 days in two stores, and in the third at its own price too.
    await table
      .getByText(/−1\.00 \(−25%\)|-1\.00 \(-25%\)/)
      .first()
      .waitFor()
    // Those of before stay until the answer is there.
    await table.getByText('dearer').first().waitFor({ state: 'hidden' })
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV' }).click(),
    ])
    const lines = Buffer.concat(await (await download.createReadStream()).toArray())
      .toString()
      .trim()
      .split('\r\n')
    assert.equal(lines.length, await table.getByRole('row').count())
    await table.getByRole('link', { name: 'Product weekly' }).first().click()
    await page.getByRole('heading', { level: 1, name: 'Product weekly' }).waitFor()
    await window.goto('/uploads')
    await page.getByRole('link', { name: 'corner.jsonl' }).first().click()
    await page.getByRole('table', { name: 'What it changed' }).getByText('Product weekly').first().waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('what a silent store asked stands last, and says since when, also on a phone', async () => {
    const outdated = [70, 69, 68].map((day) => rowsOf('flat', 'Z', [day, day], () => 1)).join('')
    await site.write('outdated.jsonl', outdated)
    await site.upload('--quiet')
    await using window = await openProduct(site, 'Product flat', { viewport: { width: 400, height: 800 } })
    const rows = window.page.getByRole('table', { name: 'What it costs now' }).getByRole('row')
    await rows.last().getByText('Corner Z').waitFor()
    const texts = await rows.allInnerTexts()
    assert.match(texts.at(-1)!, /1\.00[\s\S]*not seen lately[\s\S]*\d+ \w+ \d{4}/)
    assert.match(texts[1]!, /2\.00[\s\S]*\d+ \w+ \d{4}/)
    await window.page.getByText('in 2 stores; 2 more have not been heard of lately').waitFor()
    await window.goto('/products?q=flat')
    await window.page.getByRole('table', { name: 'Products' }).getByText('2.00', { exact: true }).waitFor()
  })
})
