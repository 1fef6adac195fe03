/** A server with the built page, generated data in it, and a browser that looks at it. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DAY_MS, HOUR_MS } from '@splitcart/shared/time.ts'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { freePorts } from '../../../test/free-ports.ts'
import { type Machines, openMachines, type Server, until } from '../../../test/machines.ts'
import { openBrowser } from './browser.ts'
import { buildPage } from './built.ts'

const WAIT_MS = 40_000
/** How far ahead of UTC the days of the servers begin: about noon ago, so that none ends during a test. */
export const HOURS_AHEAD = 12 - new Date().getUTCHours()
const TIME_ZONE = `Etc/GMT${HOURS_AHEAD < 0 ? '+' : '-'}${Math.abs(HOURS_AHEAD)}`
const KEYS = { 'the boss': 'read,admin', 'the office': 'read', 'kitchen laptop': 'upload' }

/** A browser window that is signed in, and what went wrong in it. */
export type Window = AsyncDisposable & Readonly<{ page: Page; faults: string[]; goto: (path: string) => Promise<void> }>

export type Site = AsyncDisposable &
  Readonly<{
    machines: Machines
    server: () => Server
    browser: Browser
    /** A key with the scopes read and admin. */
    admin: string
    /** A key that may only read. */
    reader: string
    /** A key that may only upload. */
    sender: string
    restart: (environment?: Readonly<Record<string, string>>) => Promise<void>
    stop: () => Promise<void>
    /** Puts a file into the outbox. */
    write: (name: string, text: string) => Promise<void>
    /** Sends what waits in the outbox and waits for its end. */
    upload: (...args: string[]) => ReturnType<Machines['upload']>
    window: (key: string | null, options?: BrowserContextOptions) => Promise<Window>
  }>

/** Opens a site with so much data; `days: 0`: with none. The last day is today. */
export async function openSite({ days, products = 60 }: { days: number; products?: number }): Promise<Site> {
  const [machines] = await Promise.all([openMachines(), buildPage()])
  // One that nobody else gets while the server is away.
  const [port] = await freePorts(1)
  const serve = (environment = {}) => machines.serve(['--port', String(port)], { TIME_ZONE, ...environment })
  let server = await serve()
  const [admin, reader, sender] = await Promise.all(
    Object.entries(KEYS).map(([name, scope]) => keyOf(machines, name, scope)),
  )
  const outbox = join(machines.scraping, 'product_outbox')
  const upload = (...args: string[]) => machines.upload(server, sender!, '--wait', ...args)
  if (days > 0) {
    const plan = ['--companies', '2', '--stores', '2', '--days', String(days), '--products', String(products)]
    await machines.run(['generate', outbox, ...plan, '--first-date', daysAgo(days - 1)])
    assert.equal((await upload('--quiet')).code, 0)
  }
  const browser = await openBrowser()
  const stop = async () => {
    server.child.kill('SIGTERM')
    await server.ended
  }
  return {
    machines,
    server: () => server,
    browser,
    admin: admin!,
    reader: reader!,
    sender: sender!,
    stop,
    restart: async (environment) => {
      server = await serve(environment)
    },
    write: async (name, text) => {
      await mkdir(outbox, { recursive: true })
      await writeFile(join(outbox, name), text)
    },
    upload,
    window: (key, options) => openWindow(browser, server.url, key, options),
    [Symbol.asyncDispose]: async () => {
      await browser.close()
      await machines[Symbol.asyncDispose]()
    },
  }
}

/** The date so many days ago where the server is: of the same day from the beginning of a test to its end. */
export function daysAgo(days: number): string {
  return new Date(Date.now() + HOURS_AHEAD * HOUR_MS - days * DAY_MS).toISOString().slice(0, 10)
}

async function keyOf(machines: Machines, name: string, scope: string): Promise<string> {
  await machines.makeServerData()
  return (await machines.run(['keys', 'create', name, '--scope', scope])).stdout.trim()
}

/** Opens a window on a server. */
export async function openWindow(
  browser: Browser,
  url: string,
  key: string | null,
  options: BrowserContextOptions = {},
): Promise<Window> {
  const context = await browser.newContext({
    baseURL: url,
    locale: 'en-AU',
    timezoneId: 'Australia/Brisbane',
    ...options,
  })
  if (key !== null) assert.equal((await context.request.post('/api/session', { data: { key } })).status(), 201)
  context.setDefaultTimeout(WAIT_MS)
  const page = await context.newPage()
  const faults = faultsOf(page, url)
  return {
    page,
    faults,
    goto: async (path) => {
      await page.goto(path)
      await page.locator('h1').waitFor()
    },
    [Symbol.asyncDispose]: () => context.close(),
  }
}

/** What must never happen: a script that throws, something the policy refuses, a request to anybody else. */
function faultsOf(page: Page, url: string): string[] {
  const faults: string[] = []
  page.on('pageerror', ({ message }) => faults.push(`thrown: ${message}`))
  page.on('console', (message) => {
    const text = message.text()
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) faults.push(`console: ${text}`)
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) faults.push(`request: ${request.url()}`)
  })
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  return faults
}

/** A row of a store of its own, for files that a test writes. */
export function rowOf(sku: string, price: unknown, more: Record<string, unknown> = {}): string {
  const { metadata, ...product } = more
  return JSON.stringify({
    product: {
      sku,
      name: `Product ${sku}`,
      normalized_name_brand_size: `product ${sku}`,
      price_current: price,
      ...product,
    },
    metadata: {
      company: 'corner',
      store_name: 'Corner Shop',
      store_id: 'C1',
      scraped_date: '2026-01-01',
      ...Object(metadata),
    },
  })
}

const TOLD = { per_unit_price_string: '$0.75 per 100 g', ingredients: 'Made of <b>oats</b>' }

/** A file of so many rows of one date. */
export function fileOf(date: string, count: number, price = 1.5): string {
  return Array.from(
    { length: count },
    (_, index) => `${rowOf(`s${index}`, price, { ...TOLD, metadata: { scraped_date: date } })}\n`,
  ).join('')
}

/** A file of a company whose scraper never says that anything is available. */
export function neverAvailable(store: string): string {
  const metadata = { company: 'market', store_id: store, store_name: `Market ${store}` }
  const rows = Array.from({ length: 30 }, (_, index) => rowOf(`n${index}`, 2, { is_available: false, metadata }))
  return `${rows.join('\n')}\n`
}

/** Until a page has its answers: nothing says that it waits any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main:has(h1):not(:has([data-waiting]))').waitFor()
}

/** Waits until a part of a page says something: what it is made of may come one answer after the other. Throws with what it says instead. */
export async function says(part: Locator, words: RegExp): Promise<void> {
  let said = ''
  const hasWords = async () => {
    said = await part.innerText()
    return words.test(said)
  }
  await until(hasWords, 'it says so', WAIT_MS).catch(({ message }) =>
    assert.match(said, words, `${message} It says: ${said}`),
  )
}
