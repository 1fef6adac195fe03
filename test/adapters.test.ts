/**
 * Real scrapers of others, on a shop of the web: what they find comes into the outbox whole, once, or not at all, whenever they are killed.
 *
 * As a campaign, with a shop of 3,000 pages and 100 kills: ADAPTER_PAGES=3000 ADAPTER_KILLS=100 npm test -- test/adapters.test.ts
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMachines, recordsIn, until } from './machines.ts'
import { neededHere } from './needed.ts'
import { openShop } from './shop-server.ts'

const ROOT = join(import.meta.dirname, '..')
const PYTHON = ['/usr/bin/python3', 'python3'].find(hasScrapy)
const NO_SCRAPY = neededHere(PYTHON === undefined && 'there is no Scrapy here')
const PAGES = Number(process.env.ADAPTER_PAGES ?? 60)
const KILLS = Number(process.env.ADAPTER_KILLS ?? 1)
const KILLED_WITHIN_MS = 3_000

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
    let files = await machines.names('scraping', 'product_outbox')
    for (let kill = 0; kill < KILLS; kill++) {
      const before = shop.asked()
      const spider = startSpider(shop.url, machines.path, how)
      const ended = once(spider, 'exit')
      await until(() => shop.asked() > before || spider.exitCode !== null, 'the spider has begun')
      // From a clean end to a kill at any moment of the scrape and of its last steps.
      await sleep((KILLED_WITHIN_MS * (kill + 1)) / (KILLS + 1) / 4)
      spider.kill('SIGKILL')
      await ended
    }
    const spider = startSpider(shop.url, machines.path, how)
    const [code] = await once(spider, 'exit')
    assert.equal(code, 0)
    const now = await machines.names('product_outbox')
    files = now.filter((name) => !files.includes(name))
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
