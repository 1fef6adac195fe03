/** The page for everybody: found without faults by axe in both colour schemes, narrow enough for a phone, usable by keyboard alone. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { SuggestionPage, VerdictPage } from '@splitcart/data-management/http/routes/verdicts-schema.ts'
import type { Page } from 'playwright-core'
import { faultsSeenByAxe } from './axe.ts'
import { NO_BROWSER } from './browser.ts'
import { addStyle, lastingFaultsOfSize, SPACED } from './page-size.ts'
import { daysAgo, fileOf, neverAvailable, openSite, rowOf, type Site, says, settled, type Window } from './site.ts'

const PAGES = [
  ...'/ /sources /uploads /rejects /holds /changes /findings /products /pairs'.split(' '),
  ...['/products/:id', '/uploads/:id', '/store?store=corner%2FC1'],
  ...'/machines /keys /sessions /audit /notices /system /docs /sign-in'.split(' '),
]

const DIALOGS = [
  ['/', 'Tick off'],
  ['/machines', 'Add a machine'],
  ['/keys', 'Create a key'],
  ['/keys', 'Rotate'],
  ['/keys', 'Revoke'],
  ['/holds', 'Release'],
  ['/holds', 'Discard'],
  ['/findings', 'Believe from now on'],
  ['/store?store=corner%2FC1', 'Edit'],
  ['/products/:id', 'Watch'],
  ['/uploads/:id', 'Undo'],
] as const

// In another scheme the document is the same, but for its colours.
const OF_COLOURS = ['color-contrast', 'link-in-text-block']
// Of the requests that the page of the API describes, all made by one component: a third of the time would go into the others.
const ALIKE_MAX = 20

describe('the page, for everybody', { skip: NO_BROWSER }, () => {
  let site: Site
  let product = ''
  let upload = ''
  before(async () => {
    site = await openSite({ days: 2, products: 30 })
    await site.write('access-2026-01-01.jsonl', `${fileOf('2026-01-01', 40)}${rowOf('bad', 'a lot')}\n`)
    await site.write('never-2026-01-01.jsonl', neverAvailable('C2'))
    await site.upload('--quiet')
    await site.write('held-2026-01-02.jsonl', fileOf('2026-01-02', 10, 3))
    await site.upload('--quiet')
    await using window = await site.window(site.reader)
    product = await firstLinkOf(window, '/products?q=product')
    upload = await firstLinkOf(window, '/uploads?q=access')
  })
  after(() => site[Symbol.asyncDispose]())

  /** The address of a page that is named by what it shows. */
  const addressOf = (path: string) => ({ '/products/:id': product, '/uploads/:id': upload })[path] ?? path

  describe('axe finds nothing serious or critical, in either colour scheme', () => {
    let window: Window
    before(async () => {
      window = await site.window(site.admin, { reducedMotion: 'reduce' })
    })
    after(() => window[Symbol.asyncDispose]())

    /** Of what stands there now, which is as it is in light colours. */
    async function faultsInBoth(): Promise<string[]> {
      const { page } = window
      const light = await faultsSeenByAxe(page)
      await page.emulateMedia({ colorScheme: 'dark' })
      await page.locator('html[data-mantine-color-scheme=dark]').waitFor()
      const dark = await faultsSeenByAxe(page, OF_COLOURS)
      return [...light.map((fault) => `light: ${fault}`), ...dark.map((fault) => `dark: ${fault}`)]
    }

    async function open(path: string): Promise<void> {
      await window.page.emulateMedia({ colorScheme: 'light' })
      await window.goto(addressOf(path))
      await settled(window.page)
    }

    for (const path of PAGES)
      test(`on ${path}`, async () => {
        await open(path)
        await window.page.evaluate(leaveSome, ALIKE_MAX)
        assert.deepEqual(await faultsInBoth(), [])
      })

    for (const [path, button] of DIALOGS)
      test(`in the dialog of ${button} on ${path}`, async () => {
        await open(path)
        await window.page.getByRole('button', { name: button }).first().click()
        await window.page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).waitFor()
        assert.deepEqual(await faultsInBoth(), [])
      })
  })

  describe('at no width a page is wider than its window, goes on below what is seen, or cuts its tables', () => {
    let window: Window
    before(async () => {
      window = await site.window(site.admin)
    })
    after(() => window[Symbol.asyncDispose]())

    for (const path of PAGES)
      test(path, async () => {
        const { page } = window
        await window.goto(addressOf(path))
        await settled(page)
        await page.evaluate(addStyle, SPACED)
        for (const width of [1_440, 1_280, 400]) {
          await page.setViewportSize({ width, height: 800 })
          assert.deepEqual(await lastingFaultsOfSize(page), [], `${path} at ${width}`)
        }
      })
  })

  test('on a phone the menu opens, leads on and closes', async () => {
    await using window = await site.window(site.admin, { viewport: { width: 400, height: 800 } })
    const { page } = window
    await window.goto('/')
    await page.getByRole('button', { name: 'Open the menu' }).click()
    await page.getByRole('link', { name: 'Uploads' }).click()
    await page.waitForURL('/uploads')
    await page.getByRole('button', { name: 'Open the menu' }).waitFor()
    await page.getByRole('link', { name: 'Sources' }).waitFor({ state: 'hidden' })
  })

  test('by keyboard alone one signs in, finds a product and reads its history', async () => {
    await using window = await site.window(null)
    const { page } = window
    await window.goto('/products')
    await page.waitForURL(/\/sign-in/)
    await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT')
    await page.keyboard.type(site.reader)
    await page.keyboard.press('Enter')
    await page.waitForURL('/products')
    // The page that is for searching begins in its search.
    await page.waitForFunction(() => (document.activeElement as HTMLInputElement).type === 'search')
    await page.keyboard.type('product s1')
    await page.waitForURL('/products?q=product+s1')
    await page.getByRole('link', { name: 'Product s1', exact: true }).waitFor()
    await tabTo(page, 'Product s1')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Product s1' }).waitFor()
    await page.getByRole('table', { name: 'Price history' }).getByText('1.50').waitFor()
    // After going on, the keyboard stands at the beginning of what is new.
    await page.waitForFunction(() => document.activeElement?.id === 'main')
    await tabTo(page, 'its upload')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'access-2026-01-01.jsonl' }).waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('pairs are judged one after the other with one key each, and the last word is taken back with another', async () => {
    for (const [company, size] of Object.entries({ northmart: '500 g', oakmart: '400g Each' })) {
      const metadata = { company, store_id: 'S1', store_name: company, scraped_date: '2026-01-01' }
      const rows = ['Spirals', 'Penne'].map((name) => rowOf(name, 2, { name, size, metadata }))
      await site.write(`${company}-2026-01-01.jsonl`, `${rows.join('\n')}\n`)
    }
    await site.upload('--quiet')
    await using window = await site.window(site.admin)
    const { page } = window
    const waiting = async () =>
      ((await (await page.request.get('/api/suggestions')).json()) as SuggestionPage).pairs.length
    while ((await waiting()) < 2) await page.waitForTimeout(100)
    await window.goto('/pairs')
    const [sides, said] = [page.getByRole('article'), page.getByRole('main').getByRole('status')]
    await sides.nth(1).waitFor()
    const nameShown = () => sides.first().getByRole('heading').innerText()
    const first = await nameShown()
    await says(sides.nth(1), /\/ 100 g/)
    await page.keyboard.press('c')
    await said.getByText('comparable').waitFor()
    assert.notEqual(await nameShown(), first)
    const verdicts = async () =>
      ((await (await page.request.get('/api/verdicts')).json()) as VerdictPage).verdicts.map(
        ({ verdict, undone_at }) => `${verdict} ${undone_at === null ? 'counts' : 'is taken back'}`,
      )
    assert.deepEqual(await verdicts(), ['comparable counts'])
    await page.keyboard.press('u')
    await said.getByText('comparable').waitFor({ state: 'detached' })
    assert.equal(await nameShown(), first)
    assert.deepEqual(await verdicts(), ['comparable is taken back'])
    await page.keyboard.press('k')
    await said.getByText('skipped').waitFor()
    await page.getByRole('button', { name: 'No' }).click()
    await said.getByText('not the same').waitFor()
    assert.deepEqual(await verdicts(), ['not_same counts', 'comparable is taken back'])
    assert.deepEqual(window.faults, [])
  })

  test('what is found is sorted by what it costs by amount, and may be limited by that', async () => {
    const metadata = { company: 'teashop', store_id: 'T1', scraped_date: daysAgo(0) }
    const tea = (sku: string, size: string, price: number) =>
      rowOf(sku, price, { name: `Oolong ${sku}`, size, metadata })
    await site.write(
      'teas.jsonl',
      [tea('dear', '100 g', 3), tea('cheap', '1 kg', 5), tea('bags', '50 pack', 2)].join('\n'),
    )
    await site.upload('--quiet')
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/products?q=oolong')
    const rows = page.getByRole('table', { name: 'Products' }).getByRole('row')
    await rows.nth(3).waitFor()
    await page.getByLabel('Order').selectOption('any')
    await rows.nth(1).getByText('0.50 / 100 g').waitFor()
    await says(rows.nth(3), /bags[\s\S]*0\.04 each/)
    await page.getByLabel('Order').selectOption('g')
    await page.getByLabel('At most, for 100 g').fill('2.99')
    await page.getByText('1 found').waitFor()
    await rows.nth(1).getByText('Oolong cheap').waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('the first stop of the keyboard leads past the navigation, and every stop is visible', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/sources')
    await settled(page)
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the content')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    const stop = await page.evaluate(() => {
      const element = document.activeElement!
      const { outlineStyle, outlineWidth } = getComputedStyle(element)
      return { isInMain: element.closest('main') !== null, outline: `${outlineStyle} ${outlineWidth}` }
    })
    assert.equal(stop.isInMain, true)
    assert.match(stop.outline, /solid [1-9]/)
  })

  test('the colour scheme follows the system until another one is chosen, and that choice is kept', async () => {
    await using window = await site.window(site.reader, { colorScheme: 'dark' })
    const { page } = window
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const isDark = page.locator('html[data-mantine-color-scheme=dark]')
    await window.goto('/')
    await isDark.waitFor()
    const dark = await background()
    await page.emulateMedia({ colorScheme: 'light' })
    await page.waitForFunction((before) => getComputedStyle(document.body).backgroundColor !== before, dark)
    await page.getByRole('radiogroup', { name: 'Colours' }).getByText('Dark').click({ force: true })
    await page.waitForFunction((before) => getComputedStyle(document.body).backgroundColor === before, dark)
    await page.reload()
    await page.locator('h1').waitFor()
    await isDark.waitFor()
    assert.equal(await background(), dark)
  })

  test('times are those of the viewer, with UTC where they are pointed at', async () => {
    await using window = await site.window(site.reader)
    await window.goto(upload)
    const time = window.page.getByRole('region', { name: 'From accepted to committed' }).locator('time').first()
    const { at, shown, title } = await time.evaluate((element) => ({
      at: element.getAttribute('datetime') ?? '',
      shown: element.textContent,
      title: element.getAttribute('title'),
    }))
    const brisbane = new Intl.DateTimeFormat('en-AU', {
      dateStyle: 'medium',
      timeStyle: 'medium',
      timeZone: 'Australia/Brisbane',
    })
    assert.equal(shown.replace(/\s/g, ' '), brisbane.format(new Date(at)).replace(/\s/g, ' '))
    assert.equal(title, `${at.slice(0, 19).replace('T', ' ')} UTC`)
  })
})

/** Removes sections of the page that are like those before them. Runs there. */
function leaveSome(count: number): void {
  for (const section of [...document.querySelectorAll('main section')].slice(count)) section.remove()
}

async function firstLinkOf(window: Window, path: string): Promise<string> {
  await window.goto(path)
  return (await window.page.getByRole('table').getByRole('link').first().getAttribute('href')) ?? ''
}

/** Presses Tab until what has this name has the focus. */
async function tabTo(page: Page, name: string, stopsMax = 80): Promise<void> {
  const seen: string[] = []
  for (let stops = 0; stops < stopsMax; stops++) {
    await page.keyboard.press('Tab')
    const stop = await page.evaluate(() => {
      const element = document.activeElement
      const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : undefined
      return label ?? element?.getAttribute('aria-label') ?? element?.textContent ?? ''
    })
    if (stop === name) return
    seen.push(stop)
  }
  assert.fail(`no stop of the keyboard is called ${name}: ${seen.join(' | ')}`)
}
