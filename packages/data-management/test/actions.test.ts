/** What people want done with uploads: release, discard, undo, replay; and what the ledger and the catalogue say afterwards. */
import assert from 'node:assert/strict'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { compact } from '@splitcart/shared/packed/compact.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { catalogueDigest } from '../catalogue/digest.ts'
import { exportObservations } from '../catalogue/export.ts'
import { pruneProcessed } from '../inbox/prune.ts'
import { rejectedRows } from '../inbox/rejected-rows.ts'
import type { UploadAction } from '../ledger/database.ts'
import type { Upload } from '../ledger/uploads.ts'
import { runActions } from '../update-db/actions.ts'
import { previewInbox } from '../update-db/preview.ts'
import type { LoaderContext } from '../update-db/process.ts'
import { reconcile } from '../update-db/repair.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { holdBy } from './hold.ts'
import { openReceiver, postGzip, type Receiver, rowsText } from './receiver.ts'

// The prices of these shops are all alike, and change all at once.
const HOLD = holdBy({ HOLD_PRICES_SHARE: 1, HOLD_NEAR_SHARE: 0, HOLD_SAME_SHARE: 0 })

const NOBODY = new AbortController().signal

function workOn(receiver: Receiver): LoaderContext {
  const { folders, ledger, catalogue } = receiver
  const rest = { lineBytesMax: 1024 * 1024, hold: HOLD, log: openLog('silent'), now: Date.now, onFile: () => {} }
  return { disk: realDisk(), folders, ledger, catalogue, ...rest }
}

/** Rows of a store on a date, as `rowsText` makes them for the 12th. */
function scrapeOn(date: string, count: number, price?: number): string {
  return rowsText(count, price).replaceAll('2025-09-12', date)
}

async function sent(receiver: Receiver, name: string, text: string): Promise<Upload> {
  const { body } = await postGzip(receiver, `${name}.jsonl.gz`, text)
  await runLoaderPass(workOn(receiver), NOBODY)
  return found(receiver, body.id ?? '')
}

async function found(receiver: Receiver, id: string): Promise<Upload> {
  const upload = await receiver.ledger.uploads.find(id)
  assert.ok(upload)
  return upload
}

async function withAction(receiver: Receiver, { id }: Upload, action: UploadAction): Promise<Upload> {
  await receiver.ledger.uploads.requestAction(id, { action, by: 'a person', reason: 'for a test' })
  await runActions(workOn(receiver), NOBODY)
  return found(receiver, id)
}

async function count(receiver: Receiver): Promise<number> {
  return (await Array.fromAsync(exportObservations(receiver.catalogue.database))).length
}

/** A store of 30 rows, and then a scrape of it that broke off after 5. */
async function withHeld(receiver: Receiver): Promise<Upload> {
  await sent(receiver, 'whole', scrapeOn('2025-09-11', 30))
  return sent(receiver, 'broken-off', scrapeOn('2025-09-12', 5))
}

test('a scrape that broke off is held, with the reason in its receipt and its file aside', async () => {
  await using receiver = await openReceiver()
  const held = await withHeld(receiver)
  assert.equal(held.state, 'held')
  assert.match(JSON.parse(held.load ?? '').problem, /has 5 rows, 16.7% of the 30 that are usual/)
  assert.deepEqual(await readdir(receiver.folders.held), ['broken-off.jsonl'])
  assert.equal(await count(receiver), 30)
})

test('a held upload that is released is loaded', async () => {
  await using receiver = await openReceiver()
  const released = await withAction(receiver, await withHeld(receiver), 'load')
  assert.equal(released.state, 'loaded')
  assert.equal(released.action, null)
  assert.equal(await count(receiver), 35)
  assert.deepEqual(await readdir(receiver.folders.held), [])
  assert.deepEqual((await readdir(receiver.folders.processed)).sort(), ['broken-off.jsonl', 'whole.jsonl'])
})

