/**
 * Real scrapers of others, on a shop of the web: what they find comes into the outbox whole, once, or not at all, whenever they are killed.
 *
 * As a campaign, with a shop of 3,000 pages and 100 kills: ADAPTER_PAGES=3000 ADAPTER_KILLS=100 npm test -- test/adapters.test.ts
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
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
const MS_MAX = 150_000
const STEP_MS = 30

const NO_CRAWLEE = process.env.ADAPTER_CRAWLEE === undefined && 'a campaign, which fetches Crawlee: ADAPTER_CRAWLEE=1'

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

test('what a real dataset of Crawlee is given is in the outbox once the crawl got through, and not at all when it failed', {
  skip: NO_CRAWLEE,
}, async () => {
  await using at = await temporaryFolder()
  await writeFile(join(at.path, 'package.json'), '{"type":"module"}')
  const installed = spawnSync('npm', ['i', '--silent', '@crawlee/core@3.18.1'], { cwd: at.path, encoding: 'utf8' })
  assert.equal(installed.status, 0, installed.stderr)
  const writer = join(at.path, 'node_modules', '@splitcart', 'jsonl-writer')
  await buildWriter(join(at.path, 'built'))
  await cp(join(at.path, 'built'), writer, { recursive: true })
  await using shop = await openShop(PAGES)
  const program = `import { Dataset } from '@crawlee/core'
import { intoOutbox } from '@splitcart/jsonl-writer/crawlee'
const rowOf = ({ price, ...item }) => ({ ...item, price_current: price })
const outbox = await intoOutbox(Dataset, 'data', { company: 'cornershop', store: 'S1', rowOf })
const visit = async (number) => {
  const { next, ...item } = await (await fetch(process.argv[2] + '/api/' + number)).json()
  await Dataset.pushData(item)
  if (number % 7 === 0) await (await Dataset.open()).pushData([item])
  await Promise.all(next.map(visit))
}
await visit(1)
await outbox.commit({ requestsFailed: Number(process.argv[3]) })
`
  await writeFile(join(at.path, 'crawl.js'), program)
  const outbox = join(at.path, 'data', 'product_outbox')
  for (const failed of [1, 0]) {
    const child = spawn(process.execPath, ['crawl.js', shop.url, String(failed)], { cwd: at.path, stdio: 'ignore' })
    const [code] = await once(child, 'exit')
    const names = (await readdir(outbox)).filter((name) => !name.startsWith('.'))
    assert.deepEqual([code, names.length], failed === 1 ? [1, 0] : [0, 1])
    if (failed === 1) continue
    const rows = recordsIn<{ product: { sku: string } }>({ stdout: await readFile(join(outbox, names[0]!), 'utf8') })
    assert.deepEqual([rows.length, new Set(rows.map(({ product }) => product.sku)).size], [PAGES, PAGES])
  }
})
