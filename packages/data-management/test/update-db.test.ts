/** `update-db --products`: every file of the inbox is dealt with once, whatever else lies there and whatever crashed. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFile, copyFile, mkdir, readdir, readFile, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { DAY_MS, HOUR_MS } from '@splitcart/shared/time.ts'
import { Compaction } from '../inbox/processed/compaction.ts'
import { loadFile } from '../update-db/load-file.ts'
import type { LoaderContext, PassCounts } from '../update-db/process.ts'
import { LocalReader, type Reader } from '../update-db/reader.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { openLedgerIn } from './ledgers.ts'
import { get, openReceiver, postGzip, type Receiver, rowsText, sha256Of, TEXT } from './receiver.ts'

const NOBODY = new AbortController().signal
const NO_FIFOS = process.platform === 'win32' && 'Windows has no FIFOs'
const LONG_AGO = new Date('2026-01-01')

function workOn(receiver: Receiver, more: Partial<LoaderContext> = {}): LoaderContext {
  const { folders, ledger, catalogue } = receiver
  const rest = { lineBytesMax: 1024 * 1024, hold: undefined, log: openLog('silent'), now: Date.now, onFile: () => {} }
  return { disk: realDisk(), folders, ledger, catalogue, ...rest, ...more }
}

function pass(receiver: Receiver, more: Partial<LoaderContext> = {}): Promise<PassCounts> {
  return runLoaderPass(workOn(receiver, more), NOBODY)
}

/** What a pass did, without what lies around. */
function counts({ loaded, held, failed, rejected, waiting }: PassCounts): Omit<PassCounts, 'ignored'> {
  return { loaded, held, failed, rejected, waiting }
}

const NOTHING = { loaded: 0, held: 0, failed: 0, rejected: 0, waiting: 0 }

/** Puts a file into the inbox by hand, untouched since long ago. */
async function copyByHand({ folders }: Receiver, name: string, text: string): Promise<string> {
  const path = join(folders.inbox, name)
  await writeFile(path, text)
  await utimes(path, LONG_AGO, LONG_AGO)
  return path
}

async function loads(receiver: Receiver): Promise<unknown[]> {
  const records = await receiver.catalogue.database.all('select filename, state, rows from load order by id')
  return records.map((load) => ({ ...load }))
}

test('an upload is loaded, told so in its receipt, and kept compressed with the same content', async () => {
  await using receiver = await openReceiver()
  const { body } = await postGzip(receiver, 'x.jsonl.gz', TEXT)
  const told: string[] = []
  const onFile: LoaderContext['onFile'] = (upload, load) => told.push(`${upload.id} ${load.state}`)
  assert.deepEqual(counts(await pass(receiver, { onFile })), { ...NOTHING, loaded: 1 })
  assert.deepEqual(told, [`${body.id} loaded`])
  const receipt = (await get(receiver, `/api/uploads/${body.id}`)).body
  assert.equal(receipt.state, 'loaded')
  assert.deepEqual([receipt.load?.rows, receipt.load?.inserted, receipt.load?.rejected], [3, 3, 0])
  assert.deepEqual(await receiver.inboxNames(), [])
  const { disk, ledger, folders } = { ...receiver, disk: realDisk() }
  assert.deepEqual(await readdir(folders.processed), ['x.jsonl'])
  const compaction = new Compaction({
    disk,
    ledger,
    log: openLog('silent'),
    folders: [folders.processed],
    form: 'packed',
  })
  assert.equal(await compaction.compactWaiting(() => true), false)
  assert.deepEqual(await readdir(folders.processed), ['x.jsonl.gz'])
  assert.equal(gunzipSync(await readFile(join(folders.processed, 'x.jsonl.gz'))).toString(), TEXT)
  assert.deepEqual(counts(await pass(receiver)), NOTHING)
})

test('a file without one row goes to product_failed, with its content and its rejects', async () => {
  await using receiver = await openReceiver()
  const { body } = await postGzip(receiver, 'x.jsonl.gz', 'no row\n{}\n')
  assert.deepEqual(counts(await pass(receiver)), { ...NOTHING, failed: 1, rejected: 2 })
  assert.equal((await get(receiver, `/api/uploads/${body.id}`)).body.state, 'failed')
  assert.equal(await readFile(join(receiver.folders.failed, 'x.jsonl'), 'utf8'), 'no row\n{}\n')
  assert.deepEqual(await receiver.inboxNames(), [])
})

