/** Some real scrapes take the whole way: what "done" means, in figures. */
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import type { Observation } from '@splitcart/data-management/catalogue/export.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { duplicateKeyOf, isRejection, type Row, readRow } from '@splitcart/shared/row.ts'
import { REAL_FILES_MISSING, realFiles } from '../packages/data-management/test/real-files.ts'
import { type Machines, openMachines, recordsIn } from './machines.ts'
import { asText, observationOf } from './observations.ts'

// Two of them were scraped past midnight: such a scrape counts as one, of the day it began, which is in its name.
const DATE_OF_NAME = /-(\d{4}-\d\d-\d\d)\.jsonl$/

async function unpack(machines: Machines): Promise<Map<string, Buffer>> {
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  const files = new Map(realFiles().map(({ name, bytes }) => [name.replace('.gz', ''), bytes]))
  for (const [name, bytes] of files) await writeFile(join(outbox, name), bytes)
  return files
}

/** What must come out: the first row of each listing in each scrape. */
function observedIn(files: ReadonlyMap<string, Buffer>): Observation[] {
  const observed = new Map<string, Observation>()
  for (const [name, bytes] of files) {
    const date = DATE_OF_NAME.exec(name)?.[1] ?? ''
    for (const line of bytes.toString().trimEnd().split('\n')) {
      const read = readRow(Buffer.from(line))
      assert.ok(!isRejection(read))
      const row: Row = { ...read, date }
      if (!observed.has(duplicateKeyOf(row))) observed.set(duplicateKeyOf(row), observationOf(row))
    }
  }
  return [...observed.values()]
}

function figuresIn(machines: Machines): Record<string, unknown> {
  using catalogue = openCatalogue(join(machines.dataManagement, 'catalogue.db'))
  return {
    ...catalogue.database.get(`select (select count(*) from company) as companies, (select count(*) from store) as stores,
    (select count(*) from scrape) as scrapes, (select count(*) from listing) as listings`),
  }
}

function figuresOf(observed: readonly Observation[]): Record<string, unknown> {
  const count = (of: (each: Observation) => unknown[]) => new Set(observed.map((each) => JSON.stringify(of(each)))).size
  return {
    companies: count(({ company }) => [company]),
    stores: count(({ company, store_id }) => [company, store_id]),
    scrapes: count(({ company, store_id, scraped_date }) => [company, store_id, scraped_date]),
    listings: count(({ company, sku, key }) => [company, sku ?? key]),
  }
}

// Two of them are scrapes that broke off; somebody looks at them and believes them.
async function releasePartial(machines: Machines, server: Parameters<Machines['upload']>[0]): Promise<void> {
  const released = await machines.run(['holds', 'release', '--all', '--reason', 'a person has looked at them'])
  assert.equal(released.code, 0, released.stderr)
  const told = await machines.upload(server, await machines.key(), '--wait')
  assert.equal(told.code, 0, told.stdout + told.stderr)
}

test('the real files arrive whole: every figure and every value', { skip: REAL_FILES_MISSING }, async () => {
  await using machines = await openMachines()
  const files = await unpack(machines)
  const server = await machines.serve()
  const sent = await machines.upload(server, await machines.key(), '--wait')
  assert.equal(sent.code, 0, sent.stdout + sent.stderr)
  await releasePartial(machines, server)
  const archive = join(machines.scraping, 'temp_jsonl_product_storage')
  const sums = { duplicate: 0, rejected: 0 }
  for (const name of files.keys()) {
    const receipt = JSON.parse(
      await readFile(join(archive, name.replace('.jsonl', '.receipt.json')), 'utf8'),
    ) as Receipt
    assert.equal(receipt.state, 'loaded', `${name}: ${receipt.load?.problem}`)
    sums.duplicate += receipt.load?.duplicate ?? 0
    sums.rejected += receipt.load?.rejected ?? 0
  }
  const observed = observedIn(files)
  const lines = [...files.values()].reduce((sum, bytes) => sum + bytes.toString().trimEnd().split('\n').length, 0)
  assert.deepEqual(sums, { duplicate: lines - observed.length, rejected: 0 })
  assert.deepEqual(figuresIn(machines), figuresOf(observed))
  const out = recordsIn<Observation>(await machines.run(['export', 'observations']))
  const [came, expected] = [asText(out), asText(observed)]
  assert.equal(came.length, expected.length)
  // Compared one by one: a difference between so many lines is more than a person can read.
  for (const [index, line] of expected.entries()) assert.equal(came[index], line)
})
