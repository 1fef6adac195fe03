/** Archived files are packed against one another: whatever dies meanwhile nothing is lost, and all that reads the archive reads them. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFile, link, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Disk } from '@splitcart/shared/disk.ts'
import { findKept, keptDigest } from '@splitcart/shared/packed/kept-file.ts'
import { dyingAt } from '@splitcart/shared/test/dying-disk.ts'
import { refusingDisk } from '@splitcart/shared/test/failing-disk.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { receiptsIn } from '../archive.ts'
import { readArchivedFile } from '../archive-content.ts'
import { type PackingContext, packArchive } from '../archive-packing.ts'
import { realClock } from '../clock.ts'
import { Dictionaries } from '../dictionaries.ts'
import { obtain } from '../obtain.ts'
import { fileStatsOf } from '../outbox.ts'
import { pruneArchive } from '../prune.ts'
import { moveWithSidecar } from '../sidecar-move.ts'
import { scrapingStatus } from '../status.ts'
import { loaded } from './any-server.ts'
import { disk, freshPlace, type Place, putInOutbox, visible } from './place.ts'
import { freshSender, upload } from './sender.ts'

const NOW = Date.parse('2026-03-01T00:00:00Z')

const sha256Of = (text: string) => createHash('sha256').update(text).digest('hex')

/** A scrape in which only a price differs from that of another day. */
function scrape(company: string, day: number): string {
  return Array.from({ length: 300 }, (_, index) => {
    const name = sha256Of(`${company} ${index}`).slice(0, 40)
    const product = { sku: `s${index}`, name, price_current: index === day ? 9.9 : (index % 97) / 10 }
    return `${JSON.stringify({ product, metadata: { company, store_id: 'G1', scraped_date: '2025-09-10' } })}\n`
  }).join('')
}

const DAYS = [1, 2, 3].map((day) => scrape('aldi', day))

async function archived({ folders }: Place, name: string, text: string, state = 'loaded'): Promise<void> {
  const bytes = Buffer.byteLength(text)
  const base = { id: name, filename: name, sha256: sha256Of(text), bytes, lines: 300, duplicate: false, message: '' }
  const accepted = { ...base, state: 'accepted' as const, received_at: '2026-01-01T00:00:00.000Z', load: null }
  const receipt = { ...loaded(accepted), state, dictionary_until: '2027-01-01T00:00:00.000Z' }
  await writeFile(join(folders.archive, name), text)
  await writeFile(join(folders.archive, name.replace('.jsonl', '.receipt.json')), JSON.stringify(receipt))
}

async function pack({ folders }: Place, more: Partial<PackingContext> = {}): Promise<string[]> {
  const packing = { disk, folders, form: 'packed' as const, now: NOW, findWriters: async () => new Set<string>() }
  const became: string[] = []
  for await (const each of packArchive({ ...packing, restMs: Number.NEGATIVE_INFINITY, ...more }, () => true)) {
    if (each.fault !== undefined) throw each.fault
    became.push(`${each.name} ${each.outcome}`)
  }
  return became
}

const read = (place: Place, name: string, text: string) =>
  readArchivedFile(disk, place.folders.archive, { name, sha256: sha256Of(text) }).then(String)

test('only what is loaded, has rested and is open to nobody is packed, and its receipt still leads to it', async () => {
  await using place = await freshPlace()
  for (const [index, text] of DAYS.entries()) await archived(place, `${index}.jsonl`, text)
  await archived(place, 'held.jsonl', DAYS[0]!.replace('aldi', 'Aldi'), 'held')
  await archived(place, 'changed.jsonl', scrape('aldi', 9))
  await appendFile(join(place.folders.archive, 'changed.jsonl'), 'more')
  assert.deepEqual(await pack(place, { form: 'plain' }), [])
  const { ctimeMs } = await stat(join(place.folders.archive, '0.jsonl'))
  assert.deepEqual(await pack(place, { now: ctimeMs + HOUR_MS - 10_000, restMs: HOUR_MS }), [])
  const writtenTo = async () => new Set(['0.jsonl'])
  assert.deepEqual(await pack(place, { findWriters: writtenTo }), [
    '1.jsonl compacted',
    '2.jsonl compacted',
    'changed.jsonl damaged',
  ])
  const [mtime] = [new Date('2026-02-03T04:05:06Z')]
  await utimes(join(place.folders.archive, '0.jsonl'), mtime, mtime)
  await pack(place)
  const names = await visible(place.folders.archive)
  assert.deepEqual(
    names.filter((name) => /\.(dcz|txt)$/.test(name)),
    ['0.jsonl.dcz', '1.jsonl.dcz', '2.jsonl.dcz', 'how-to-read-dcz.txt'],
  )
  assert.deepEqual((await stat(join(place.folders.archive, '0.jsonl.dcz'))).mtime, mtime)
  for (const [index, text] of DAYS.entries()) assert.equal(await read(place, `${index}.jsonl`, text), text)
  const { archive, uploads } = (await scrapingStatus(disk, join(place.folders.archive, '..')))!
  assert.deepEqual([archive?.files, uploads?.loaded, uploads?.held], [5, 4, 1])
})

