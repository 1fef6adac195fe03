/** Whatever stands in a name, a file's name or a line is shown as text, does not break the page, and can be read whole. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { NO_BROWSER } from './browser.ts'
import { lastingFaultsOfSize } from './page-size.ts'
import { openSite, rowOf, type Site, settled, type Window } from './site.ts'

const SCRIPT = '<script>alert(1)</script><img src=x onerror=alert(2)>'
const TURNED = 'gnp.\u202eexe.milk\u202c'
const ESCAPE = '\u001b[2J\u001b[31mred\u0007'
const LONG = 'L'.repeat(499)
const STORE = `Corner "><svg onload=alert(3)> ${TURNED}`

const NAMES = {
  script: SCRIPT,
  turned: TURNED,
  escape: `milk ${ESCAPE}`,
  long: LONG,
  hebrew: 'חלב 2 ליטר',
  zalgo: 'm\u0300\u0301\u0302'.repeat(100),
}

describe('the page, with hostile data', { skip: NO_BROWSER }, () => {
  let site: Site
  before(async () => {
    site = await openSite({ days: 0 })
    const metadata = { company: `c${SCRIPT}`, store_name: STORE, store_id: `${SCRIPT}/1`, scraped_date: '2026-01-01' }
    const rows = Object.entries(NAMES).map(([sku, name]) =>
      rowOf(sku, 1, { name, brand: name, normalized_name_brand_size: `${sku} name`, category_path: [name], metadata }),
    )
    // Enough of them that the file is not held.
    const plain = Array.from({ length: 5 }, (_, index) => rowOf(`plain ${index}`, 1, { metadata }))
    const wrong = [rowOf(SCRIPT, SCRIPT, { metadata }), `no json ${SCRIPT} ${'B'.repeat(10_000)} ${ESCAPE}`]
    await site.write("(O'Neill) 'quoted' 牛奶-2026-01-01.jsonl", `${[...rows, ...plain, ...wrong].join('\n')}\n`)
    await site.upload('--quiet')
  })
  after(() => site[Symbol.asyncDispose]())

  for (const width of [1280, 400])
    test(`every page shows it as text and stays in its place, ${width} pixels wide`, async () => {
      await using window = await site.window(site.admin, { viewport: { width, height: 800 } })
      const { page } = window
      for (const path of ['/', '/sources', '/uploads', '/rejects', '/holds', '/products', '/audit', '/system']) {
        await window.goto(path)
        await assertSafe(window, path)
      }
      await window.goto('/products')
      const links = page.getByRole('table').getByRole('link')
      const count = Object.keys(NAMES).length + 5
      await links.nth(count - 1).waitFor()
      const addresses = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
      assert.equal(addresses.length, count)
      for (const path of addresses) {
        await window.goto(path)
        await page.getByRole('table', { name: 'Price history' }).waitFor()
        await assertSafe(window, path)
      }
    })

  test('marks that turn the writing around and control characters are made visible', async () => {
    await using window = await site.window(site.reader)
    await window.goto('/products')
    const table = window.page.getByRole('table', { name: 'Products' })
    await table.getByText(SCRIPT).first().waitFor()
    const text = await table.innerText()
    assert.ok(text.includes(SCRIPT))
    assert.ok(text.includes('gnp.\\u{202e}exe.milk\\u{202c}'))
    assert.ok(text.includes('milk \\u{1b}[2J\\u{1b}[31mred\\u{7}'))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    assert.doesNotMatch(text, /[\u202a-\u202e\u2066-\u2069\u0000-\u0008\u001b]/)
    assert.deepEqual(window.faults, [])
  })

  test('what is cut off can be read whole', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/products?q=lll')
    await page.getByRole('link', { name: LONG }).click()
    await page
      .getByRole('heading', { level: 1 })
      .getByRole('button', { name: /Show all 499/ })
      .click()
    assert.ok((await page.getByRole('heading', { level: 1 }).innerText()).includes(LONG))
    await window.goto('/rejects?code=not_json')
    await page.locator('summary').click()
    assert.ok(
      (await page.locator('details').innerText()).includes(`no json ${SCRIPT} ${'B'.repeat(4000)}`.slice(0, 4000)),
    )
    assert.deepEqual(window.faults, [])
  })

  test('an address made to lead elsewhere after signing in does not', async () => {
    await using window = await site.window(null)
    const { page } = window
    for (const to of [
      'https://evil.example/',
      '//evil.example/',
      'javascript:alert(4)',
      '/\\evil.example',
      '/sign-in?to=//x',
    ]) {
      await page.context().clearCookies()
      await window.goto(`/sign-in?to=${encodeURIComponent(to)}`)
      await page.getByLabel('Key', { exact: true }).fill(site.reader)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('navigation', { name: 'Pages' }).waitFor()
      assert.equal(new URL(page.url()).origin, site.server().url)
    }
    assert.deepEqual(window.faults, [])
  })
})

async function assertSafe({ page, faults }: Window, path: string): Promise<void> {
  await settled(page)
  const misread = page.locator('body script:not([src]), body img, svg[onload], [onerror]')
  assert.equal(await misread.count(), 0, path)
  assert.deepEqual(await lastingFaultsOfSize(page), [], path)
  assert.deepEqual(faults, [], path)
}