test('files are loaded in the order in which they came', async () => {
  await using receiver = await openReceiver()
  const told: string[] = []
  for (const [index, name] of ['b', 'c', 'a'].entries()) {
    const path = await copyByHand(receiver, `${name}.jsonl`, rowsText(index + 1))
    const at = new Date(LONG_AGO.getTime() + index * 1000)
    await utimes(path, at, at)
  }
  await pass(receiver, { onFile: ({ filename }) => told.push(filename) })
  assert.deepEqual(told, ['b.jsonl', 'c.jsonl', 'a.jsonl'])
})

test('a file that a person copies into the inbox is loaded when it has been still, once', async () => {
  await using receiver = await openReceiver()
  const path = await copyByHand(receiver, 'by-hand.jsonl', rowsText(1))
  const now = LONG_AGO.getTime() + 1_000
  assert.deepEqual(counts(await pass(receiver, { now: () => now })), { ...NOTHING, waiting: 1 })
  await appendFile(path, rowsText(3).slice(rowsText(1).length))
  await utimes(path, now / 1_000, now / 1_000)
  assert.deepEqual(counts(await pass(receiver, { now: () => now + 1_000 })), { ...NOTHING, waiting: 1 })
  assert.deepEqual(counts(await pass(receiver, { now: () => now + 2_100 })), { ...NOTHING, loaded: 1 })
  await copyByHand(receiver, 'by-hand-again.jsonl', rowsText(3))
  assert.deepEqual(counts(await pass(receiver)), { ...NOTHING, loaded: 1 })
  assert.deepEqual(await loads(receiver), [{ filename: 'by-hand.jsonl', state: 'loaded', rows: 3 }])
  const [upload] = await receiver.ledger.uploads.list({ limit: 9 })
  assert.deepEqual([upload?.filename, upload?.state, upload?.wire_bytes], ['by-hand.jsonl', 'loaded', null])
  assert.deepEqual(await receiver.inboxNames(), [])
})

test('of two copies that came under two names at the same moment one is loaded, and the other taken away', async () => {
  await using receiver = await openReceiver()
  for (const isFirst of [true, false]) {
    const { body } = await postGzip(receiver, 'x.jsonl.gz', rowsText(isFirst ? 3 : 4))
    const upload = await receiver.ledger.uploads.find(String(body.id))
    const path = join(receiver.folders.inbox, String(upload?.stored_as))
    const copy = join(receiver.folders.inbox, 'copy.jsonl')
    await copyFile(path, copy)
    // Whichever is dealt with first: that is the one that came first.
    await utimes(isFirst ? copy : path, LONG_AGO, LONG_AGO)
    await pass(receiver, { now: () => Date.now() + 2_100 })
    await pass(receiver)
    assert.deepEqual(await receiver.inboxNames(), [])
    assert.equal((await receiver.ledger.uploads.find(String(body.id)))?.state, 'loaded')
  }
  assert.deepEqual([(await readdir(receiver.folders.processed)).length, (await loads(receiver)).length], [2, 2])
})

test('a file from a machine whose clock is ahead does not wait for its day', async () => {
  await using receiver = await openReceiver()
  const path = await copyByHand(receiver, 'x.jsonl', TEXT)
  const ahead = new Date(Date.now() + DAY_MS)
  await utimes(path, ahead, ahead)
  assert.deepEqual(counts(await pass(receiver)), { ...NOTHING, loaded: 1 })
  assert.ok(Number((await receiver.ledger.uploads.list({ limit: 9 }))[0]?.received_at) <= Date.now())
})

