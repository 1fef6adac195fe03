/** A thread that reads gives what reading here gives, whatever is expected, given up or damaged. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { planOf } from '@splitcart/generator/plan.ts'
import { cachedLineWriter, scrapesOf } from '@splitcart/generator/scrapes.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { DamagedFile } from '@splitcart/shared/packed/damage.ts'
import type { Figures, SampledRow } from '@splitcart/shared/truth/figures.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { until } from '../../../test/machines.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { catalogueLines } from '../catalogue/digest.ts'
import { memoryBytesOf } from '../catalogue/load/row-batch.ts'
import { verifiedContent } from '../inbox/stored.ts'
import { type LoadRequest, loadFile } from '../update-db/load-file.ts'
import { LocalReader } from '../update-db/reader.ts'
import { BYTES_AHEAD_MAX, ReaderClient } from '../update-db/reader-client.ts'
import type { ReaderAnswer } from '../update-db/reader-worker.ts'
import { decodeSampledRows } from '../update-db/row-counter.ts'
import { holdBy } from './hold.ts'

const PLAN = planOf({ companies: 2, stores: 2, days: 3, products: 150 })

/** The scrapes of a plan in files, each as an order to load it. */
async function ordersIn(folder: string, plan = PLAN): Promise<LoadRequest[]> {
  const write = cachedLineWriter(plan)
  const orders: LoadRequest[] = []
  for (const { store, day } of scrapesOf(plan)) {
    const text = [...write(store, day)].join('')
    const filename = `${orders.length}.jsonl`
    const path = join(folder, filename)
    await writeFile(path, text)
    const sha256 = createHash('sha256').update(text).digest('hex')
    const stored = { path, sha256, place: 'inbox' } as const
    orders.push({
      file: { sha256, filename, receivedAt: orders.length },
      stored,
      bytes: () => verifiedContent(realDisk(), stored),
      lineBytesMax: 1024 * 1024,
      hold: undefined,
      now: () => 0,
    })
  }
  return orders
}

async function loadedHere(orders: readonly LoadRequest[]): Promise<string[]> {
  using catalogue = openCatalogue(':memory:')
  for (const order of orders) await loadFile(catalogue, order)
  return await Array.fromAsync(catalogueLines(catalogue.database))
}

test('what a thread reads ahead is loaded as if it had been read here', async () => {
  await using at = await temporaryFolder()
  const orders = await ordersIn(at.path)
  using catalogue = openCatalogue(join(at.path, 'catalogue.db'))
  await using reader = new ReaderClient()
  for (const [index, order] of orders.entries()) {
    // The next file too, and the one behind it: of the same store the lines are not known yet when they are read ahead.
    for (const each of orders.slice(index, index + 3)) reader.expect(each)
    const { result } = await loadFile(catalogue, { ...order, reader })
    assert.ok(result.rows > 0)
  }
  assert.deepEqual(await Array.fromAsync(catalogueLines(catalogue.database)), await loadedHere(orders))
})

test('behind a large file the thread gives back what it keeps, and what it has read ahead is read once more', async () => {
  await using at = await temporaryFolder()
  const orders = (await ordersIn(at.path)).slice(0, 5)
  using catalogue = openCatalogue(join(at.path, 'catalogue.db'))
  await using reader = new ReaderClient({ largeBytes: 1 })
  for (const [index, order] of orders.entries()) {
    for (const each of orders.slice(index, index + 3)) reader.expect(each)
    await loadFile(catalogue, { ...order, reader })
    assert.equal(reader.cache.listing(0), undefined)
  }
  assert.deepEqual(await Array.fromAsync(catalogueLines(catalogue.database)), await loadedHere(orders))
})

