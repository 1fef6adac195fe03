/**
 * `npm run screenshots`: every page, wide and narrow, light and dark, on a server with generated data, into a folder (`screenshots`,
 * or the one that is named). They are for looking at; docs/images has the ones of the README.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { Page } from 'playwright-core'
import { openSite, rowOf, type Site, settled, type Window } from './site.ts'

const DAYS = 35
const WINDOWS = { wide: { width: 1280, height: 860 }, narrow: { width: 400, height: 860 } } as const

const PAGES: Readonly<Record<string, string>> = {
  overview: '/',
  sources: '/sources',
  uploads: '/uploads',
  rejects: '/rejects',
  holds: '/holds',
  findings: '/findings',
  changes: '/changes',
  products: '/products?q=ch',
  pairs: '/pairs',
  machines: '/machines',
  keys: '/keys',
  audit: '/audit',
  notices: '/notices',
  system: '/system',
  docs: '/docs',
}

await main(resolve(process.argv[2] ?? 'screenshots'))

async function main(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await using site = await openSite({ days: 0 })
  await fill(site)
  const { upload, product } = await addressesOf(site)
  const pages = { ...PAGES, upload, product }
  const ada = (await site.machines.run(['keys', 'create', 'Ada', '--scope', 'read,admin'])).stdout.trim()
  for (const [size, viewport] of Object.entries(WINDOWS))
    for (const colorScheme of ['light', 'dark'] as const) {
      await using window = await site.window(ada, { viewport, colorScheme })
      for (const [name, path] of Object.entries(pages))
        await shoot(window, path, join(folder, `${name}-${size}-${colorScheme}.png`))
      await dialogsOf(window.page, (name) => join(folder, `${name}-${size}-${colorScheme}.png`))
      await window.page.context().clearCookies()
      await shoot(window, '/sign-in', join(folder, `sign-in-${size}-${colorScheme}.png`))
    }
  process.stdout.write(`${readdirSync(folder).length} pictures in ${folder}\n`)
}

async function shoot({ page, goto }: Window, path: string, file: string): Promise<void> {
  await goto(path)
  await settled(page)
  if (path !== '/docs' && path !== '/sign-in') await page.getByText('Live', { exact: true }).waitFor()
  if (path.startsWith('/products/')) await page.locator('canvas').waitFor()
  await page.screenshot({ path: file })
}

async function dialogsOf(page: Page, fileOf: (name: string) => string): Promise<void> {
  await page.goto('/keys')
  await page.getByRole('button', { name: 'Create a key' }).click()
  await page.getByRole('dialog').getByLabel('Name').waitFor()
  await page.waitForTimeout(400)
  await page.screenshot({ path: fileOf('new-key') })
}

/** Five weeks of three companies: one store fell silent, one file is held, one failed, some rows were rejected. */
async function fill(site: Site): Promise<void> {
  const outbox = join(site.machines.scraping, 'product_outbox')
  const first = dayBefore(DAYS - 1)
  await site.machines.run([
    'generate',
    outbox,
    '--companies',
    '3',
    '--stores',
    '3',
    '--days',
    `${DAYS}`,
    '--products',
    '260',
    '--first-date',
    first,
  ])
  const stores = [...new Set(readdirSync(outbox).map((name) => name.replace(/-\d{4}-\d\d-\d\d\.jsonl$/, '')))].sort()
  for (let day = 0; day < 5; day++) rmSync(join(outbox, `${stores[1]}-${dayBefore(day)}.jsonl`))
  for (const [store, day] of [
    [4, 12],
    [7, 5],
    [2, 20],
  ] as const)
    rmSync(join(outbox, `${stores[store]}-${dayBefore(day)}.jsonl`))
  const wrong = join(outbox, `${stores[3]}-${dayBefore(1)}.jsonl`)
  writeFileSync(
    wrong,
    `${readFileSync(wrong, 'utf8')}${rowOf('9', 'ask in the shop')}\n{"product": {"name": "cut off\n`,
  )
  writeFileSync(join(outbox, `error-page-${dayBefore(2)}.jsonl`), '<html><h1>503 Service Unavailable</h1></html>\n')
  const half = join(outbox, `${stores[8]}-${dayBefore(0)}.jsonl`)
  const lines = readFileSync(half, 'utf8').split('\n')
  writeFileSync(
    half,
    `${lines
      .slice(0, 90)
      .map((line, index) =>
        index % 9 === 0 ? line.replace(/"price_current": ?[\d.]+/, '"price_current": 49.95') : line,
      )
      .join('\n')}\n`,
  )
  for (const store of [0, 1, 2]) everyRow(join(outbox, `${stores[store]}-${dayBefore(0)}.jsonl`), neverAvailable)
  everyRow(join(outbox, `${stores[5]}-${dayBefore(0)}.jsonl`), hundredfold)
  await site.upload('--quiet')
  await site.stop()
  spreadOverDays(site.machines.dataManagement)
  await site.restart()
}

