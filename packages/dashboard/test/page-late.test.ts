/** Events that meet an answer that is on its way, or what was searched for: none is lost to it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page, Route } from 'playwright-core'
import { NO_BROWSER } from './browser.ts'
import { fileOf, openSite, type Site } from './site.ts'

describe('the page, while something happens', { skip: NO_BROWSER }, () => {
  let site: Site
  before(async () => {
    site = await openSite({ days: 0 })
    await site.write('fair-2026-01-01.jsonl', fileOf('2026-01-01', 40))
    await site.upload('--quiet')
  })
  after(() => site[Symbol.asyncDispose]())

  /** Keeps back the first answer to a path, as the server gave it before `happens`, which ends when the page has heard of it. */
  async function keepBack(page: Page, path: RegExp, happens: () => Promise<unknown>): Promise<void> {
    const late = async (route: Route) => {
      const answer = await route.fetch()
      await happens()
      await route.fulfill({ response: answer })
    }
    await page.route(path, late, { times: 1 })
  }

  async function release(id: string): Promise<void> {
    const headers = { 'x-api-key': site.admin, 'content-type': 'application/json' }
    const address = `${site.server().url}/api/uploads/${id}/release`
    const answer = await fetch(address, { method: 'POST', headers, body: '{}' })
    assert.equal(answer.status, 202, await answer.text())
  }

  test('a release is seen, though an answer from before it comes after it', async () => {
    await site.write('dear-2026-01-02.jsonl', fileOf('2026-01-02', 40, 150))
    await site.upload('--quiet')
    await using window = await site.window(site.admin)
    const { page } = window
    const counted = page.getByRole('link', { name: 'Holds 1 to look at' })
    await keepBack(page, /uploads\?state=held/, async () => {
      await counted.waitFor()
      const { uploads } = await (await page.request.get('/api/uploads?state=held')).json()
      await release(uploads[0].id)
      await counted.waitFor({ state: 'detached' })
    })
    await window.goto('/holds')
    await page.getByText('Nothing is held.').waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('what is held while the first overview is on its way is counted', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    const row = page.getByRole('row').filter({ hasText: 'dearer-2026-01-03.jsonl' })
    await keepBack(page, /api\/overview/, async () => {
      await site.write('dearer-2026-01-03.jsonl', fileOf('2026-01-03', 40, 15_000))
      await site.upload('--quiet')
      await row.getByText('held').waitFor()
      // By then the page has asked for all that it asks for because of an event.
      await sleep(3_000)
    })
    await window.goto('/uploads')
    await page.getByRole('link', { name: 'Holds 1 to look at' }).waitFor()
    assert.deepEqual(window.faults, [])
  })

  test('after a search the page is as live as before it', async () => {
    await using window = await site.window(site.reader)
    const { page } = window
    await window.goto('/uploads')
    await page.getByText('Live', { exact: true }).waitFor()
    await page.keyboard.press('/')
    await page.getByRole('combobox', { name: /Products, stores/ }).fill('fair')
    await page.getByRole('option', { name: /fair-2026-01-01/ }).waitFor()
    await page.keyboard.press('Escape')
    await site.write('after-2026-01-04.jsonl', fileOf('2026-01-04', 40, 150))
    await site.upload('--quiet')
    const row = page.getByRole('row').filter({ hasText: 'after-2026-01-04.jsonl' })
    await row.getByText('loaded').waitFor()
    assert.deepEqual(window.faults, [])
  })
})
