/** The journey of scrapes through the programs people run, with catalogue and ledger in PostgreSQL. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import type { Observation } from '@splitcart/data-management/catalogue/export.ts'
import { NO_DRIFT, planOf } from '@splitcart/generator/plan.ts'
import { rowsOf, scrapesOf } from '@splitcart/generator/scrapes.ts'
import { JsonlWriter } from '@splitcart/scraping/jsonl-writer.ts'
import { duplicateKeyOf, isRejection, readParsedRow } from '@splitcart/shared/row.ts'
import pg from 'pg'
import { type Ended, type Machines, openMachines, recordsIn } from './machines.ts'
import { asText, observationOf } from './observations.ts'
import { NO_POSTGRES, sharedPostgres } from './postgres.ts'

const makeDatabase = sharedPostgres()

/** Scrapes all of a plan; returns what was observed, by the name of its file. */
async function scrape(machines: Machines): Promise<Map<string, Observation[]>> {
  const plan = planOf({ seed: 11, companies: 2, stores: 2, days: 2, products: 60, drift: NO_DRIFT })
  const files = new Map<string, Observation[]>()
  for (const { store, day, fileName } of scrapesOf(plan)) {
    await using writer = await JsonlWriter.open(machines.scraping, { fileName })
    const observed = new Map<string, Observation>()
    for (const row of rowsOf(plan, store, day)) {
      await writer.write(row)
      const read = readParsedRow(row)
      if (!isRejection(read) && !observed.has(duplicateKeyOf(read)))
        observed.set(duplicateKeyOf(read), observationOf(read))
    }
    files.set((await writer.commit()).name, [...observed.values()])
  }
  return files
}

function good(ended: Ended): Ended {
  assert.equal(ended.code, 0, ended.stderr)
  return ended
}

test('what the scrapers wrote is sent, loaded into PostgreSQL, exported, undone and loaded again', {
  skip: NO_POSTGRES,
}, async () => {
  await using database = await makeDatabase()
  await using machines = await openMachines()
  const at = { DATABASE_URL: database.address }
  const run = async (...args: string[]) => good(await machines.run(args, at))
  const files = await scrape(machines)
  const server = await machines.serve([], at)
  const key = (await run('keys', 'create', 'a test', '--scope', 'upload,read')).stdout.trim()
  good(await machines.upload(server, key, '--wait'))
  const exported = async () => asText(recordsIn<Observation>(await run('export', 'observations')))
  assert.deepEqual(await exported(), asText([...files.values()].flat()))

  const asked = await fetch(`${server.url}/api/products?limit=5&prices=true`, { headers: { 'X-API-Key': key } })
  const { products, total } = (await asked.json()) as {
    products: { now: { stores: number; silent_stores: number } }[]
    total: object
  }
  assert.equal(products.length, 5, JSON.stringify(total))
  assert.ok(products.every(({ now }) => now.stores + now.silent_stores > 0))

  const [first = ''] = files.keys()
  const others = [...files].filter(([name]) => name !== first).flatMap(([, observed]) => observed)
  await run('loads', 'undo', first, '--reason', 'a test')
  assert.deepEqual(await exported(), asText(others))
  await run('loads', 'replay', first)
  assert.deepEqual(await exported(), asText([...files.values()].flat()))

  const client = new pg.Client({ connectionString: database.address })
  await client.connect()
  const setBack = await client.query("update catalogue.load set reader_version = 0 where state = 'loaded'")
  await client.end()
  assert.equal(setBack.rowCount, files.size)
  // By the loader that is at work.
  assert.match(
    (await run('loads', 'replay', '--older')).stdout,
    new RegExp(`^${files.size} files loaded once more\\.$`, 'm'),
  )
  assert.deepEqual(await exported(), asText([...files.values()].flat()))

  const status = recordsIn<{ data_management: { uploads: { loaded: number } } }>(await run('status', '--json'))
  assert.equal(status[0]?.data_management.uploads.loaded, files.size)
  const doctor = await machines.run(['doctor'], at)
  assert.doesNotMatch(doctor.stdout, /older version/)
  assert.match(doctor.stdout, /catalogue .*schema catalogue at \d/)
  assert.match(doctor.stdout, /ledger .*schema ledger at \d/)
  const backup = await machines.run(['backup', `${machines.path}/copy.db`], at)
  assert.notEqual(backup.code, 0)
  assert.match(backup.stderr, /pg_dump/)
})

test('where the databases are in PostgreSQL, keys and lists need no folder and leave none', {
  skip: NO_POSTGRES,
}, async () => {
  await using database = await makeDatabase()
  await using machines = await openMachines()
  const at = { DATABASE_URL: database.address }
  const { code, stdout, stderr } = await machines.run(['keys', 'create', 'x'], at)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^splitcart_/)
  const noted = await machines.run(['backup', '--note', '/backups/today.dump'], at)
  assert.equal(noted.code, 0, noted.stderr)
  assert.match((await machines.run(['audit'], at)).stdout, /backup made.*today\.dump/)
  for (const args of [
    ['keys', 'list'],
    ['holds', 'list'],
    ['export', 'products'],
  ]) {
    const ended = await machines.run(args, at)
    assert.equal(ended.code, 0, `${args.join(' ')}: ${ended.stderr}`)
  }
  assert.deepEqual(await readdir(machines.path), [])
})