function everyRow(file: string, changed: (row: string) => string): void {
  if (existsSync(file)) writeFileSync(file, readFileSync(file, 'utf8').split('\n').map(changed).join('\n'))
}

function neverAvailable(row: string): string {
  return row.replace(/"is_available": ?true/, '"is_available": false')
}

/** Cents for dollars. */
function hundredfold(row: string): string {
  return row.replace(
    /"price_current": ?([\d.]+)/,
    (_, price: string) => `"price_current": ${Math.round(Number(price) * 100)}`,
  )
}

function dayBefore(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)
}

/** Lets every file have arrived on the day of its scrape, at some hour, instead of all of them now. */
function spreadOverDays(dataDir: string): void {
  const catalogue = new DatabaseSync(join(dataDir, 'catalogue.db'))
  const ledger = new DatabaseSync(join(dataDir, 'ledger.db'), { enableForeignKeyConstraints: false })
  const moveLoad = catalogue.prepare('update load set received_at = ?, started_at = ?, finished_at = ? where id = ?')
  const moveUpload = ledger.prepare(
    `update upload set id = ?, received_at = ?, loading_at = ?, settled_at = ?, load = json_set(load, '$.finished_at', ?) where id = ?`,
  )
  const moveDelivery = ledger.prepare('update delivery set upload_id = ? where upload_id = ?')
  for (const { id, sha256, filename } of catalogue.prepare('select id, sha256, filename from load').all()) {
    const at = arrivalOf(String(filename), Number(id))
    moveLoad.run(at, at + 180, at + 950, id!)
    const upload = String(ledger.prepare('select id from upload where sha256 = ?').get(sha256!)?.id)
    // The first twelve digits of an id are its time.
    const hex = at.toString(16).padStart(12, '0')
    const moved = `${hex.slice(0, 8)}-${hex.slice(8)}${upload.slice(13)}`
    moveUpload.run(moved, at, at + 180, at + 950, new Date(at + 950).toISOString(), upload)
    moveDelivery.run(moved, upload)
  }
  catalogue.close()
  ledger.close()
}

function arrivalOf(filename: string, id: number): number {
  const day = Date.parse(/\d{4}-\d\d-\d\d/.exec(filename)?.[0] ?? '')
  const hours = (id * 0.618) % 1
  return Math.floor(day + Math.min(DAY_MS * 0.9, Date.now() - day - 60_000) * hours)
}

/** One upload with rejects, and of the products the one with the most to tell. */
async function addressesOf(site: Site): Promise<{ upload: string; product: string }> {
  await using window = await site.window(site.reader)
  const { request } = window.page
  const found = await (await request.get(`/api/rejects?code=field_value`)).json()
  const { products } = await (await request.get('/api/products?prices=true&limit=100')).json()
  const told: { id: number; runs: number }[] = []
  // One after the other: the server answers only so many requests of one key at once.
  for (const { id } of products) {
    const { stores } = await (await request.get(`/api/products/${id}/prices?limit=20`)).json()
    const companies = new Set(stores.map(({ company }: { company: string }) => company)).size
    told.push({ id, runs: companies * 10 + stores.flatMap(({ runs }: { runs: unknown[] }) => runs).length })
  }
  const [most] = told.sort((one, other) => other.runs - one.runs)
  return { upload: `/uploads/${found.groups[0].samples[0].upload_id}`, product: `/products/${most!.id}` }
}
