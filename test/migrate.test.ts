/** Catalogue and ledger are moved from their files into PostgreSQL, also when that is interrupted, and go on there. */
import assert from 'node:assert/strict'
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openPostgresCatalogue } from '@splitcart/data-management/catalogue/dialects/postgres/catalogue.ts'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { catalogueDigest } from '@splitcart/data-management/catalogue/digest.ts'
import { migrate } from '@splitcart/data-management/migrate/migrate.ts'
import { historyOf } from '../packages/data-management/test/histories.ts'
import { loadWhole } from '../packages/data-management/test/history-case.ts'
import { changesKept } from '../packages/data-management/test/naive-changes.ts'
import type { HistoryFile } from '../packages/data-management/test/naive-rows.ts'
import { temporaryFolder } from './folders.ts'
import { type Machines, openMachines, until } from './machines.ts'
import { NO_POSTGRES, sharedPostgres } from './postgres.ts'

const makeDatabase = sharedPostgres()
const skip = NO_POSTGRES
const INTERRUPTIONS = 3

/** Puts files into the inbox, as a person does, and loads them. */
async function load(machines: Machines, files: readonly HistoryFile[], environment = {}): Promise<void> {
  const inbox = join(machines.dataManagement, 'product_inbox')
  await mkdir(inbox, { recursive: true, mode: 0o700 })
  for (const { bytes, sha256, receivedAt } of files) {
    const path = join(inbox, `${sha256.slice(0, 12)}.jsonl`)
    await writeFile(path, bytes)
    await utimes(path, receivedAt / 1000, receivedAt / 1000)
  }
  const { code, stderr } = await machines.run(['update-db', '--products', '--force'], environment)
  assert.ok(code === 0 || code === 3, stderr)
}

async function digestOfFile(machines: Machines): Promise<string> {
  using catalogue = openCatalogue(join(machines.dataManagement, 'catalogue.db'))
  return await catalogueDigest(catalogue.database)
}

async function digestIn(address: string): Promise<string> {
  await using catalogue = await openPostgresCatalogue(address)
  return await catalogueDigest(catalogue.database)
}

/** What changed in the history that is there, counted. */
async function changesOfFile(machines: Machines): Promise<string[]> {
  using catalogue = openCatalogue(join(machines.dataManagement, 'catalogue.db'))
  const changes = await changesKept(catalogue.database)
  assert.ok(changes.length > 0)
  return changes.toSorted()
}

async function changesIn(address: string): Promise<string[]> {
  await using catalogue = await openPostgresCatalogue(address)
  return (await changesKept(catalogue.database)).toSorted()
}

test(`a catalogue that is moved is the same, also after ${INTERRUPTIONS} interruptions, and what is loaded then is as if it had stayed`, {
  skip,
}, async () => {
  await using database = await makeDatabase()
  await using machines = await openMachines()
  const files = [1, 2, 3, 4].flatMap((seed) => historyOf(seed))
  const [later, ...before] = files
  await load(machines, before)
  const migrate = ['migrate', '--to', database.address]
  for (let interrupted = 0; interrupted < INTERRUPTIONS; interrupted++) {
    const { child, printed, ended } = machines.start(migrate)
    const tables = () => printed().match(/^moved/gm)?.length ?? 0
    await until(() => tables() > interrupted * 3 || child.exitCode !== null, 'some tables are moved')
    child.kill('SIGKILL')
    await ended
  }
  const { code, stdout, stderr } = await machines.run(migrate)
  assert.equal(code, 0, stderr)
  const digest = await digestOfFile(machines)
  assert.match(stdout, new RegExp(digest))
  assert.equal(await digestIn(database.address), digest)
  assert.deepEqual(await changesIn(database.address), await changesOfFile(machines))

  const at = { DATABASE_URL: database.address }
  const listed = async (environment = {}) => (await machines.run(['loads', 'list', '--json'], environment)).stdout
  assert.equal(await listed(at), await listed())
  const audit = async (environment = {}) => (await machines.run(['audit', '--json'], environment)).stdout
  assert.equal(await audit(at), await audit())
  await load(machines, [later!], at)
  await load(machines, [later!])
  assert.equal(await digestIn(database.address), await digestOfFile(machines))
})

const MIGRATIONS = '../packages/data-management/catalogue/dialects/postgres/migrations'

/** What migration 022 does where an older program has begun to move a history. */
async function markedByMigration(): Promise<string> {
  const script = await readFile(join(import.meta.dirname, MIGRATIONS, '022-category-changes.sql'), 'utf8')
  return script.slice(script.indexOf('insert into change_pending'))
}

test('a move that an older program has begun, and whose dates have been marked since, goes on', { skip }, async () => {
  await using database = await makeDatabase()
  await using at = await temporaryFolder()
  const path = join(at.path, 'catalogue.db')
  using catalogue = openCatalogue(path)
  for (const file of historyOf(1)) await loadWhole(catalogue, file)
  const migration = { catalogue: path, dataDir: at.path, server: database.address }
  const interrupt = (table: string) => {
    if (table === 'figures') throw new Error('interrupted')
  }
  await assert.rejects(migrate(migration, interrupt), /interrupted/)
  await using target = await openPostgresCatalogue(database.address)
  await target.database.run(await markedByMigration())
  assert.notEqual(await target.database.get('select 1 as one from change_pending'), undefined)
  assert.equal(await migrate(migration, () => {}), await catalogueDigest(catalogue.database))
  assert.deepEqual(await changesIn(database.address), (await changesKept(catalogue.database)).toSorted())
})

test('nothing is moved into a database that is in use, nor from one that is no file', { skip }, async () => {
  await using database = await makeDatabase()
  await using machines = await openMachines()
  const files = historyOf(1)
  const at = { DATABASE_URL: database.address }
  await load(machines, files.slice(0, 1), at)
  const refused = await machines.run(['migrate', '--to', database.address])
  assert.match(refused.stderr, /there are records in this PostgreSQL already/)
  const moved = await machines.run(['migrate', '--to', database.address], at)
  assert.match(moved.stderr, /DATABASE_URL/)
  const nowhere = await machines.run(['migrate', '--to', 'sqlite:x.db'])
  assert.match(nowhere.stderr, /--to/)
  for (const { code } of [refused, moved, nowhere]) assert.notEqual(code, 0)
})

test('the address that is moved to may name several hosts or a socket, and PGSSLROOTCERT applies to it', async () => {
  await using machines = await openMachines()
  await load(machines, [])
  const authority = join(machines.dataManagement, 'no-such-authority.pem')
  const moveTo = async (address: string) =>
    (await machines.run(['migrate', '--to', address], { PGSSLROOTCERT: authority })).stderr
  assert.match(await moveTo('postgres://splitcart@127.0.0.1:1/x?sslmode=verify-full'), /no-such-authority\.pem/)
  const several = await moveTo('postgres://splitcart:secret@127.0.0.1:1,127.0.0.1:2/x?sslmode=disable')
  assert.match(several, /can read the password in --to[\s\S]*The database cannot be reached/)
  assert.match(await moveTo('postgres://splitcart@/x?host=/nowhere&password=secret'), /can read the password in --to/)
  const without = await moveTo('postgres://splitcart@/x?host=/nowhere')
  assert.match(without, /The database cannot be reached/)
  assert.doesNotMatch(without, /can read the password/)
})