test('a file that was expected and is not wanted, one that is damaged and one that is gone do not mislead', async () => {
  await using at = await temporaryFolder()
  const orders = await ordersIn(at.path)
  using catalogue = openCatalogue(join(at.path, 'catalogue.db'))
  await using reader = new ReaderClient()
  const [unwanted, damaged, gone, ...wanted] = orders
  reader.expect(unwanted!)
  const other = { ...damaged!.stored!, sha256: gone!.file.sha256 }
  await assert.rejects(loadFile(catalogue, { ...damaged!, stored: other, reader }), DamagedFile)
  const nowhere = { ...gone!.stored!, path: `${gone!.stored!.path}.not-there` }
  await assert.rejects(loadFile(catalogue, { ...gone!, stored: nowhere, reader }), { code: 'ENOENT' })
  for (const order of wanted) await loadFile(catalogue, { ...order, reader })
  assert.deepEqual(await Array.fromAsync(catalogueLines(catalogue.database)), await loadedHere(wanted))
})

for (const how of ['with an error', 'silently'])
  test(`a thread that ends ${how} costs no more than the file that is read: a new one reads the others`, async () => {
    await using at = await temporaryFolder()
    const orders = (await ordersIn(at.path)).slice(0, 5)
    const [lost, unwanted, ...wanted] = orders
    using catalogue = openCatalogue(join(at.path, 'catalogue.db'))
    const threads: Worker[] = []
    const note = (thread: Worker) => threads.push(thread)
    process.on('worker', note)
    await using reader = new ReaderClient()
    for (const each of [lost!, unwanted!, wanted[0]!]) reader.expect(each)
    const reading = reader.batches(lost!).next()
    // A thread is told of in the next turn.
    await turn()
    // No message is like this: the thread breaks where it hears it.
    if (how === 'silently') await threads[0]!.terminate()
    else threads[0]!.postMessage(null)
    await assert.rejects(reading)
    for (const order of wanted) await loadFile(catalogue, { ...order, reader })
    process.off('worker', note)
    assert.equal(threads.length, 2)
    assert.deepEqual(await Array.fromAsync(catalogueLines(catalogue.database)), await loadedHere(wanted))
  })

test('a thread whose batches nobody takes reads ahead until they fill its bytes, and goes on as they are taken', async () => {
  await using at = await temporaryFolder()
  const orders = await ordersIn(at.path, planOf({ companies: 1, stores: 2, days: 1, products: 5_000 }))
  let ahead = 0
  process.once('worker', (thread: Worker) =>
    thread.on('message', (message: ReaderAnswer) => {
      ahead += 'batch' in message ? memoryBytesOf(message.batch) : 0
    }),
  )
  await using reader = new ReaderClient()
  for (const order of orders) reader.expect(order)
  const batches = reader.batches(orders[0]!)
  const take = async () => {
    const { value } = await batches.next()
    ahead -= memoryBytesOf(value!)
  }
  await take()
  const [least, most] = [BYTES_AHEAD_MAX, BYTES_AHEAD_MAX + 1024 * 1024]
  let seen = 0
  for (let taken = 0; taken < 2; taken++) {
    await until(() => ahead >= least, 'so much is read ahead')
    // Whoever does not stop there sends the next one soon.
    await sleep(100)
    seen = Math.max(seen, ahead)
    await take()
  }
  assert.ok(seen <= most, `${seen} bytes ahead`)
})

for (const how of ['with an error', 'silently'])
  test(`a thread that ends ${how} while a file is skipped costs none: a new one reads what is wanted`, async () => {
    await using at = await temporaryFolder()
    const [unwanted, ...wanted] = (await ordersIn(at.path)).slice(0, 4)
    using catalogue = openCatalogue(join(at.path, 'catalogue.db'))
    const threads: Worker[] = []
    const note = (thread: Worker) => threads.push(thread)
    process.on('worker', note)
    await using reader = new ReaderClient()
    for (const each of [unwanted!, ...wanted]) reader.expect(each)
    const loading = loadFile(catalogue, { ...wanted[0]!, reader })
    await turn()
    if (how === 'silently') await threads[0]!.terminate()
    else threads[0]!.postMessage(null)
    await loading
    for (const order of wanted.slice(1)) await loadFile(catalogue, { ...order, reader })
    process.off('worker', note)
    assert.equal(threads.length, 2)
    assert.deepEqual(await Array.fromAsync(catalogueLines(catalogue.database)), await loadedHere(wanted))
  })

