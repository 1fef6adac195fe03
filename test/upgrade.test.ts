/** A newer program changes the tables while an older one works: the older one writes nothing more, and says what to do. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openPostgresCatalogue } from '@splitcart/data-management/catalogue/dialects/postgres/catalogue.ts'
import { catalogueDigest } from '@splitcart/data-management/catalogue/digest.ts'
import type { Ledger } from '@splitcart/data-management/ledger/ledger.ts'
import { openPostgresLedger } from '@splitcart/data-management/ledger/postgres.ts'
import type { Upload } from '@splitcart/data-management/ledger/uploads.ts'
import { runActions } from '@splitcart/data-management/update-db/actions.ts'
import { runLoaderPass } from '@splitcart/data-management/update-db/update-db.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { takeLock } from '@splitcart/shared/lock.ts'
import { openLog } from '@splitcart/shared/log.ts'
import pg from 'pg'
import { openReceiver, postGzip, type Receiver, rowsText } from '../packages/data-management/test/receiver.ts'
import { openMachines, PROGRAM, recordsIn, startProgram, until, withoutSettings } from './machines.ts'
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

  const doctor = async (at: number) => {
    newer.exec(`pragma user_version = ${at}`)
    return (await machines.run(['doctor'])).stdout
  }
  assert.match(await doctor(made + 1), /^fail +catalogue .+, made by a newer program$/m)
  assert.match(await doctor(made - 1), /^ok +catalogue .+; the next start brings it up to date$/m)
  assert.doesNotMatch(await doctor(made), /newer program|next start/)
})

test('in PostgreSQL no load begins once a newer program has changed the tables, and none is changed under a load', {
  skip: NO_POSTGRES,
}, async () => {
  await using database = await makeDatabase()
  await using catalogue = await openPostgresCatalogue(database.address)
  await using ledger = await openPostgresLedger(database.address)
  const file = { sha256: 'a', kind: 'products', filename: 'a.jsonl', receivedAt: 0 } as const
  const { ListingCache } = await import('@splitcart/data-management/catalogue/load/listing-cache.ts')
  const client = new pg.Client({ connectionString: database.address })
  await client.connect()
  try {
    const loading = await catalogue.begin(file, 0, new ListingCache())
    const lock = "select pg_try_advisory_xact_lock(hashtextextended('splitcart catalogue', 0)) as taken"
    assert.deepEqual((await client.query(lock)).rows, [{ taken: false }])
    await loading[Symbol.asyncDispose]()
    assert.deepEqual((await client.query(lock)).rows, [{ taken: true }])
    await client.query('update catalogue.schema_version set version = version + 1')
    await assert.rejects(catalogue.begin(file, 0, new ListingCache()), NEWER)
    await assert.rejects(catalogue.replaceVerdicts([]), NEWER)
    await ledger.checkWritable()
    await client.query('update ledger.schema_version set version = version + 1')
    await assert.rejects(ledger.checkWritable(), NEWER)
  } finally {
    await client.end()
  }
})

const WORK = { lineBytesMax: 1024 * 1024, hold: undefined, log: openLog('silent'), now: Date.now, onFile: () => {} }
const NEVER = new AbortController().signal

type Upgraded = { schemas: Record<string, { before: number; after: number }>; older_loads: number }

/** Files that an older version has loaded: sent with all rights, or with some; one was made whole by a person, one taken out, and one is gone. */
async function loadAsOlder(receiver: Receiver): Promise<void> {
  const { folders, ledger, catalogue } = receiver
  const work = { disk: realDisk(), folders, ledger, catalogue, ...WORK }
  const key = (onlyFor: string[] | null) =>
    ledger.keys.create({ name: 'a laptop', scopes: ['upload'], onlyFor, expiresAt: null }, Date.now())
  const [all, some] = [await key(null), await key(['aldi'])]
  for (const [index, [name, { text }]] of Object.entries({ all, some, whole: some, out: all, gone: all }).entries()) {
    const rows = rowsText(4, index).replace('"aldi"', '"coles"').replaceAll('2025-09-12', `2025-09-1${index}`)
    await postGzip({ url: receiver.url, key: text }, `${name}.jsonl.gz`, rows)
    await runLoaderPass(work, NEVER)
  }
  for (const [name, action] of [
    ['whole', 'load'],
    ['out', 'undo'],
  ] as const)
    await ledger.uploads.requestAction((await named(ledger, `${name}.jsonl`)).id, {
      action,
      by: 'a person',
      reason: 'a test',
    })
  await runActions(work, NEVER)
  await rm(join(folders.processed, 'gone.jsonl'))
  await catalogue.database.run('update load set reader_version = 0')
}

async function named({ uploads }: Ledger, name: string): Promise<Upload> {
  const [upload] = await uploads.findByReference(name)
  return upload!
}

test('upgrade says from where to where; what an older version loaded is made once more, and what was taken out stays out', async () => {
  await using receiver = await openReceiver()
  const { folders, ledger, catalogue } = receiver
  const settings = { ...withoutSettings(), DATA_MANAGEMENT_DATA_DIR: folders.data }
  const run = (...args: string[]) => startProgram([PROGRAM, ...args], folders.data, settings).ended
  await loadAsOlder(receiver)
  const before = await catalogueDigest(catalogue.database)

  const { code, stdout, stderr } = await run('upgrade', '--json')
  assert.equal(code, 0, stderr)
  const [said] = recordsIn<Upgraded>({ stdout })
  assert.deepEqual(Object.keys(said!.schemas), ['ledger', 'catalogue'])
  for (const { before, after } of Object.values(said!.schemas)) assert.equal(before, after)
  assert.equal(said!.older_loads, 4)
  const doctor = await run('doctor')
  assert.match(doctor.stdout, /^ok +loads +4 loads were made by an older version.*: splitcart loads replay --older$/m)

  const replay = await run('loads', 'replay', '--older', '--json')
  assert.equal(replay.code, 0, replay.stderr)
  const summary = { type: 'summary', replayed: 3, not_kept: 1, failed: 0, is_cut: false }
  assert.deepEqual(recordsIn(replay).at(-1), summary)
  assert.equal(await catalogueDigest(catalogue.database), before)
  assert.equal((await named(ledger, 'out.jsonl')).state, 'held')
  const audited = await ledger.auditEntries(Number.MAX_SAFE_INTEGER, 99)
  assert.equal(audited.filter(({ what, detail }) => what === 'load' && detail === 'replayed').length, 3)
  const again = await run('loads', 'replay', '--older')
  assert.deepEqual(
    [again.code, again.stdout],
    [0, '0 files loaded once more; the files of 1 more are no longer kept.\n'],
  )
  assert.doesNotMatch((await run('doctor')).stdout, /older version/, 'of a file that is gone nobody is told')

  using _lock = takeLock(join(folders.data, '.serve.lock'), 'a server is at work')
  const running = await run('upgrade')
  assert.equal(running.code, 11)
  assert.match(running.stderr, /stop the server first/)
})