test('a packed file is what the next one is sent against, and keeps its name and its receipt', async () => {
  await using place = await freshPlace()
  await archived(place, 'x.jsonl', DAYS[0]!)
  await pack(place)
  const path = await putInOutbox(place, 'x.jsonl', DAYS[1]!)
  const dictionaries = new Dictionaries(disk, place.folders)
  await using source = await open(path)
  const wanted = { source, size: DAYS[1]!.length }
  const dictionary = await dictionaries.chooseFor(wanted, NOW)
  assert.equal(dictionary?.bytes.toString(), DAYS[0])
  // Also of files that are sent at once.
  const fresh = new Dictionaries(disk, place.folders)
  const both = await Promise.all([1, 2].map(() => fresh.chooseFor(wanted, NOW)))
  assert.deepEqual(
    both.map((each) => each?.sha256),
    [sha256Of(DAYS[0]!), sha256Of(DAYS[0]!)],
  )
  const noted = { name: 'x.jsonl', sha256: sha256Of(DAYS[1]!), sidecarEnding: '.receipt.json', sidecar: {} }
  const moved = await moveWithSidecar(
    disk,
    { ...noted, path, sentStats: fileStatsOf(await stat(path)) },
    place.folders.archive,
  )
  assert.match(moved, /^x-[0-9a-f]{8}\.jsonl$/)
  const receipt = JSON.parse(await readFile(join(place.folders.archive, 'x.receipt.json'), 'utf8'))
  assert.equal(receipt.sha256, sha256Of(DAYS[0]!))
  const prune = {
    disk,
    folders: place.folders,
    daysMin: 1,
    now: NOW + 1000 * HOUR_MS,
    dryRun: false,
    trustsClock: true,
  }
  for await (const { name } of pruneArchive(prune)) assert.equal(name, 'x.jsonl')
  assert.equal(await findKept(disk, place.folders.archive, 'x.jsonl'), undefined)
  assert.deepEqual(await readdir(join(place.folders.archive, '.bases')), [])
})

test('wherever the program dies while it packs, each file can be read, and the next run ends it', async () => {
  await using place = await freshPlace()
  for (const [index, text] of DAYS.slice(0, 2).entries()) await archived(place, `${index}.jsonl`, text)
  for (let step = 0, died = true; died; step++) {
    const dying = dyingAt(step)
    died = await pack(place, { disk: dying as Disk }).then(
      () => false,
      () => true,
    )
    for (const [index, text] of DAYS.slice(0, 2).entries())
      assert.equal(await read(place, `${index}.jsonl`, text), text, `step ${step}`)
    assert.ok(step < 200)
  }
  const names = (await readdir(place.folders.archive)).filter((name) => !name.endsWith('.receipt.json'))
  assert.deepEqual(names.sort(), ['.bases', '0.jsonl.dcz', '1.jsonl.dcz', 'how-to-read-dcz.txt'])
  assert.equal(await keptDigest(disk, join(place.folders.archive, '1.jsonl.dcz')), sha256Of(DAYS[1]!))
})

test('wherever the program dies while it obtains a packed file, one is there, and the next run ends it', async () => {
  await using place = await freshPlace()
  for (const [index, text] of DAYS.slice(0, 2).entries()) await archived(place, `${index}.jsonl`, text)
  await pack(place)
  const path = join(place.folders.archive, '1.jsonl.dcz')
  const bytes = await readFile(path)
  bytes[bytes.length >> 1]! ^= 1
  await writeFile(path, bytes)
  const [, known] = await Array.fromAsync(receiptsIn(disk, place.folders))
  const client = { content: () => contentGiven(DAYS[1]!) }
  for (let step = 0, died = true; died; step++) {
    died = await obtain({ disk: dyingAt(step) as Disk, folders: place.folders, client }, known!).then(
      () => false,
      () => true,
    )
    assert.notEqual(await findKept(disk, place.folders.archive, '1.jsonl'), undefined, `step ${step}`)
    assert.ok(step < 200)
  }
  assert.equal(await read(place, '1.jsonl', DAYS[1]!), DAYS[1])
})