test('a file that is held is read to its end, and what comes after it is loaded', async () => {
  await using at = await temporaryFolder()
  const orders = await ordersIn(at.path)
  using catalogue = openCatalogue(join(at.path, 'catalogue.db'))
  await using reader = new ReaderClient()
  const [first, ...others] = orders
  const hold = holdBy({ HOLD_DAYS_AHEAD: 100_000, HOLD_ROWS_MIN: 1, HOLD_ROWS_SHARE: 100, HOLD_REJECTS_SHARE: 1 })
  for (const order of [first!, ...others]) {
    const { state } = await loadFile(catalogue, { ...order, hold, reader })
    const isFirst = order.file.filename === first!.file.filename
    if (isFirst) assert.equal(state, 'loaded')
  }
  for (const order of others) await loadFile(catalogue, { ...order, reader })
  assert.deepEqual(await Array.fromAsync(catalogueLines(catalogue.database)), await loadedHere(orders))
})

function plainOf(row: SampledRow): SampledRow {
  const { code, label } = row
  return { ...row, code, label }
}

type Counted = Figures & Readonly<{ bytes: number; sampled: readonly SampledRow[] }>

/** The figures and samples that reading lines gives, by store. */
async function figuresOf(lines: readonly string[]): Promise<Map<number, Counted>> {
  const reader = new LocalReader()
  const found = new Map<number, Counted>()
  const bytes = async function* () {
    yield Buffer.from(lines.join(''))
  }
  for await (const { figures } of reader.batches({ bytes, lineBytesMax: 1024 * 1024 }))
    for (const each of figures)
      found.set(each.scrape, {
        ...each.figures,
        bytes: each.sampled.length,
        sampled: decodeSampledRows(each.sampled).map(plainOf),
      })
  return found
}

test('rows of two stores that take turns in a file are counted as if each store had a file of its own', async () => {
  const plan = planOf({ companies: 1, stores: 2, days: 1, products: 400 })
  const write = cachedLineWriter(plan)
  const [one, other] = [...scrapesOf(plan)].map(({ store, day }) => [...write(store, day)].join('').split(/(?<=\n)/))
  const length = Math.max(one!.length, other!.length)
  const turns = Array.from({ length }, (_, place) => [one![place] ?? '', other![place] ?? '']).flat()
  const apart = [one, other].map((lines) => figuresOf(lines!))
  assert.deepEqual([...(await figuresOf(turns)).values()], [(await apart[0]!).get(0), (await apart[1]!).get(0)])
  assert.ok(turns.length > 700)
})

test('the samples of a file of many stores are the same as of a file of each, and take a fraction of the bytes', async () => {
  const plan = planOf({ companies: 1, stores: 25, days: 1, products: 300 })
  const write = cachedLineWriter(plan)
  const files = [...scrapesOf(plan)].map(({ store, day }) => [...write(store, day)].join('').split(/(?<=\n)/))
  const together = [...(await figuresOf(files.flat())).values()]
  const apart = await Promise.all(files.map(async (lines) => (await figuresOf(lines)).get(0)!))
  const plain = (each: Counted) => ({ ...each, bytes: 0 })
  assert.deepEqual(together.map(plain), apart.map(plain))
  assert.ok(3 * bytesIn(together) < bytesIn(apart), `${bytesIn(together)} bytes instead of ${bytesIn(apart)}`)
})

function bytesIn(all: readonly Counted[]): number {
  return all.reduce((sum, { bytes }) => sum + bytes, 0)
}
