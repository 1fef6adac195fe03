/** The page on servers that tests have made up: with shops that have pictures, and on a morning in another time zone. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { renewSuggestions } from '@splitcart/data-management/catalogue/queries/suggestions.ts'
import { PictureCache } from '@splitcart/data-management/pictures/pictures.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { Browser } from 'playwright-core'
import { NO_BROWSER, openBrowser } from '../packages/dashboard/test/browser.ts'
import { buildPage, DIST } from '../packages/dashboard/test/built.ts'
import { openWindow } from '../packages/dashboard/test/site.ts'
import { openPictureShop } from '../packages/data-management/test/picture-shop.ts'
import { openReceiver } from '../packages/data-management/test/receiver.ts'
import { bringIn, named, scrape, scrapeText } from '../packages/data-management/test/shop.ts'
import { NO_OPENSSL } from './certificates.ts'

const WAIT_MS = 60_000

describe('the page on servers of a scene', { skip: NO_BROWSER }, () => {
  let browser: Browser
  before(async () => {
    await buildPage()
    browser = await openBrowser()
  })
  after(() => browser.close())

  test('a pair shows the pictures of both shops, a product its own, and one that cannot be had leaves no hole', {
    skip: NO_OPENSSL,
  }, async () => {
    await using shop = await openPictureShop({ '/gone.png': (response) => response.writeHead(404).end() })
    // Hours go by with each request: what a busy machine was too late for is asked for again.
    let hours = 0
    const pictures = new PictureCache(shop.internet(), () => hours++ * HOUR_MS)
    await using receiver = await openReceiver({ pageFolder: DIST, pictures })
    const pasta = (sku: string, name: string, image: string) => ({
      ...{ sku, name, price: 2, size: '500 g', brand: 'Farro', path: ['Pantry', 'Pasta'] },
      image: shop.at(image),
      details: { description: 'Good with sauce.<br/>Cooks in <b>8</b> minutes &amp; a bit.' },
    })
    await scrape(receiver, 'northmart/S1', '2026-05-01', [pasta('1', 'Penne', '/a.png')])
    await scrape(receiver, 'Oakmart/S1', '2026-05-01', [
      pasta('7', 'Farro Penne', '/b.png'),
      pasta('8', 'Farro Lasagne', '/gone.png'),
    ])
    await renewSuggestions(receiver.catalogue.database)

    const context = await browser.newContext({ baseURL: receiver.url })
    const requested: string[] = []
    context.on('request', (request) => requested.push(request.url()))
    const key = await receiver.makeKey('admin')
    assert.equal((await context.request.post('/api/session', { data: { key } })).status(), 201)
    context.setDefaultTimeout(WAIT_MS)
    for (const path of ['/api/suggestions', '/api/products/1/picture', '/api/products/2/picture'])
      while ((await context.request.get(path)).status() !== 200);
    const page = await context.newPage()
    await page.goto('/pairs')
    const pair = page.getByRole('region', { name: 'Pair' })
    await pair.locator('img').nth(1).waitFor()
    await page.waitForFunction('[...document.images].every((image) => image.complete && image.naturalWidth === 1)')
    assert.equal(await pair.locator('img').count(), 2)
    assert.deepEqual([...new Set(shop.asked)].sort(), ['/a.png', '/b.png'])

    await page.goto('/products/1')
    await page.locator('main img').waitFor()
    const described = page.locator('dd', { hasText: 'Good with sauce.' })
    assert.equal(await described.innerText(), 'Good with sauce.\nCooks in 8 minutes & a bit.')
    await page.goto('/products/3')
    await page.locator('dd', { hasText: 'Good with sauce.' }).waitFor()
    await page.waitForFunction('document.querySelector("main img") === null')
    assert.ok(shop.asked.includes('/gone.png'))
    assert.deepEqual(
      requested.filter((url) => !url.startsWith(`${receiver.url}/`)),
      [],
    )
  })

  test('on an Australian morning after a change of clocks the day is a new one, wherever the viewer is', async () => {
    // In UTC it is still the day before.
    const now = Date.parse('2026-10-04T21:00:00Z')
    const [zone, before, today] = [new TimeZone('Australia/Sydney'), '2026-10-04', '2026-10-05']
    await using receiver = await openReceiver({ zone, now: () => now, pageFolder: DIST })
    const articles = named('Milk', 'Bread')
    const evening = { receivedAt: Date.parse('2026-10-04T12:59:59Z') }
    await bringIn(receiver, scrapeText('aldi/G1', before, articles), evening)
    await bringIn(receiver, scrapeText('aldi/G2', before, articles.slice(0, 1)), evening)
    await bringIn(receiver, scrapeText('aldi/G1', today, articles), { receivedAt: Date.parse('2026-10-04T13:00:00Z') })
    const key = await receiver.makeKey('read')
    await using window = await openWindow(browser, receiver.url, key, { timezoneId: 'America/Los_Angeles' })
    const { page } = window
    await page.clock.setFixedTime(now)
    await window.goto('/')
    await page.getByRole('region', { name: 'Today' }).getByText('1 file loaded').waitFor()
    await page.getByText('days of Australia/Sydney').waitFor()
    const days = page.locator('[title^="5 Oct"], [title^="4 Oct"]')
    await days.nth(3).waitFor()
    const titles = await days.evaluateAll((cells) => cells.map((cell) => cell.getAttribute('title')))
    assert.deepEqual(titles.sort(), ['4 Oct: good', '4 Oct: good', '5 Oct: good', '5 Oct: nothing was due'])
    await window.goto('/products/1')
    await page
      .getByText(/seen today/)
      .first()
      .waitFor()
    assert.deepEqual(window.faults, [])
  })
})