async function* contentGiven(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

test('what was written to after it was sent goes back to the outbox also where damage is mended, and leaves what is packed', async () => {
  await using place = await freshPlace()
  const { archive, outbox } = place.folders
  for (const [index, text] of DAYS.slice(0, 2).entries()) await archived(place, `${index}.jsonl`, text)
  await pack(place)
  const [sent, ...others] = await Array.fromAsync(receiptsIn(disk, place.folders))
  const client = { content: () => assert.fail('nothing of it is damaged') }
  await writeFile(sent!.path, DAYS[2]!)
  await writeFile(others[0]!.path.replace('1.jsonl', '1.rejects.jsonl'), '')
  await writeFile(others[0]!.path, `${DAYS[1]}more`)
  for (const each of [sent!, others[0]!])
    assert.equal(await obtain({ disk, folders: place.folders, client }, each), 'returned')
  assert.deepEqual(await visible(outbox), ['0.jsonl', '1.jsonl'])
  assert.equal(await readFile(join(outbox, '0.jsonl'), 'utf8'), DAYS[2])
  const names = ['0.jsonl.dcz', '0.receipt.json', '1.jsonl.dcz', '1.receipt.json', '1.rejects.jsonl']
  assert.deepEqual((await visible(archive)).slice(0, -1), names)
  assert.equal(await read(place, '0.jsonl', DAYS[0]!), DAYS[0])
})

test('what lies damaged under the name that a file is packed under moves aside, and is pruned with the file', async () => {
  await using place = await freshPlace()
  const { archive } = place.folders
  await archived(place, 'x.jsonl', DAYS[0]!)
  await writeFile(join(archive, 'x.jsonl.dcz'), 'damaged')
  // So it lies there after `obtain` was killed: to remove the part is the last change of the file.
  await link(join(archive, 'x.jsonl'), join(archive, `.${sha256Of(DAYS[0]!)}.gz.part`))
  assert.deepEqual(await pack(place, { now: 0, restMs: 0 }), ['x.jsonl compacted'])
  const packed = ['x.jsonl.dcz', 'x.jsonl.dcz.damaged']
  assert.deepEqual(await visible(archive), ['how-to-read-dcz.txt', ...packed, 'x.receipt.json'])
  assert.equal(await read(place, 'x.jsonl', DAYS[0]!), DAYS[0])
  const prune = { disk, folders: place.folders, daysMin: 1, now: NOW, dryRun: false, trustsClock: true }
  assert.equal((await Array.fromAsync(pruneArchive(prune))).length, 1)
  assert.deepEqual(await visible(archive), ['how-to-read-dcz.txt'])
})

test('a base that nothing needs goes with the next pruning, whatever took its last file away', async () => {
  await using place = await freshPlace()
  await archived(place, 'x.jsonl', DAYS[0]!)
  await pack(place)
  await rm(join(place.folders.archive, 'x.jsonl.dcz'))
  const prune = { disk, folders: place.folders, daysMin: 10_000, now: NOW }
  await Array.fromAsync(pruneArchive({ ...prune, dryRun: true }))
  assert.equal((await readdir(join(place.folders.archive, '.bases'))).length, 1)
  await Array.fromAsync(pruneArchive({ ...prune, dryRun: false }))
  assert.deepEqual(await readdir(join(place.folders.archive, '.bases')), [])
})

test('a file that may not be read keeps no other one from being packed or sent, and is told once', async () => {
  const refusing = refusingDisk((path) => path.endsWith('storage/0.jsonl'), 'EACCES')
  await using sender = await freshSender({ disk: refusing, archiveForm: 'packed' })
  const { archive } = sender.place.folders
  for (const [index, text] of DAYS.slice(0, 2).entries()) {
    await archived(sender.place, `${index}.jsonl`, text)
    await utimes(join(archive, `${index}.jsonl`), 0, 0)
  }
  // It lies there since an hour.
  const clock = { ...realClock(), now: () => Date.now() + 2 * HOUR_MS }
  await putInOutbox(sender.place, 'new.jsonl', scrape('iga', 1))
  assert.equal((await upload({ ...sender, job: { ...sender.job, clock } })).outcome, 'done')
  assert.deepEqual(
    (await visible(archive)).filter((name) => /jsonl/.test(name)),
    ['0.jsonl', '1.jsonl.dcz', 'new.jsonl'],
  )
  const told = sender.events.flatMap((each) => (each.type === 'warning' ? [`${each.name} ${each.problem.code}`] : []))
  assert.deepEqual(told, ['0.jsonl file_unreadable'])
})
