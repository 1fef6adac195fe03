/** What people do on the page: they say that something needs no attention, order tables and seek in them, and try the API. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { NO_BROWSER } from './browser.ts'
import { daysAgo, fileOf, openSite, rowOf, type Site, says } from './site.ts'

describe('the page, what is done on it', { skip: NO_BROWSER }, () => {
  let site: Site
  before(async () => {
    site = await openSite({ days: 0 })
    for (const [date, price] of [
      ['2026-01-01', 1.5],
      ['2026-01-02', 1.6],
    ] as const)
      await site.write(`corner-${date}.jsonl`, fileOf(date, 5, price))
    await site.write(
      'with-rejects.jsonl',
      `${rowOf('r1', 1, { metadata: { store_id: 'C2', scraped_date: daysAgo(0) } })}\n{}\n`,
    )
    await site.upload('--quiet')
    // As a ledger of an older backup has it.
    using ledger = new DatabaseSync(join(site.machines.dataManagement, 'ledger.db'), {
      enableForeignKeyConstraints: false,
      timeout: 30_000,
    })
    ledger.exec("delete from upload where filename like 'with-rejects%'")
  })
  after(() => site[Symbol.asyncDispose]())

  test('a line is ticked off until it changes, stands folded with who did so, and is taken back', async () => {
    await using window = await site.window(site.admin)
    const { page } = window
    await window.goto('/')
    const attention = page.getByRole('region', { name: 'Needs attention' })
    const line = attention.getByRole('button', { name: 'Tick off silent corner Corner Shop' })
    await line.click()
    await page.getByRole('dialog').getByRole('button', { name: 'Tick off' }).click()
    await line.waitFor({ state: 'detached' })
    await attention.getByText('1 ticked off').click()
    await attention.getByText(/until it changes, by the boss/).waitFor()
    await window.goto('/notices')
    await page.getByText('1 ticked off').click()
    await page.getByRole('button', { name: 'Take it back' }).click()
    await page.getByText('1 ticked off').waitFor({ state: 'detached' })
    await window.goto('/')
    await line.waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('rejects of a file whose upload is not known are ticked off', async () => {
    await using window = await site.window(site.admin)
    const { page } = window
    await window.goto('/')
    const line = page.getByRole('button', { name: 'Tick off rejects with-rejects.jsonl' })
    await line.click()
    await page.getByRole('dialog').getByRole('button', { name: 'Tick off' }).click()
    await line.waitFor({ state: 'detached' })
    await says(page.getByRole('region', { name: 'Needs attention' }), /1 ticked off/)
    assert.deepEqual(window.faults, [])
  })

  test('a store is retired with a note on its page, is listed as such, and that is taken back', async () => {
    await using window = await site.window(site.admin)
    const { page } = window
    await window.goto('/')
    const attention = page.getByRole('region', { name: 'Needs attention' })
    await attention.getByRole('link', { name: 'corner · Corner Shop' }).first().click()
    await page.waitForURL('/store?store=corner%2FC1')
    const facts = page.getByRole('region', { name: 'What is expected of it' })
    await page.getByRole('link', { name: 'kitchen laptop' }).waitFor()
    const edit = async (isRetired: boolean, note: string) => {
      await facts.getByRole('button', { name: 'Edit' }).click()
      await page.getByLabel('Retired').setChecked(isRetired)
      await page.getByLabel('Note (may be empty)').fill(note)
      await page.getByRole('button', { name: 'Save' }).click()
    }
    await edit(true, 'torn down')
    await facts.getByText('none: it is retired').waitFor()
    await says(facts, /torn down[\s\S]*the boss/)
    await window.goto('/sources?state=retired')
    await page.getByRole('table', { name: 'Sources' }).getByRole('link', { name: 'Corner Shop' }).waitFor()
    await window.goto('/store?store=corner%2FC1')
    await edit(false, '')
    await facts.getByText('none: it is retired').waitFor({ state: 'detached' })
    assert.deepEqual(window.faults, [])
  })

  test('the API is described without signing in, and each request can be tried with a key', async () => {
    await using window = await site.window(null)
    const { page } = window
    await window.goto('/docs')
    await page.getByRole('link', { name: 'GET /api/products/{id}/prices' }).click()
    const section = page.getByRole('region', { name: 'GET /api/products/{id}/prices' })
    await says(section, /Parameters[\s\S]*store[\s\S]*curl -H[\s\S]*200[\s\S]*is_on_special/)
    await section.getByRole('button', { name: 'Try it: GET /api/products/{id}/prices' }).click()
    await section.getByRole('textbox', { name: 'id' }).fill('1')
    const send = async (key: string, answered: RegExp) => {
      await section.getByLabel(/^Key/).first().fill(key)
      await section.getByRole('button', { name: 'Send' }).click()
      await says(section.getByRole('status'), answered)
    }
    await send('', /^401 [\s\S]*"code": "key_refused"/)
    await send(site.reader, /^200 [\s\S]*"company": "corner"/)
    await says(section, /curl [^\n]*\$API_SECRET_KEY" \\\n\s*'http:[^']*\/api\/products\/1\/prices'/)
    const tick = page.getByRole('region', { name: 'POST /api/attention/tick' })
    await tick.getByRole('button', { name: 'Try it: POST /api/attention/tick' }).click()
    assert.deepEqual(JSON.parse(await tick.getByLabel('Body').inputValue()), {
      kind: 'silent',
      subject: '',
      until: null,
    })
    await tick.getByLabel(/^Key/).first().fill(site.admin)
    await tick.getByLabel('Body').fill('{"kind":"held","subject":"none","until":null}')
    await tick.getByRole('button', { name: 'Send' }).click()
    await says(tick.getByRole('status'), /^404 [\s\S]*"code": "not_found"/)
    assert.deepEqual(window.faults, [])
  })

  test('every table is ordered and sought in by keyboard, which stands in the address, and is taken along', async () => {
    await using window = await site.window(site.admin)
    const { page } = window
    for (const [path, labels] of Object.entries(TABLES)) {
      await window.goto(path)
      for (const label of labels) {
        const table = page.getByRole('table', { name: label })
        await table.getByRole('row').nth(1).waitFor()
        const heads = table.getByRole('columnheader').filter({ hasNotText: UNORDERED })
        assert.equal(await heads.getByRole('button').count(), await heads.count(), `${label}: the order of each column`)
        await heads.getByRole('button').first().press('Enter')
        await table.locator('[aria-sort="ascending"]').waitFor()
        await page.getByLabel(`Find in ${label}`).fill('nowhere')
        await page.getByText('No row has these words.').waitFor()
        await page.waitForURL((url) =>
          url.searchParams.getAll('table').some((each) => /^[\p{L}-]+:\w+:nowhere$/u.test(each)),
        )
        await page.getByLabel(`Find in ${label}`).fill('')
        await table.getByRole('row').nth(1).waitFor()
      }
      assert.equal(await page.getByRole('button', { name: 'CSV' }).count(), labels.length, path)
      const shown = await page.locator('[role="table"]').evaluateAll((all) => all.map((each) => each.ariaLabel))
      assert.deepEqual(shown.sort(), labels.toSorted(), path)
    }
    // What a page does not know, in an address that was copied or is of before, is no filter.
    await page.goto('/uploads?state=bogus&from=mail&table=uploads:-filename:corner+01-0')
    const table = page.getByRole('table', { name: 'Uploads' })
    await table.locator('[aria-sort="descending"]').waitFor()
    await table.getByRole('link', { name: /jsonl/ }).nth(1).waitFor()
    const names = await table.getByRole('link', { name: /jsonl/ }).allInnerTexts()
    assert.deepEqual(names, ['corner-2026-01-02.jsonl', 'corner-2026-01-01.jsonl'])
    assert.deepEqual(window.faults, [])
  })
})

// What has no order: buttons, links and pictures.
const UNORDERED = /^(Actions|Chart|Its stores|The last 30 days|Came with)$/
const TABLES: Readonly<Record<string, readonly string[]>> = {
  '/uploads': ['Uploads'],
  '/sources': ['Sources'],
  '/store?store=corner/C1': ['Scrapes, day by day', 'What its latest scrape changed'],
  '/changes': ['Changes'],
  '/products': ['Products'],
  '/products/1': ['Chain by chain', 'What it costs now', 'Price history'],
  '/compare?product=1&product=2': ['Where each is cheapest'],
  '/machines': ['Machines'],
  '/keys': ['Keys'],
  '/sessions': ['Signed in'],
  '/audit': ['Audit'],
}