test('a held upload that is discarded is kept aside with the reason, and can be loaded even then', async () => {
  await using receiver = await openReceiver()
  const discarded = await withAction(receiver, await withHeld(receiver), 'discard')
  assert.equal(discarded.state, 'failed')
  assert.equal(JSON.parse(discarded.load ?? '').problem, 'Discarded by a person: for a test')
  assert.deepEqual(await readdir(receiver.folders.failed), ['broken-off.jsonl'])
  assert.equal((await withAction(receiver, discarded, 'load')).state, 'loaded')
  assert.equal(await count(receiver), 35)
})

test('a load that is undone is as if it had never come, and replayed it is there again', async () => {
  await using receiver = await openReceiver()
  await sent(receiver, 'first', scrapeOn('2025-09-11', 30))
  const before = await catalogueDigest(receiver.catalogue.database)
  const second = await sent(receiver, 'second', scrapeOn('2025-09-12', 31, 2))
  const after = await catalogueDigest(receiver.catalogue.database)
  const undone = await withAction(receiver, second, 'undo')
  assert.equal(undone.state, 'held')
  assert.match(JSON.parse(undone.load ?? '').problem, /^Taken out of the catalogue by a person: for a test/)
  assert.equal(await catalogueDigest(receiver.catalogue.database), before)
  const replayed = await withAction(receiver, undone, 'load')
  assert.equal(replayed.state, 'loaded')
  assert.equal(await catalogueDigest(receiver.catalogue.database), after)
  assert.equal(
    (await withAction(receiver, replayed, 'load')).state,
    'loaded',
    'a load can be made once more in its own place',
  )
  assert.equal(await catalogueDigest(receiver.catalogue.database), after)
})

test('an action whose file is gone is given up and says so in the audit', async () => {
  await using receiver = await openReceiver()
  const upload = await sent(receiver, 'x', scrapeOn('2025-09-11', 3))
  await rm(join(receiver.folders.processed, 'x.jsonl'))
  const after = await withAction(receiver, upload, 'load')
  assert.deepEqual([after.state, after.action], ['loaded', null])
  assert.equal(await count(receiver), 3)
})

test('a preview says what would be, file after file, and changes nothing', async () => {
  await using receiver = await openReceiver()
  await sent(receiver, 'first', scrapeOn('2025-09-11', 30))
  const before = await catalogueDigest(receiver.catalogue.database)
  await postGzip(receiver, 'second.jsonl.gz', scrapeOn('2025-09-12', 29, 3))
  await postGzip(receiver, 'third.jsonl.gz', `${scrapeOn('2025-09-13', 6, 3)}no row\n`)
  const [second, third] = await Array.fromAsync(previewInbox(workOn(receiver)))
  assert.deepEqual(
    [second?.name, second?.inserted, second?.changed, second?.unchanged, second?.disappeared, second?.reason],
    ['second.jsonl', 0, 29, 0, 1, null],
  )
  assert.deepEqual(second?.jumps[0], {
    company: 'aldi',
    store_id: 'G120',
    store_name: 'nerang',
    sku: 's0',
    name: 'Milk 0 ÄÖ',
    from_cents: 150,
    to_cents: 300,
  })
  assert.equal(third?.counts.rejected, 1)
  assert.equal(third?.unchanged, 6)
  assert.match(third?.reason ?? '', /has 6 rows, 20.3% of the 30 that are usual/)
  assert.equal(await catalogueDigest(receiver.catalogue.database), before)
  assert.deepEqual(await receiver.inboxNames(), ['second.jsonl', 'third.jsonl'])
})

test('rejected rows come back whole from the stored file, also one that is too long', async () => {
  await using receiver = await openReceiver()
  const long = `{"long": "${'x'.repeat(1024 * 1024)}"}`
  const upload = await sent(receiver, 'x', `${rowsText(20)}{"bad": 1}\n${long}`)
  const rows = await Array.fromAsync(rejectedRows({ ...receiver, disk: realDisk() }, upload, new Set([21, 22])))
  assert.deepEqual(rows.map(String), ['{"bad": 1}', long])
  // Between the look for it and its opening it is kept in fewer bytes.
  let opened = 0
  const open: Disk['open'] = async (path, ...how) => {
    const isIt = /processed.x\.jsonl$/.test(String(path))
    if (isIt && ++opened === 2) await compact(realDisk(), { path: String(path), form: 'gzip', isRight: () => true })
    return realDisk().open(path, ...how)
  }
  const again = rejectedRows({ ...receiver, disk: { ...realDisk(), open } }, upload, new Set([21]))
  assert.deepEqual((await Array.fromAsync(again)).map(String), ['{"bad": 1}'])
  assert.equal(opened, 3)
})

