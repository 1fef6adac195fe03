/** A newer program changes the tables while an older one works: the older one writes nothing more, and says what to do. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openPostgresCatalogue } from '@splitcart/data-management/catalogue/dialects/postgres/catalogue.ts'
import { openPostgresLedger } from '@splitcart/data-management/ledger/postgres.ts'
import pg from 'pg'
import { rowsText } from '../packages/data-management/test/receiver.ts'
import { openMachines, recordsIn, until } from './machines.ts'
import { NO_POSTGRES, sharedPostgres } from './postgres.ts'

const makeDatabase = sharedPostgres()
const NEWER = { name: 'Problem', code: 'schema_newer' }

test('a loader ends when the catalogue was made newer meanwhile, and what waits is loaded by the newer program', async () => {
  await using machines = await openMachines()
  await machines.makeServerData()
  const loader = machines.start(['update-db', '--products', '--watch'])
  const catalogue = join(machines.dataManagement, 'catalogue.db')
  await until(async () => (await machines.names('data_management')).includes('catalogue.db'), 'there is a catalogue')
  using newer = new DatabaseSync(catalogue, { timeout: 5_000 })
  const version = () => Number(newer.prepare('pragma user_version').get()?.user_version)
  await until(() => version() > 0, 'its tables are made')
  const made = version()
  newer.exec(`pragma user_version = ${made + 1}`)
  await writeFile(join(machines.dataManagement, 'product_inbox', 'x.jsonl'), rowsText(20))
  const { code, stderr } = await loader.ended
  assert.equal(code, 1, stderr)
  assert.match(stderr, /made by a newer program.*\nStart the newer program/)
  newer.exec(`pragma user_version = ${made}`)
  const { code: loaded, stderr: said } = await machines.run(['update-db', '--products'])
  assert.equal(loaded, 0, said)
  assert.deepEqual(newer.prepare('select count(*) as loads from load').get(), { __proto__: null, loads: 1 })
})

test('in PostgreSQL no load begins once a newer program has changed the tables, and none is changed under a load', {
  skip: NO_POSTGRES,
}, async () => {
  await using database = await makeDatabase()
  await using catalogue = await openPostgresCatalogue(database.address)
  await using ledger = await openPostgresLedger(database.address)
  const file = { sha256: 'a', kind: 'products', filename: 'a.jsonl', receivedAt: 0 } as const
  const { ListingMemory } = await import('@splitcart/data-management/catalogue/load/listing-memory.ts')
  const client = new pg.Client({ connectionString: database.address })
  await client.connect()
  try {
    const loading = await catalogue.begin(file, 0, new ListingMemory())
    const lock = "select pg_try_advisory_xact_lock(hashtextextended('splitcart catalogue', 0)) as taken"
    assert.deepEqual((await client.query(lock)).rows, [{ taken: false }])
    await loading[Symbol.asyncDispose]()
    assert.deepEqual((await client.query(lock)).rows, [{ taken: true }])
    await client.query('update catalogue.schema_version set version = version + 1')
    await assert.rejects(catalogue.begin(file, 0, new ListingMemory()), NEWER)
    await assert.rejects(catalogue.judge([]), NEWER)
    await ledger.checkWritable()
    await client.query('update ledger.schema_version set version = version + 1')
    await assert.rejects(ledger.checkWritable(), NEWER)
  } finally {
    await client.end()
  }
})

test('upgrade says from where to where, and that there is nothing to do', async () => {
  await using machines = await openMachines()
  await machines.makeServerData()
  await machines.key()
  const { code, stdout, stderr } = await machines.run(['upgrade', '--json'])
  assert.equal(code, 0, stderr)
  const [said] = recordsIn<{ schemas: Record<string, { before: number; after: number }> }>({ stdout })
  assert.deepEqual(Object.keys(said?.schemas ?? {}), ['ledger', 'catalogue'])
  for (const { before, after } of Object.values(said?.schemas ?? {})) assert.equal(before, after)
  const server = await machines.serve()
  const running = await machines.run(['upgrade'])
  assert.equal(running.code, 11)
  assert.match(running.stderr, /stop the server first/)
  server.child.kill('SIGTERM')
  await server.ended
})
