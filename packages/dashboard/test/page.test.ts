/** The page as people use it: every part of it, in a real browser, on a real server with generated data. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { NO_BROWSER } from './browser.ts'
import { fileOf, openSite, rowOf, type Site, says, settled } from './site.ts'

describe('the page', { skip: NO_BROWSER }, () => {
  let site: Site
  before(async () => {
    site = await openSite({ days: 3 })
    await site.write('corner-2026-01-01.jsonl', fileOf('2026-01-01', 40))
    await site.write('rejected-2026-01-02.jsonl', `${fileOf('2026-01-02', 40)}${rowOf('bad', 'a lot')}\nno json\n`)
    await site.write('wrong-2026-01-03.jsonl', 'not one row\n')
    await site.upload('--quiet')
    await site.write('half-2026-01-04.jsonl', fileOf('2026-01-04', 12, 9.5))
    await site.upload('--quiet')
  })
  after(() => site[Symbol.asyncDispose]())

  test('who is not signed in is asked for a key, is told what is wrong with a wrong one, and then gets where they wanted', async () => {
    await using window = await site.window(null)
    const { page } = window
    await window.goto('/uploads?state=loaded')
    await page.waitForURL(/\/sign-in\?to=/)
    await page.getByLabel('Key', { exact: true }).fill('splitcart_wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('This key is not accepted').waitFor()
    await page.getByLabel('Key', { exact: true }).fill(site.reader)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('/uploads?state=loaded')
    await page.getByRole('table', { name: 'Uploads' }).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(/\/sign-in/)
    await page.goto('/uploads')
    await page.waitForURL(/\/sign-in/)
    assert.deepEqual(window.faults, [])
  })

  test('the overview says first what needs attention, and the tab of the browser does too', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/')
    const attention = page.getByRole('region', { name: 'Needs attention' })
    for (const words of ['half-2026-01-04.jsonl', 'wrong-2026-01-03.jsonl', 'rejected-2026-01-02.jsonl'])
      await attention.getByRole('link', { name: words }).first().waitFor()
    const today = page.getByRole('region', { name: 'Today' })
    await says(today, /Uploads today\s+16/)
    // Of the files that were loaded, all but the two lines that are no rows; rejected are also those of the file that failed.
    const loaded = (await linesIn(join(site.machines.scraping, 'temp_jsonl_product_storage'), /^(?!half|wrong)/)) - 2
    await says(today, new RegExp(`Rows loaded today\\s+${loaded.toLocaleString('en-AU')}\\s`))
    await says(today, /Rejected today\s+3\s/)
    await says(attention, /^(?![\s\S]*rejects\s+wrong)[\s\S]*rejects\s+rejected-/)
    await today.getByRole('link', { name: 'Look at them' }).click()
    await page.waitForURL(/\/rejects\?since=/)
    await page.getByText('3 rows in').waitFor()
    await page.getByRole('link', { name: /only since/ }).click()
    await page.waitForURL('/rejects')
    await window.goto('/')
    await page.getByRole('region', { name: 'The last 24 hours' }).waitFor()
    const sources = page.getByRole('region', { name: /Sources/ }).getByRole('img')
    await sources.nth(4).waitFor()
    assert.equal(await sources.count(), 5)
    await page.waitForFunction(() => /^\(\d+\) Overview/.test(document.title))
    await page.locator('link[rel=icon][href*=attention]').waitFor({ state: 'attached' })
    assert.deepEqual(window.faults, [])
  })

  test('sources show how they are scraped, and filters survive a reload and the way back', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/sources')
    const table = page.getByRole('table', { name: 'Sources' })
    await table.getByText('Corner Shop').waitFor()
    await page.waitForFunction(() => document.querySelectorAll('[role=row]').length === 6)
    await page.getByLabel('Company').selectOption('corner')
    await page.waitForURL('/sources?company=corner')
    await page.waitForFunction(() => document.querySelectorAll('[role=row]').length === 2)
    await says(table, /Corner Shop[\s\S]*good|late|silent/)
    await page.reload()
    await table.getByText('Corner Shop').waitFor()
    assert.equal(await page.getByLabel('Company').inputValue(), 'corner')
    await page.goBack()
    await page.waitForFunction(() => document.querySelectorAll('[role=row]').length === 6)
    await page.getByLabel('State').selectOption('silent')
    await page.waitForURL('/sources?state=silent')
    await window.goto('/sources?company=corner')
    await table.getByRole('link', { name: 'Corner Shop' }).click()
    await page.waitForURL('/store?store=corner%2FC1')
    await page.getByRole('link', { name: 'corner-2026-01-01.jsonl' }).click()
    await page.waitForURL(/\/uploads\//)
    assert.deepEqual(window.faults, [])
  })

  test('one upload shows its receipt, counts that add up, its timeline and its rejects', async () => {
    await using window = await site.window(site.admin)
    const { page } = window
    await window.goto('/uploads')
    await page.getByLabel('File name').fill('rejected')
    await page.waitForURL('/uploads?q=rejected')
    await page.getByRole('link', { name: 'rejected-2026-01-02.jsonl' }).click()
    await page.waitForURL(/\/uploads\/[0-9a-f-]{36}$/)
    const rows = page.getByRole('region', { name: 'What became of its rows' })
    await rows.getByRole('cell').nth(5).waitFor()
    const numbers = (await rows.getByRole('cell').allInnerTexts()).map(Number)
    assert.equal(
      numbers.slice(0, 5).reduce((sum, number) => sum + number, 0),
      42,
    )
    assert.equal(numbers[5], 42)
    await says(
      page.getByRole('region', { name: 'From accepted to committed' }),
      /accepted[\s\S]*load began[\s\S]*committed/,
    )
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download the file as it came' }).click(),
    ])
    const chunks = await (await download.createReadStream()).toArray()
    assert.match(Buffer.concat(chunks).toString(), /no json/)
    await page.getByRole('link', { name: 'Look at its rejects' }).click()
    await page.waitForURL(/\/rejects\?upload=/)
    await page.locator('mark').getByText('"price_current":"a lot"').waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('the counts of a held file add up too: what was not loaded is one of them, and most of its bar', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/uploads?q=half')
    await page.getByRole('link', { name: 'half-2026-01-04.jsonl' }).click()
    const rows = page.getByRole('region', { name: 'What became of its rows' })
    await rows.getByRole('row', { name: /not loaded\s+12/ }).waitFor()
    const numbers = (await rows.getByRole('cell').allInnerTexts()).map(Number)
    assert.equal(
      numbers.slice(0, -1).reduce((sum, number) => sum + number, 0),
      numbers.at(-1),
    )
    const ends = await rows.locator('[aria-hidden] > [data-kind]').evaluateAll((parts) => {
      const bar = parts[0]!.parentElement!.getBoundingClientRect()
      return parts.map((part) => [
        part.getBoundingClientRect().left - bar.left,
        bar.right - part.getBoundingClientRect().right,
      ])
    })
    // One part, from the one end of the bar to the other.
    assert.deepEqual(ends, [[0, 0]])
    assert.deepEqual(window.faults, [])
  })

  test('rejects are grouped by reason and source, with the field marked, and can be downloaded', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/rejects')
    await page
      .getByRole('heading', { name: /not_json/ })
      .first()
      .waitFor()
    await page.getByLabel('Reason').selectOption('field_value')
    await page.waitForURL('/rejects?code=field_value')
    await page.getByText('1 row in 1 group').waitFor()
    assert.equal(await page.locator('mark').innerText(), '"price_current":"a lot"')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download as JSON Lines' }).click(),
    ])
    const lines = Buffer.concat(await (await download.createReadStream()).toArray())
      .toString()
      .trim()
      .split('\n')
    assert.equal(lines.length, 1)
    assert.equal(JSON.parse(lines[0]!).code, 'field_value')
    assert.deepEqual(window.faults, [])
  })

  test('a held file shows why and what it would change, and is released from the page', async () => {
    await using reading = await site.window(site.reader)
    await reading.goto('/holds')
    await reading.page.getByText('sign in with a key that has the scope admin').waitFor()
    await using window = await site.window(site.admin)
    const { page } = window
    await window.goto('/holds')
    const hold = page.getByRole('article', { name: 'half-2026-01-04.jsonl' })
    await hold
      .getByText(/12 rows, 30% of the 40 that are usual/)
      .first()
      .waitFor()
    await hold
      .getByText(/100% of the prices of Corner Shop on 2026-01-04 are 6.33 times/)
      .first()
      .waitFor()
    await hold.getByText('1.50 → 9.50').first().waitFor()
    const change = hold.getByRole('region', { name: 'What it would change' })
    await says(change, /change\s+12[\s\S]*make disappear\s+28[\s\S]*1\.50\s+9\.50\s+\+533%/)
    // Nothing invites to believe what is suspicious.
    const ways = hold.getByRole('button', { name: /^(Release|Discard)$/ })
    const looks = await ways.evaluateAll((all) => all.map((each) => getComputedStyle(each).backgroundColor))
    assert.deepEqual([looks.length, new Set(looks).size], [2, 1])
    await hold.getByRole('button', { name: 'Release' }).click()
    await page
      .getByRole('dialog')
      .getByLabel(/Reason/)
      .fill('it was a holiday')
    await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click()
    await page.getByText('Nothing is held.').waitFor()
    // The other window sees it too.
    await reading.page.getByText('Nothing is held.').waitFor()
    await window.goto('/audit')
    await page.getByText('it was a holiday').first().waitFor()
    assert.deepEqual([...window.faults, ...reading.faults], [])
  })

  test('a load is undone from its page and comes back when it is released', async () => {
    await using window = await site.window(site.admin)
    const { page } = window
    await window.goto('/uploads?q=half')
    await page.getByRole('link', { name: 'half-2026-01-04.jsonl' }).click()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('button', { name: 'Release' }).waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('a product is found while typing, and shows its prices now, its history, and the upload a price came with', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/products')
    await page.getByLabel('Name and brand').fill('product s1')
    await page.waitForURL('/products?q=product+s1')
    await page.getByRole('status').getByText('found').waitFor()
    await page.getByRole('link', { name: 'Product s1', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Product s1' }).waitFor()
    // What the shop tells besides.
    for (const words of ['$0.75 per 100 g', 'Made of oats']) await page.getByText(words).waitFor()
    await page.locator('canvas').waitFor()
    const history = page.getByRole('table', { name: 'Price history' })
    await history.getByText('1.50').first().waitFor()
    await history.getByRole('link', { name: 'its upload' }).last().click()
    await page.waitForURL(/\/uploads\/[0-9a-f-]{36}$/)
    await page.getByRole('heading', { level: 1, name: 'corner-2026-01-01.jsonl' }).waitFor()
    await page.goBack()
    // A point of the chart leads to its upload as well.
    await settled(page)
    const plot = page.locator('.u-over')
    const position = { x: 4, y: (await plot.boundingBox())!.height / 2 }
    await plot.hover({ position })
    await plot.click({ position })
    await page.getByRole('heading', { level: 1, name: 'corner-2026-01-01.jsonl' }).waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('the system page shows versions, the loader and the disk, and no secret', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/system')
    await page.getByText('update-db').first().waitFor()
    await page.getByLabel('also those at their defaults').check()
    const main = page.locator('main')
    for (const words of [/Node\.js\s+v?26/, /idle|working/, /DISK_BYTES_KEPT/]) await says(main, words)
    const text = await main.innerText()
    for (const secret of [site.admin, site.reader, site.sender]) assert.ok(!text.includes(secret))
    await page.getByRole('link', { name: 'API documentation' }).click()
    await page.getByRole('heading', { level: 1, name: 'API' }).waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('an address that leads nowhere says so', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/uploads/none')
    await page.getByRole('alert').getByText('There is nothing here').waitFor()
    await window.goto('/products/999999999')
    await page.getByRole('alert').getByText('no product has this id').waitFor()
    await window.goto('/uploods')
    await page.getByText('There is no such page').waitFor()
    await page.getByRole('link', { name: 'Go to the overview' }).click()
    await page.waitForURL('/')
    assert.deepEqual(window.faults, [])
  })
})

/** How many lines the files of a folder have whose names are like that. */
async function linesIn(folder: string, name: RegExp): Promise<number> {
  const names = (await readdir(folder)).filter(
    (each) => each.endsWith('.jsonl') && !each.endsWith('.rejects.jsonl') && name.test(each),
  )
  const texts = await Promise.all(names.map((each) => readFile(join(folder, each), 'utf8')))
  return texts.reduce((sum, text) => sum + text.split('\n').length - 1, 0)
}
