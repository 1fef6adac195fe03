/** Many loaders at once on one PostgreSQL: the catalogue is the same as if one had loaded all files, and nobody waits for ever. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { openPostgresCatalogue, openPostgresCatalogueDatabase } from '../catalogue/dialects/postgres/catalogue.ts'
import { lockCompanies } from '../catalogue/dialects/postgres/locks.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { catalogueDigest, catalogueLines } from '../catalogue/digest.ts'
import type { LoadRecord } from '../catalogue/loads.ts'
import { LocalReader } from '../update-db/reader.ts'
import { historyOf } from './histories.ts'
import { differenceBetween, faultOf, loadWhole } from './history-case.ts'
import type { HistoryFile } from './naive-rows.ts'
import { Chance } from './random.ts'
import { sha256Of } from './receiver.ts'
import { named, scrapeText } from './shop.ts'

const LOADERS = 8
const FILES = 200

const skip = NO_POSTGRES
const makeDatabase = sharedPostgres()

/** Loaders, each with connections of its own, as programs on different machines have. */
async function openLoaders(stack: AsyncDisposableStack, count: number): Promise<Catalogue[]> {
  const { address } = stack.use(await makeDatabase())
  const loaders = await Promise.all(
    Array.from({ length: count }, () => openPostgresCatalogue(address, { connections: 2 })),
  )
  for (const loader of loaders) stack.use(loader)
  return loaders
}

/** Loads files as `loaders` come to them; returns what they say of each. */
async function loadTogether(loaders: readonly Catalogue[], files: readonly HistoryFile[]): Promise<LoadRecord[]> {
  const waiting = [...files]
  const records: LoadRecord[] = []
  await Promise.all(
    loaders.map(async (loader) => {
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
        records.push(await loadWhole(loader, file))
    }),
  )
  return records
}

/** Files of many histories: the same few companies, stores, names and barcodes in all of them, so that loads always meet. */
function filesOf(seed: number, count: number): HistoryFile[] {
  const files = new Map<string, HistoryFile>()
  for (let each = seed; files.size < count; each++) for (const file of historyOf(each)) files.set(file.sha256, file)
  return new Chance(seed).shuffled([...files.values()]).slice(0, count)
}

test(`${LOADERS} loaders at once over ${FILES} files give what one gives, also when some files come twice`, {
  skip,
}, async () => {
  await using stack = new AsyncDisposableStack()
  const files = filesOf(1, FILES)
  const loaders = await openLoaders(stack, LOADERS)
  const arrivals = new Chance(2).shuffled([...files, ...files.slice(0, FILES / 10)])
  const records = await loadTogether(loaders, arrivals)
  assert.ok(records.every(({ state }) => state === 'loaded' || state === 'failed'))
  using alone = openCatalogue(':memory:')
  for (const file of files) await loadWhole(alone, file)
  const [expected, found] = [alone, loaders[0]!].map(({ database }) => Array.fromAsync(catalogueLines(database)))
  assert.equal(differenceBetween(await expected!, await found!), undefined)
  assert.equal(await faultOf(loaders[1]!, files), undefined)
})

test('loads that are undone while others are made are as if they had never come', { skip }, async () => {
  await using stack = new AsyncDisposableStack()
  const files = filesOf(1000, 60)
  const [first, ...loaders] = await openLoaders(stack, 5)
  const [undone, later] = [files.slice(0, 15), files.slice(30)]
  await loadTogether(loaders, files.slice(0, 30))
  await Promise.all([
    loadTogether(loaders, later),
    (async () => {
      for (const { sha256 } of undone) await first!.undo(sha256, 'for a test', 0)
    })(),
  ])
  const failed = new Set(await failedIn(first!))
  const left = files.filter((file) => !undone.includes(file) || failed.has(file.sha256))
  assert.equal(await faultOf(first!, left), undefined)
  await loadTogether([first!, ...loaders], undone)
  assert.equal(await faultOf(loaders[0]!, files), undefined)
})

test('a loader whose reader remembers what was there finds out that another one has taken it out', {
  skip,
}, async () => {
  await using stack = new AsyncDisposableStack()
  const files = filesOf(2000, 40)
  const [one, other] = await openLoaders(stack, 2)
  const reader = new LocalReader()
  const undone: HistoryFile[] = []
  for (const [index, file] of files.entries()) {
    await loadWhole(one!, file, reader)
    if (index % 2 === 0 || (await other!.undo(file.sha256, 'for a test', 0)) === undefined) continue
    undone.push(file)
  }
  assert.ok(undone.length > 0)
  const isThere = (file: HistoryFile) => !undone.includes(file)
  assert.equal(await faultOf(one!, files.filter(isThere)), undefined)
  for (const file of undone) await loadWhole(one!, file, reader)
  assert.equal(await faultOf(other!, files), undefined)
})

test('whoever loads bytes that another loader has begun with waits for it, and says what became of them', {
  skip,
}, async () => {
  await using stack = new AsyncDisposableStack()
  const [file] = filesOf(7, 1)
  const loaders = await openLoaders(stack, 4)
  const records = await Promise.all(loaders.map((loader) => loadWhole(loader, file!)))
  const [{ database }] = loaders as [Catalogue]
  assert.equal((await database.all('select 1 from load')).length, 1)
  assert.ok(records.every(({ state, sha256 }) => state === records[0]!.state && sha256 === file!.sha256))
  using alone = openCatalogue(':memory:')
  await loadWhole(alone, file!)
  assert.equal(await catalogueDigest(database), await catalogueDigest(alone.database))
})

// The first scrape of a store, a later one, an earlier one, one between them, and a second one of a date.
const IN_ALL_WAYS = ['2026-03-02', '2026-03-04', '2026-03-01', '2026-03-03', '2026-03-03']

test('a load counts the uses of labels while no other load of the company does: in other orders they would deadlock', {
  skip,
}, async () => {
  await using stack = new AsyncDisposableStack()
  const { address } = stack.use(await makeDatabase())
  const database = stack.use(await openPostgresCatalogueDatabase(address))
  const catalogue = stack.use(await openPostgresCatalogue(address))
  for (const [version, date] of IN_ALL_WAYS.entries()) await loadWhole(catalogue, versionOf('G1', date, version))
  for (const [version, date] of IN_ALL_WAYS.entries()) {
    await using other = await database.begin()
    const count = (odd: number) => other.transaction.run('update label_use set uses = uses where label_id % 2 = ?', odd)
    await lockCompanies(other.transaction, [1])
    await count(0)
    const load = loadWhole(catalogue, versionOf('G2', date, version))
    const waiting = () => database.get<{ kind: string }>('select locktype as kind from pg_locks where not granted')
    while ((await waiting()) === undefined) await sleep(10)
    assert.deepEqual(await waiting(), { kind: 'advisory' }, `version ${version}`)
    await count(1)
    await other.commit()
    assert.equal((await load).state, 'loaded')
  }
})

/** A scrape by one version of a scraper, which names articles in its own way. */
function versionOf(store: string, date: string, version: number): HistoryFile {
  const names = ['Tea', 'Rice', 'Milk'].map((name) => `${name} ${version}`)
  const bytes = Buffer.from(scrapeText(`aldi/${store}`, date, named(...names)))
  return { sha256: sha256Of(bytes), bytes, receivedAt: Date.parse('2026-03-05') + version }
}

async function failedIn({ database }: Catalogue): Promise<string[]> {
  const records = await database.all<{ sha256: string }>("select sha256 from load where state = 'failed'")
  return records.map(({ sha256 }) => sha256)
}
