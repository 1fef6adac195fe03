/** Somebody who tries whatever the page offers, in an order that nobody thought of, while files arrive: nothing of it throws. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { hash, pick } from '@splitcart/generator/random.ts'
import type { Page } from 'playwright-core'
import { effort, seedOf } from '../../../test/effort.ts'
import { NO_BROWSER } from './browser.ts'
import { daysAgo, fileOf, openSite, rowOf, type Site, type Window } from './site.ts'

const SEED = Number(process.env.WANDER_SEED ?? seedOf(2 ** 30))
const STEPS = Number(process.env.WANDER_STEPS ?? effort(60, 200))
const STEPS_PER_UPLOAD = 10
const PAGES = [
  '/',
  '/sources',
  '/uploads',
  '/rejects',
  '/holds',
  '/products',
  '/changes',
  '/notices',
  '/machines',
  '/keys',
]
const WORDS = ['milk', 'product s1', 'fair', '-1', '"', 'nowhere', '2026', 'hold', 'ü', ' ']
const KEYS = ['/', 'Escape', 'Enter', 'ArrowDown', 'Tab', 'Control+k', 'Space']
const SIZES = [
  { width: 1280, height: 860 },
  { width: 400, height: 800 },
]
const OFFERED =
  'a[href^="/"]:not([href^="/api"], [href="/metrics"]), button:enabled, [role="option"], [role="tab"], summary, input:enabled, select:enabled'
// They end what this test goes on with.
const NOT_TRIED = /sign out|revoke|end the session|rotate/i
const STEP_MS = 5_000

describe('the page, wandered about in', { skip: NO_BROWSER }, () => {
  let site: Site
  before(async () => {
    site = await openSite({ days: 4 })
    await site.write('wrong-2026-01-01.jsonl', `${rowOf('w1', 'much')}\n${fileOf('2026-01-01', 40)}`)
    await site.upload('--quiet')
  })
  after(() => site[Symbol.asyncDispose]())

  test('whatever is pressed and typed in whatever order while files arrive, no script throws and every page has its heading', async () => {
    await using window = await site.window(site.admin)
    await window.goto('/')
    const steps: string[] = []
    const told = () => `WANDER_SEED=${SEED}, after ${steps.length} steps, the last: ${steps.slice(-8).join(' | ')}`
    let uploads: Promise<unknown> = Promise.resolve()
    for (let at = 0; at < STEPS; at++) {
      if (at % STEPS_PER_UPLOAD === 0) uploads = uploads.then(() => upload(site, at))
      steps.push(await step(window, at))
      assert.deepEqual(window.faults, [], told())
      await window.page
        .locator('h1')
        .first()
        .waitFor()
        .catch(() => assert.fail(`no heading: ${told()}`))
    }
    await uploads
    await window.goto('/uploads')
    await window.page.getByText('Live', { exact: true }).waitFor()
    assert.deepEqual(window.faults, [], told())
  })
})

/** One more file: as usual, with a row that cannot be loaded, or with prices that are held. */
async function upload(site: Site, at: number): Promise<void> {
  const day = daysAgo((at / STEPS_PER_UPLOAD) % 20)
  const wrong = at % 20 === 0 ? `${rowOf('w2', 'much')}\n` : ''
  await site.write(`wandered-${at}.jsonl`, `${wrong}${fileOf(day, 40, at % 30 === 0 ? 150 : 1.5)}`)
  await site.upload('--quiet')
}

/** Does one of all that can be done, and says which. What cannot be pressed after all is no fault. */
async function step({ page, goto }: Window, at: number): Promise<string> {
  const draw = (purpose: number) => hash(hash(SEED, at), purpose)
  const kind = draw(0) % 20
  if (kind === 0) {
    const path = pick(PAGES, draw(1))
    await goto(path)
    return `to ${path}`
  }
  if (kind === 1) {
    const size = pick(SIZES, draw(1))
    await page.setViewportSize(size)
    return `${size.width} pixels`
  }
  if (kind === 2) {
    const way = draw(1) % 2 === 0 ? 'goBack' : 'goForward'
    await page[way]({ timeout: STEP_MS }).catch(() => null)
    if (!page.url().startsWith('http')) await goto('/')
    return way
  }
  if (kind < 6) {
    const word = pick(WORDS, draw(1))
    for (const key of ['Escape', 'Control+k']) await page.keyboard.press(key)
    await page.keyboard.type(word)
    return `searches "${word}"`
  }
  if (kind < 8) {
    const key = pick(KEYS, draw(1))
    await page.keyboard.press(key)
    return key
  }
  if (kind < 10) {
    const word = pick(WORDS, draw(1))
    await page.keyboard.type(word)
    return `"${word}"`
  }
  return press(page, draw(1))
}

async function press(page: Page, number: number): Promise<string> {
  // What a dialog covers cannot be pressed.
  const dialog = page.getByRole('dialog')
  const where = (await dialog.count()) > 0 ? dialog.first() : page.locator('body')
  const offered = await where.locator(OFFERED).filter({ visible: true }).all()
  if (offered.length === 0) return 'nothing to press'
  const chosen = pick(offered, number)
  const name = await chosen
    .evaluate((node) => `${node.tagName} ${node.getAttribute('aria-label') ?? node.textContent}`)
    .catch(() => 'gone')
  if (NOT_TRIED.test(name)) return `not ${name}`
  await chosen.click({ timeout: STEP_MS }).catch(() => {})
  return name.slice(0, 60)
}
