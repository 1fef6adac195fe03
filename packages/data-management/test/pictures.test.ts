/** Pictures of shops: this server gets them from where rows say they are, and from nowhere that is not on the public internet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_OPENSSL } from '../../../test/certificates.ts'
import type { ProductPage } from '../http/routes/products.ts'
import { fetchPicture, NoPicture } from '../pictures/fetch-picture.ts'
import { INTERNET, PictureCache } from '../pictures/pictures.ts'
import { isPublicAddress } from '../pictures/public-address.ts'
import { openPictureShop, RED_POINT } from './picture-shop.ts'
import { assertProblem, get, openReceiver } from './receiver.ts'
import { reader, scrape } from './shop.ts'

test('what is public is told from this machine, its neighbours, and what only stands for an address of them', () => {
  const PUBLIC = [
    '1.1.1.1',
    '93.184.216.34',
    '172.32.0.1',
    '192.169.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ]
  const OTHER = [
    ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1'],
    ...['169.254.169.254', '192.0.0.1', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '203.0.113.7'],
    ...[
      '::1',
      '::',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      '64:ff9b::7f00:1',
      'fe80::1',
      'fe80::1%lo',
      'fd00::1',
      'ff02::1',
    ],
    ...['2002:7f00:1::', '2001::1', '2001:db8::1', 'localhost', '', '1.1.1', '2606:4700::1111%eth0'],
  ]
  assert.deepEqual(
    PUBLIC.filter((address) => !isPublicAddress(address)),
    [],
  )
  assert.deepEqual(OTHER.filter(isPublicAddress), [])
})

/** What a shop may answer. */
const ANSWERS: Parameters<typeof openPictureShop>[0] = {
  '/on': (response) => response.writeHead(302, { location: '/red.png' }).end(),
  '/round': (response) => response.writeHead(302, { location: '/round' }).end(),
  '/plain': (response) => response.writeHead(302, { location: 'http://pictures.shop.example/red.png' }).end(),
  '/inside': (response) => response.writeHead(302, { location: 'https://127.0.0.2/red.png' }).end(),
  '/inner': (response) => response.writeHead(302, { location: 'https://inner.shop.example/red.png' }).end(),
  '/gone': (response) => response.writeHead(404).end(RED_POINT),
  '/program.svg': (response) => response.writeHead(200, { 'content-type': 'image/svg+xml' }).end('<svg/>'),
  '/large': (response) => response.writeHead(200).end(Buffer.concat([RED_POINT, Buffer.alloc(3 * 1024 * 1024)])),
  '/told-large': (response) => response.writeHead(200, { 'content-length': '3000000' }).end(RED_POINT),
  '/silent': () => {},
  '/halting': (response) => void response.writeHead(200).write(RED_POINT),
  '/broken': (response) => {
    response.writeHead(200, { 'content-length': '2000' }).write(RED_POINT, () => response.destroy())
  },
}

