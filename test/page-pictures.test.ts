/** Pictures of shops on the page: beside each other where a pair is judged, and with a product, always from this server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renewSuggestions } from '@splitcart/data-management/catalogue/queries/suggestions.ts'
import { Pictures } from '@splitcart/data-management/pictures/pictures.ts'
import { NO_BROWSER, openBrowser } from '../packages/dashboard/test/browser.ts'
import { buildPage, DIST } from '../packages/dashboard/test/built.ts'
import { openPictureShop } from '../packages/data-management/test/picture-shop.ts'
import { openReceiver } from '../packages/data-management/test/receiver.ts'
import { scrape } from '../packages/data-management/test/shop.ts'
import { NO_OPENSSL } from './certificates.ts'

const WAIT_MS = 60_000

test('a pair shows the pictures of both shops, a product its own, and one that cannot be had leaves no hole', {
  skip: NO_BROWSER || NO_OPENSSL,
}, async () => {
  await buildPage()
  await using shop = await openPictureShop({ '/gone.png': (response) => response.writeHead(404).end() })
  // Hours go by with each question: what a busy machine was too late for is asked for again.
  let hours = 0
  const pictures = new Pictures(shop.internet(), () => hours++ * 3_600_000)
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

  await using browser = await openBrowser()
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