test('what is no file to load is reported, and neither opened nor touched', { skip: NO_FIFOS }, async () => {
  await using receiver = await openReceiver()
  const { inbox, data } = receiver.folders
  await writeFile(join(data, 'outside.jsonl'), TEXT)
  await mkdir(join(inbox, 'folder.jsonl'))
  await symlink(join(data, 'outside.jsonl'), join(inbox, 'link.jsonl'))
  execFileSync('mkfifo', [join(inbox, 'fifo.jsonl')])
  await copyByHand(receiver, '.hidden.jsonl', TEXT)
  await copyByHand(receiver, 'notes.txt', 'remember the milk')
  await copyByHand(receiver, 'packed.jsonl.gz', 'x')
  await copyByHand(receiver, 'good.jsonl', TEXT)
  await writeFile(Buffer.from(`${inbox}/\xff.jsonl`, 'latin1'), TEXT)
  const { ignored, ...rest } = await pass(receiver)
  assert.deepEqual(rest, { ...NOTHING, loaded: 1 })
  assert.deepEqual(Object.fromEntries(ignored.map(({ name, reason }) => [name, reason])), {
    '.hidden.jsonl': 'its name starts with a dot',
    'fifo.jsonl': 'not a file',
    'folder.jsonl': 'a folder',
    'link.jsonl': 'a link',
    'notes.txt': 'its name does not end in .jsonl',
    'packed.jsonl.gz': 'its name does not end in .jsonl',
    '\ufffd.jsonl': 'its name is not UTF-8',
  })
  assert.equal((await readdir(inbox)).length, ignored.length + 2, 'all of it and our own folders are still there')
})

test('a file that the disk damaged is moved aside and forgotten, and keeps no other waiting', async () => {
  await using receiver = await openReceiver()
  const damaged = await postGzip(receiver, 'damaged.jsonl.gz', TEXT)
  await postGzip(receiver, 'sound.jsonl.gz', rowsText(5))
  const path = join(receiver.folders.inbox, 'damaged.jsonl')
  const flipped = TEXT.replace('1.5', '7.5')
  await writeFile(path, flipped)
  const { loaded, waiting } = await pass(receiver)
  assert.deepEqual([loaded, waiting], [1, 1])
  assert.equal((await get(receiver, `/api/uploads/${damaged.body.id}`)).status, 404)
  const [aside = ''] = await readdir(receiver.folders.failed)
  assert.equal(aside, `damaged.jsonl.damaged-${damaged.body.id}`)
  assert.equal(await readFile(join(receiver.folders.failed, aside), 'utf8'), flipped)
  assert.deepEqual(await receiver.inboxNames(), [])
  const again = await postGzip(receiver, 'damaged.jsonl.gz', TEXT)
  assert.equal(again.status, 201)
  assert.deepEqual(counts(await pass(receiver)), { ...NOTHING, loaded: 1 })
  assert.equal((await loads(receiver)).length, 2)
})

test('an upload whose file is gone is forgotten, so that its sender sends it again', async () => {
  await using receiver = await openReceiver()
  const lost = await postGzip(receiver, 'x.jsonl.gz', TEXT)
  await unlink(join(receiver.folders.inbox, 'x.jsonl'))
  assert.deepEqual(counts(await pass(receiver)), NOTHING)
  assert.equal((await get(receiver, `/api/uploads/${lost.body.id}`)).status, 404)
  assert.equal((await postGzip(receiver, 'x.jsonl.gz', TEXT)).status, 201)
  assert.deepEqual(counts(await pass(receiver)), { ...NOTHING, loaded: 1 })
})

/** Loads as update-db does, and goes no further: what a crash right after the commit leaves. */
async function crashAfterCommit(receiver: Receiver, name: string, text: string): Promise<void> {
  const { body } = await postGzip(receiver, `${name}.gz`, text)
  await receiver.ledger.uploads.markLoading(String(body.id), Date.now(), null)
  await loadFile(receiver.catalogue, {
    file: { sha256: sha256Of(text), filename: name, receivedAt: Date.now() },
    bytes: async function* () {
      yield Buffer.from(text)
    },
    lineBytesMax: 1024 * 1024,
    hold: undefined,
    now: Date.now,
  })
}

test('a crash right after a load was committed: the next pass does the rest, and loads nothing twice', async () => {
  await using receiver = await openReceiver()
  await crashAfterCommit(receiver, 'x.jsonl', TEXT)
  assert.deepEqual(counts(await pass(receiver)), { ...NOTHING, loaded: 1 })
  assert.deepEqual(await loads(receiver), [{ filename: 'x.jsonl', state: 'loaded', rows: 3 }])
  const [upload] = await receiver.ledger.uploads.list({ limit: 9 })
  assert.equal(upload?.state, 'loaded')
  assert.deepEqual(await readdir(receiver.folders.processed), ['x.jsonl'])
  assert.deepEqual(await receiver.inboxNames(), [])
})