test('a picture is got over https from public addresses only, also where it leads on, within its bounds, and it is one', {
  skip: NO_OPENSSL,
}, async () => {
  await using shop = await openPictureShop(ANSWERS)
  const names = {
    'inner.shop.example': ['10.0.0.1'],
    'both.shop.example': ['127.0.0.1', '10.0.0.1'],
    'none.shop.example': [],
  }
  const internet = shop.internet(names)
  for (const path of ['/red.png', '/on'])
    assert.deepEqual(await fetchPicture(shop.at(path), internet), { bytes: RED_POINT, type: 'image/png' })
  const why = async (address: string, way = internet) => {
    const error: unknown = await fetchPicture(address, way).catch((each) => each)
    assert.ok(error instanceof NoPicture, `${address}: ${error}`)
    return error.message
  }
  // They take as long as may be, while the others are asked.
  const late = Promise.all([
    ...['/silent', '/halting'].map((path) => why(shop.at(path))),
    why(shop.at('/red.png'), { ...internet, resolve: () => new Promise(() => {}) }),
  ])
  const NOT_PUBLIC = 'its host is not on the public internet'
  for (const host of ['inner', 'both', 'none'])
    assert.equal(await why(shop.at('/red.png', `${host}.shop.example`)), NOT_PUBLIC)
  for (const [path, said] of [
    ['/round', 'it leads on more than 3 times'],
    ['/plain', 'its address is not https'],
    ['/inside', NOT_PUBLIC],
    ['/inner', NOT_PUBLIC],
    ['/gone', 'its shop answers 404'],
    ['/program.svg', 'what its shop answers is no picture'],
    ['/large', 'it is too large'],
    ['/told-large', 'it is too large'],
    ['/broken', 'its shop broke off'],
  ] as const)
    assert.equal(await why(shop.at(path)), said, path)
  assert.equal(await why('https://user:word@pictures.shop.example/'), 'its address has a user in it')
  assert.equal(await why(shop.at('/red.png'), { ...internet, ca: undefined }), 'its shop cannot be reached')

  // As this machine reaches the internet: what is here is refused before anything is asked.
  const before = shop.asked.length
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1'])
    assert.equal(await why(shop.at('/red.png', host), { ...INTERNET, ca: internet.ca }), NOT_PUBLIC, host)
  assert.equal(shop.asked.length, before)
  assert.deepEqual(
    await late,
    Array.from({ length: 3 }, () => 'it took too long'),
  )
})

test('the picture of a product, or of one listing, is answered as what it is, and got from its shop once', {
  skip: NO_OPENSSL,
}, async () => {
  let now = 0
  await using shop = await openPictureShop({
    '/gone.png': (response) => response.writeHead(410).end(),
    '/lost.png': (response) => response.writeHead(410).end(),
  })
  await using receiver = await openReceiver({ pictures: new PictureCache(shop.internet(), () => now) })
  const tea = (sku: string, image: string) => ({ sku, name: `Tea ${sku}`, price: 1, image })
  await scrape(receiver, 'northmart/S1', '2026-05-01', [
    { ...tea('1', shop.at('/gone.png')), barcode: '9300000000002' },
    tea('2', shop.at('/lost.png')),
    tea('3', 'http://pictures.shop.example/plain.png'),
  ])
  await scrape(receiver, 'Oakmart/S1', '2026-05-01', [{ ...tea('7', shop.at('/tea.png')), barcode: '9300000000002' }])
  const ask = await reader(receiver)
  const product = async (company: string, sku: string) =>
    (await ask<ProductPage>(`/api/products?company=${company}&sku=${sku}`)).products[0]!.id
  const key = await receiver.makeKey('read')
  const id = await product('northmart', '1')
  for (const query of ['', '', '?company=OAKMART&sku=7']) {
    const response = await fetch(`${receiver.url}/api/products/${id}/picture${query}`, {
      headers: { 'x-api-key': key },
    })
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), RED_POINT)
    const shown = ['content-type', 'x-content-type-options', 'content-security-policy', 'cache-control']
    assert.deepEqual(
      shown.map((name) => response.headers.get(name)),
      ['image/png', 'nosniff', "default-src 'none';frame-ancestors 'none'", 'private, max-age=86400'],
    )
  }
  assert.deepEqual(shop.asked, ['/gone.png', '/tea.png'])
  const path = `/api/products/${await product('northmart', '2')}/picture`
  const refused = async (where: string, code = 'not_found', status = 404) =>
    assertProblem(await get({ url: receiver.url, key }, where), status, code)
  for (let times = 0; times < 2; times++) await refused(path)
  assert.deepEqual(shop.asked.slice(2), ['/lost.png'], 'what could not be had is not asked for again at once')
  now += 11 * 60_000
  await refused(path)
  assert.equal(shop.asked.length, 4)
  for (const where of [
    `/api/products/${id}/picture?company=northmart&sku=1`,
    `/api/products/${id}/picture?company=northmart&sku=2`,
    `/api/products/${await product('northmart', '3')}/picture`,
    '/api/products/999999/picture',
    '/api/products/x/picture',
  ])
    await refused(where)
  await refused(`/api/products/${id}/picture?sku=7`, 'request_invalid', 400)
  assert.equal(shop.asked.length, 5, 'another company has no such listing in it: nothing is asked')
})