test('loaded files are pruned after their time, not all at once unless a person insists; one that was taken out of the catalogue is kept', async () => {
  await using receiver = await openReceiver()
  await sent(receiver, 'old', scrapeOn('2025-09-11', 3))
  const undone = await sent(receiver, 'undone', scrapeOn('2025-09-12', 3))
  await withAction(receiver, undone, 'undo')
  const { folders, ledger } = receiver
  const prune = (now: number, all = false) =>
    pruneProcessed({ disk: realDisk(), folders, ledger, daysMax: 90, now: () => now, trustsClock: all })
  assert.deepEqual(await prune(Date.now() + 89 * DAY_MS), [])
  const year = Date.now() + 365 * DAY_MS
  await assert.rejects(prune(year), { code: 'prune_refused' }, 'a clock that is a year ahead takes not everything')
  await keptSince(folders.processed, 'young.jsonl', year)
  await assert.rejects(prune(year), { code: 'prune_refused' }, 'nor does it for a file that has come since')
  await keptSince(folders.processed, 'between.jsonl', Date.now() + 310 * DAY_MS)
  assert.deepEqual(await prune(year, true), ['old.jsonl'])
  assert.deepEqual((await readdir(folders.processed)).sort(), ['between.jsonl.gz', 'undone.jsonl', 'young.jsonl.gz'])
  assert.deepEqual(await prune(year + 89 * DAY_MS), ['between.jsonl.gz'])
  assert.equal(await count(receiver), 3)
})

/** Some file that has been kept since a time. */
async function keptSince(folder: string, name: string, at: number): Promise<void> {
  const path = join(folder, name)
  await writeFile(path, name)
  await compact(realDisk(), { path, form: 'gzip', isRight: () => true, timeOf: () => new Date(at) })
}

const AS_IT_IS = { toLoadAgain: 0, lost: 0, known: 0, waiting: 0 }

test('what the ledger calls loaded and the catalogue does not know is loaded again, or lost when its file is gone', async () => {
  await using receiver = await openReceiver()
  const kept = await sent(receiver, 'kept', scrapeOn('2025-09-11', 3))
  const lost = await sent(receiver, 'lost', scrapeOn('2025-09-12', 3))
  await rm(join(receiver.folders.processed, 'lost.jsonl'))
  // As after the catalogue was set back to an older copy.
  for (const { sha256 } of [kept, lost]) {
    await receiver.catalogue.undo(sha256, 'lost', 0)
    await receiver.catalogue.database.run('delete from load where sha256 = ?', sha256)
  }
  assert.deepEqual(await reconcile(workOn(receiver)), { ...AS_IT_IS, toLoadAgain: 1, lost: 1 })
  await runActions(workOn(receiver), NOBODY)
  assert.equal((await found(receiver, kept.id)).state, 'loaded')
  assert.equal(await count(receiver), 3)
  assert.equal(await receiver.ledger.uploads.find(lost.id), undefined)
  assert.deepEqual(await reconcile(workOn(receiver)), AS_IT_IS)
})

test('a key that is only for some stores cannot write the rows of others', async () => {
  await using receiver = await openReceiver()
  const wanted = { name: 'nerang', scopes: ['upload'], onlyFor: ['iga', 'aldi/G120'], expiresAt: null } as const
  const { text: key } = await receiver.ledger.keys.create(wanted, Date.now())
  const own = rowsText(9)
  const other = rowsText(1).replace('"G120"', '"G147"')
  const { body } = await postGzip({ ...receiver, key }, 'x.jsonl.gz', own + other)
  await runLoaderPass(workOn(receiver), NOBODY)
  const upload = await found(receiver, body.id ?? '')
  assert.equal(upload.state, 'loaded')
  assert.equal(JSON.parse(upload.load ?? '').rejected, 1)
  assert.equal(await count(receiver), 9)
})
