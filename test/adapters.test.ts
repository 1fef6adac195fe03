/**
 * Real scrapers of others, on a shop of the web: what they find comes into the outbox whole, once, or not at all, whenever they are killed.
 *
 * As a campaign, with a shop of 3,000 pages and 100 kills:
 * ADAPTER_PAGES=3000 ADAPTER_KILLS=100 npm test -- test/adapters.test.ts --seconds=14400 --test-timeout=14400000
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildWriter } from '../pack/packages.ts'
import { temporaryFolder } from './folders.ts'
import { openMachines, recordsIn, until } from './machines.ts'
import { neededHere } from './needed.ts'
import { openShop } from './shop-server.ts'

const ROOT = join(import.meta.dirname, '..')
const PYTHON = ['/usr/bin/python3', 'python3'].find(hasScrapy)
const NO_SCRAPY = neededHere(PYTHON === undefined && 'there is no Scrapy here')
const PAGES = Number(process.env.ADAPTER_PAGES ?? 60)
const KILLS = Number(process.env.ADAPTER_KILLS ?? 1)
const MS_MAX = Math.max(150_000, PAGES * 500)
const STEP_MS = 30

// No part of this project and not in its lock file: they are installed beside it, with one of their own.
const CRAWLERS = join(ROOT, 'test', 'crawlers')
const PROGRAMS = ['dataset.js', 'actor.js']
const NO_CRAWLERS = neededHere(
  !existsSync(join(CRAWLERS, 'node_modules', 'apify')) &&
    'Crawlee and Apify are not installed: npm ci --prefix test/crawlers --ignore-scripts',
)

function hasScrapy(python: string): boolean {
  return spawnSync(python, ['-c', 'import scrapy'], { stdio: 'ignore' }).status === 0
}

function startSpider(url: string, dataDir: string, how: string) {
  const more = { SHOP_URL: url, SHOP_DATA_DIR: dataDir, SHOP_WITH: how, PYTHONPATH: join(ROOT, 'adapters') }
  const spider = join(ROOT, 'test', 'fixtures', 'shop_spider.py')
  const options = {
    cwd: dataDir,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...more },
    stdio: 'ignore',
  } as const
  return spawn(PYTHON!, ['-m', 'scrapy', 'runspider', spider], options)
}

test('a spider of Scrapy that is killed and run again delivers every row once, by its pipeline and by its feed', {
  skip: NO_SCRAPY,
}, async () => {
  await using machines = await openMachines()
  await using shop = await openShop(PAGES)
  const server = await machines.serve()
  const key = await machines.key()
  for (const how of ['pipeline', 'feed']) {
    for (let kill = 0; kill < KILLS; kill++) {
      const before = shop.asked()
      const spider = startSpider(shop.url, machines.path, how)
      const ended = once(spider, 'exit')
      // Spread over the pages, and, for every sixth, over the steps after the last one.
      const pages = Math.min(PAGES, Math.ceil((PAGES * 1.2 * (kill + 1)) / (KILLS + 1)))
      await until(
        () => shop.asked() >= before + pages || spider.exitCode !== null,
        'the spider has come so far',
        MS_MAX,
      )
      if (pages === PAGES) await sleep((kill % 10) * STEP_MS)
      spider.kill('SIGKILL')
      await ended
    }
    const spider = startSpider(shop.url, machines.path, how)
    const [code] = await once(spider, 'exit')
    assert.equal(code, 0)
    const files = await machines.names('product_outbox')
    assert.ok(files.length > 0)
    for (const name of files) {
      const rows = recordsIn<{ product: { sku: string } }>({
        stdout: await readFile(join(machines.path, 'product_outbox', name), 'utf8'),
      })
      assert.equal(new Set(rows.map(({ product }) => product.sku)).size, PAGES, `${how}: ${name}`)
      assert.equal(rows.length, PAGES, `${how}: ${name}`)
    }
  }
  const environment = { API_SERVER_URL: server.url, API_SECRET_KEY: key, SCRAPING_DATA_DIR: machines.path }
  const sent = await machines.run(['upload-data', '--wait', '--json'], environment)
  assert.equal(sent.code, 0, sent.stdout + sent.stderr)
  const { stdout } = await machines.run(['export', 'prices'])
  assert.equal(recordsIn({ stdout }).length, PAGES)
})

test('what a dataset of Crawlee or an actor of Apify is given is in the outbox once the crawl got through, and not when it failed', {
  skip: NO_CRAWLERS,
}, async () => {
  await using at = await temporaryFolder()
  await using shop = await openShop(PAGES)
  await buildWriter(join(at.path, 'node_modules', '@splitcart', 'jsonl-writer'))
  for (const name of ['@crawlee', 'apify'])
    await symlink(join(CRAWLERS, 'node_modules', name), join(at.path, 'node_modules', name))
  for (const name of ['package.json', 'visit.js', ...PROGRAMS]) await cp(join(CRAWLERS, name), join(at.path, name))
  await Promise.all(PROGRAMS.map((program) => crawlTwice(shop.url, at.path, program)))
})

/** A crawl that fails, and one that gets through. */
async function crawlTwice(shop: string, path: string, program: string): Promise<void> {
  const cwd = join(path, program.replace('.js', ''))
  const outbox = join(cwd, 'data', 'product_outbox')
  await mkdir(cwd)
  for (const failed of [1, 0]) {
    const child = spawn(process.execPath, [join(path, program), shop, String(failed)], { cwd, stdio: 'ignore' })
    const [code] = await once(child, 'exit')
    const names = (await readdir(outbox)).filter((name) => !name.startsWith('.'))
    assert.deepEqual([program, code, names.length], failed === 1 ? [program, 1, 0] : [program, 0, 1])
    if (failed === 1) continue
    const rows = recordsIn<{ product: { sku: string } }>({ stdout: await readFile(join(outbox, names[0]!), 'utf8') })
    assert.deepEqual([rows.length, new Set(rows.map(({ product }) => product.sku)).size], [PAGES, PAGES])
  }
}
