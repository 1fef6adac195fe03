/** Processes killed in the middle of their work: everything arrives once, and nobody has to lend a hand. */
import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { catalogueDigest } from '@splitcart/data-management/catalogue/digest.ts'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { loadFile } from '@splitcart/data-management/update-db/load-file.ts'
import { writeBigFile } from '@splitcart/generator/write.ts'
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { type Machines, openMachines, type Server, until } from './machines.ts'
import { childrenOf, isRunning, NO_PROC } from './processes.ts'
import { allowedMs } from './times.ts'

const NAME = 'big.jsonl'
const BYTES = 5_000_000

/** Machines with one large file in the outbox, and what the catalogue must be in the end. */
async function withBigFile(machines: Machines): Promise<string> {
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  const path = join(outbox, NAME)
  await writeBigFile(path, { bytes: BYTES })
  const { sha256 } = await digestOfFile(realDisk(), path)
  using catalogue = openCatalogue(':memory:')
  const file = { sha256, filename: NAME, receivedAt: Date.now() }
  const bytes = () => createReadStream(path) as AsyncIterable<Buffer>
  await loadFile(catalogue, { file, bytes, lineBytesMax: 1024 * 1024, hold: undefined, now: Date.now })
  return await catalogueDigest(catalogue.database)
}

async function assertArrivedOnce(machines: Machines, digest: string): Promise<void> {
  using catalogue = openCatalogue(join(machines.dataManagement, 'catalogue.db'))
  assert.equal(await catalogueDigest(catalogue.database), digest)
  assert.equal(catalogue.database.all('select id from load').length, 1)
  await machines.untilProcessed([NAME])
  const inbox = await readdir(join(machines.dataManagement, 'product_inbox'), { recursive: true })
  assert.deepEqual(inbox.sort(), ['.part', '.resumable'])
  assert.deepEqual(await machines.names('scraping', 'product_outbox'), [])
  const archive = await machines.names('scraping', 'temp_jsonl_product_storage')
  assert.deepEqual(archive, [NAME, NAME.replace('.jsonl', '.receipt.json')])
}

async function untilLoading(machines: Machines): Promise<void> {
  await using ledger = openLedger(machines.dataManagement)
  const isLoading = async () => (await ledger.uploads.countByState()).loading > 0
  await until(isLoading, 'the load has begun')
}

function loaderOf({ child }: Server): number {
  const [loader, ...more] = childrenOf(child.pid!)
  assert.ok(loader !== undefined && more.length === 0)
  return loader
}

test('a server killed in the middle of an upload: the next one has no stale part, and the file arrives', async () => {
  await using machines = await openMachines()
  const digest = await withBigFile(machines)
  const first = await machines.serve()
  const key = await machines.key()
  const parts = join(machines.dataManagement, 'product_inbox', '.part')
  // So slowly that it is on its way for as long as anybody takes to notice.
  const cut = machines.upload(first, key, '--upload-tries-max', '1', '--limit-rate', '10k')
  await until(async () => (await readdir(parts)).length > 0, 'a part appears')
  first.child.kill('SIGKILL')
  const { code, stdout, stderr } = await cut
  assert.equal(code, 5, stdout + stderr)
  assert.deepEqual(await machines.names('scraping', 'product_outbox'), [NAME])
  assert.equal((await readdir(parts)).length, 1)
  assert.deepEqual(await machines.names('data_management', 'product_inbox'), [])
  await first.ended
  const second = await machines.serve()
  assert.deepEqual(await readdir(parts), [])
  const sent = await machines.upload(second, key, '--wait')
  assert.equal(sent.code, 0, sent.stdout + sent.stderr)
  await assertArrivedOnce(machines, digest)
})

test('update-db killed in the middle of a load: the server starts another, and the file is loaded once', {
  skip: NO_PROC,
}, async () => {
  await using machines = await openMachines()
  const digest = await withBigFile(machines)
  const server = await machines.serve()
  await until(() => childrenOf(server.child.pid!).length > 0, 'the loader is there')
  const killed = loaderOf(server)
  const sending = machines.upload(server, await machines.key(), '--wait')
  await untilLoading(machines)
  process.kill(killed, 'SIGKILL')
  const sent = await sending
  assert.equal(sent.code, 0, sent.stdout + sent.stderr)
  await until(() => childrenOf(server.child.pid!).some((pid) => pid !== killed), 'another one is there')
  assert.match(server.printed(), /update-db ended and is started again/)
  await assertArrivedOnce(machines, digest)
})

test('a server killed while its update-db loads: another starts at once, and the orphan ends by itself', {
  skip: NO_PROC,
}, async () => {
  await using machines = await openMachines()
  const digest = await withBigFile(machines)
  const first = await machines.serve()
  await until(() => childrenOf(first.child.pid!).length > 0, 'the loader is there')
  const orphan = loaderOf(first)
  const key = await machines.key()
  const sending = machines.upload(first, key)
  await untilLoading(machines)
  first.child.kill('SIGKILL')
  const second = await machines.serve()
  await sending
  const sent = await machines.upload(second, key, '--wait')
  assert.equal(sent.code, 0, sent.stdout + sent.stderr)
  await until(() => !isRunning(orphan), 'the orphan has ended')
  await assertArrivedOnce(machines, digest)
})

test('a server asked to stop ends with 0 within ten seconds, and takes its update-db with it', {
  skip: NO_PROC,
}, async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    await using machines = await openMachines()
    const server = await machines.serve()
    await until(() => childrenOf(server.child.pid!).length > 0, 'the loader is there')
    const loader = loaderOf(server)
    const start = performance.now()
    server.child.kill(signal)
    server.child.kill(signal)
    const ended = await server.ended
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr)
    assert.ok(performance.now() - start < allowedMs(10_000))
    assert.equal(isRunning(loader), false)
  }
})
