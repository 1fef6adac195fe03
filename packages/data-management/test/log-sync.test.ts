/** A load commits without waiting for the disk; what became of it is told only when it is there. */
import assert from 'node:assert/strict'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { temporaryFolder } from '../../../test/folders.ts'
import { openCatalogue, type SqliteCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { loadFile } from '../update-db/load-file.ts'
import { LINE_BYTES_MAX } from './naive-rows.ts'
import { rowsText, sha256Of } from './receiver.ts'

/** Loads a file of one row; returns its digest. */
async function loadRow(catalogue: SqliteCatalogue, row: number): Promise<string> {
  const text = Buffer.from(rowsText(row))
  const file = { sha256: sha256Of(text), filename: 'x.jsonl', receivedAt: 0 }
  const bytes = async function* () {
    yield text
  }
  await loadFile(catalogue, { file, bytes, lineBytesMax: LINE_BYTES_MAX, hold: undefined, now: () => 1 })
  return file.sha256
}

/** Makes the disk wait with every sync until it is told to go on, or to fail. */
async function holdSyncs(t: TestContext, folder: string): Promise<PromiseWithResolvers<void>[]> {
  const syncs: PromiseWithResolvers<void>[] = []
  await using any = await open(join(folder, 'any'), 'w')
  const { datasync } = Object.getPrototypeOf(any) as FileHandle
  t.mock.method(Object.getPrototypeOf(any), 'datasync', async function (this: FileHandle) {
    const held = Promise.withResolvers<void>()
    syncs.push(held)
    await held.promise
    await datasync.call(this)
  })
  return syncs
}

/** Whether something is still being waited for once so many syncs have begun. */
async function isWaiting(work: Promise<unknown>, syncs: readonly unknown[], count: number): Promise<boolean> {
  let waits = true
  void work.catch(() => {}).then(() => (waits = false))
  while (waits && syncs.length < count) await turn()
  for (let turns = 0; turns < 100; turns++) await turn()
  return waits
}

test('a load is told once its commit is on the disk: one sync for all that were committed before it', async (t) => {
  await using at = await temporaryFolder()
  using catalogue = openCatalogue(join(at.path, 'catalogue.db'))
  const syncs = await holdSyncs(t, at.path)
  const first = await loadRow(catalogue, 1)
  const told = catalogue.findLoad(first)
  assert.ok(await isWaiting(told, syncs, 1))
  await loadRow(catalogue, 2)
  const later = [catalogue.durable(), catalogue.durable()]
  syncs[0]!.resolve()
  assert.equal((await told)?.state, 'loaded')
  assert.ok(await isWaiting(Promise.all(later), syncs, 2), 'a sync that began before a commit does not count for it')
  assert.equal(syncs.length, 2)
  syncs[1]!.resolve()
  await Promise.all(later)
  await catalogue.durable()
  assert.equal(syncs.length, 2, 'nothing was committed since')
})

test('a log that could not be synced once is never believed to be on the disk again', async (t) => {
  await using at = await temporaryFolder()
  using catalogue = openCatalogue(join(at.path, 'catalogue.db'))
  const syncs = await holdSyncs(t, at.path)
  const sha256 = await loadRow(catalogue, 1)
  const told = catalogue.durable()
  assert.ok(await isWaiting(told, syncs, 1))
  syncs[0]!.reject(new Error('the disk is broken'))
  await assert.rejects(told, /broken/)
  await assert.rejects(catalogue.findLoad(sha256), /broken/)
})

test('whatever is no load waits for the disk in its commit', async () => {
  await using at = await temporaryFolder()
  using catalogue = openCatalogue(join(at.path, 'catalogue.db'))
  await loadRow(catalogue, 1)
  assert.equal(catalogue.database.get('pragma synchronous')?.synchronous, 2)
})