test('a crash after the ledger was told, before the file was put away: the next pass puts it away', async () => {
  await using receiver = await openReceiver()
  await crashAfterCommit(receiver, 'x.jsonl', TEXT)
  const load = (await receiver.catalogue.findLoad(sha256Of(TEXT)))!
  const [before] = await receiver.ledger.uploads.list({ limit: 9 })
  await receiver.ledger.uploads.settle(String(before?.id), 'loaded', load.result, Date.now())
  const later = () => Date.now() + 2_100
  assert.deepEqual(counts(await pass(receiver, { now: later })), { ...NOTHING, loaded: 1 })
  assert.equal((await loads(receiver)).length, 1)
  assert.deepEqual(await readdir(receiver.folders.processed), ['x.jsonl'])
  const [after] = await receiver.ledger.uploads.list({ limit: 9 })
  assert.equal(after?.id, before?.id)
})

test('a crash after the file was put away, with a ledger that does not know: the next pass tells it', async () => {
  await using receiver = await openReceiver()
  await crashAfterCommit(receiver, 'x.jsonl', TEXT)
  await unlink(join(receiver.folders.inbox, 'x.jsonl'))
  assert.deepEqual(counts(await pass(receiver)), { ...NOTHING, loaded: 1 })
  const [upload] = await receiver.ledger.uploads.list({ limit: 9 })
  assert.equal(upload?.state, 'loaded')
})

test('a pass that is asked to stop leaves the rest for the next one', async () => {
  await using receiver = await openReceiver()
  for (const count of [1, 2, 3]) await copyByHand(receiver, `${count}.jsonl`, rowsText(count))
  const stop = new AbortController()
  const local = new LocalReader()
  const batches: Reader['batches'] = (order) => {
    stop.abort()
    return local.batches(order)
  }
  const reader = { cache: local.cache, batches }
  const first = await runLoaderPass(workOn(receiver, { reader }), stop.signal)
  assert.deepEqual(counts(first), { ...NOTHING, loaded: 1, waiting: 2 })
  assert.deepEqual(counts(await pass(receiver)), { ...NOTHING, loaded: 2 })
})

test('a correction wins over what it corrects, however far the clock was set back between them', async () => {
  let now = Date.now()
  await using receiver = await openReceiver({ now: () => now })
  const said = receiver.catalogue.database
  for (const [price, hours] of [
    [1.5, 0],
    [2.5, -1],
    [3.5, 0],
    [4.5, -48],
    [5.5, -9_000],
    [6.5, 1],
  ] as const) {
    now += hours * HOUR_MS
    const { body } = await postGzip(receiver, 'x.jsonl.gz', rowsText(1, price))
    assert.equal(Date.parse(String(body.received_at)), now, 'the time that is shown is that of the clock')
    await pass(receiver)
    const runs = await said.all<{ price: number }>('select price_cents as price from price_run')
    assert.deepEqual(
      runs.map((run) => run.price),
      [price * 100],
    )
    const [source] = await said.all<{ at: number }>(
      'select received_at as at from source join load on load.id = source.load_id',
    )
    assert.equal(source?.at, now, 'it is the newest of its store')
  }
  const rows = { filename: 'y.jsonl', stored_as: 'y.jsonl', kind: 'products', state: 'accepted' as const }
  const counts = { bytes: 1, lines: 1, wire_bytes: 1, received_at: now }
  const ranked_at = await receiver.ledger.arrivals.nextRank(now)
  const arriving = { id: 'y', sha256: sha256Of('y'), ...rows, ...counts, ranked_at }
  await receiver.ledger.arrivals.recordArriving(arriving, 'settings')
  await using restarted = await openLedgerIn(receiver.folders.data)
  // Of what comes at the same moment nothing says which is first: on PostgreSQL each asks on a connection of its own.
  const ranks = (await Promise.all([1, 2, 3].map(() => restarted.arrivals.nextRank(now)))).sort((a, b) => a - b)
  assert.deepEqual(ranks, [ranked_at + 1, ranked_at + 2, ranked_at + 3], 'it is later than what was arriving, too')
  assert.equal(await restarted.arrivals.nextRank(now), ranked_at + 4, 'and what comes then is later than all of them')
})
