/** What needs attention, and how people say that something does not. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { NO_BROWSER } from './browser.ts'
import { fileOf, openSite, type Site } from './site.ts'

describe('the page, of what needs attention', { skip: NO_BROWSER }, () => {
  let site: Site
  before(async () => {
    site = await openSite({ days: 0 })
    for (const date of ['2026-01-01', '2026-01-02']) await site.write(`corner-${date}.jsonl`, fileOf(date, 5))
    await site.upload('--quiet')
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
    await attention.getByRole('button', { name: 'Take it back' }).click()
    await line.waitFor()
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
    assert.match(await facts.innerText(), /torn down[\s\S]*the boss/)
    await window.goto('/sources?state=retired')
    await page.getByRole('table', { name: 'Sources' }).getByRole('link', { name: 'Corner Shop' }).waitFor()
    await window.goto('/store?store=corner%2FC1')
    await edit(false, '')
    await facts.getByText('none: it is retired').waitFor({ state: 'detached' })
    assert.deepEqual(window.faults, [])
  })
})
