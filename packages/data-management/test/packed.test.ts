/** Loaded files are packed against one another: nothing is lost, whatever dies, and what is damaged is found. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, chown, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type Disk, realDisk, undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { compact } from '@splitcart/shared/packed/compact.ts'
import { isDamage } from '@splitcart/shared/packed/damage.ts'
import { removeUnusedBases } from '@splitcart/shared/packed/packed.ts'
import { dyingAt } from '@splitcart/shared/test/dying-disk.ts'
import { refusingDisk } from '@splitcart/shared/test/failing-disk.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { type Folders, foldersIn } from '../folders.ts'
import { moveSettled } from '../inbox/move-settled.ts'
import { Compaction } from '../inbox/processed/compaction.ts'
import { ProcessedIntegrity } from '../inbox/processed-integrity.ts'
import { pruneProcessed } from '../inbox/prune.ts'
import { requestAgain, restoreFile } from '../inbox/request-again.ts'
import { findStored, type StoredFile, verifiedContent } from '../inbox/stored.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { get, openReceiver, postGzip, rowsText, sha256Of } from './receiver.ts'

const ROWS = 300
// Names that have nothing in common.
const named = (text: string, salt = '') => text.replace(/Milk (\d+)/g, (_, n) => sha256Of(n + salt).slice(0, 40))
const TEXTS = [1, 2, 3].map((day) => named(rowsText(ROWS)).replaceAll('2025-09-12', `2025-09-1${day}`))
const OTHER = named(rowsText(ROWS, 2)).replaceAll('"aldi"', '"iga"')
const SMALL = rowsText(3)

async function open() {
  const at = await temporaryFolder()
  const folders = foldersIn(at.path)
  for (const folder of [folders.data, folders.inbox, folders.processed]) await makeFolder(realDisk(), folder)
  const put = async (name: string, text: string, disk: Disk = realDisk(), form: 'packed' | 'gzip' = 'packed') => {
    const [from, path] = [join(folders.inbox, name), join(folders.processed, name)]
    const sha256 = sha256Of(text)
    const isRight = (found: string) => found === sha256
    if (!existsSync(from) && !existsSync(path)) await writeFile(from, text)
    await moveSettled({ disk, folders }, { path: from, sha256, place: 'inbox' }, 'loaded').catch(undefinedIfMissing)
    return await compact(disk, { path, form, isRight }).catch(undefinedIfMissing)
  }
  return { folders, put, [Symbol.asyncDispose]: () => at[Symbol.asyncDispose]() }
}

const NOTE = 'how-to-read-dcz.txt'
const AS_PACKED = { form: 'packed', isRight: () => true } as const

// The modes of files say nothing to root.
const NOBODY = 65_534

/** Does something as a user who owns all in a folder, and to whom the modes of files apply. */
async function asOwnerOf(folder: string, work: () => Promise<unknown>): Promise<void> {
  if (process.geteuid?.() !== 0) return void (await work())
  for (const each of ['.', ...(await readdir(folder, { recursive: true }))])
    await chown(join(folder, each), NOBODY, NOBODY)
  process.seteuid!(NOBODY)
  try {
    await work()
  } finally {
    process.seteuid!(0)
  }
}

const uploadOf = (name: string, text: string) => ({ stored_as: name, sha256: sha256Of(text), kind: 'products' })

async function contentOf(folders: Folders, name: string, text: string): Promise<string | undefined> {
  const stored = await findStored(realDisk(), folders, uploadOf(name, text))
  if (stored === undefined) return undefined
  const chunks: Buffer[] = []
  for await (const chunk of verifiedContent(realDisk(), stored)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

test('files of a company say what is new against one that is kept whole; small ones, and all where a setting says so, are gzip', async () => {
  await using at = await open()
  const { folders, put } = at
  for (const [index, text] of TEXTS.entries()) await put(`${index}.jsonl`, text)
  await put('other.jsonl', OTHER)
  await put('small.jsonl', SMALL)
  await put('wanted.jsonl', TEXTS[0]!.replace('ÄÖ', 'Ä'), realDisk(), 'gzip')
  const names = ['.bases', ...TEXTS.keys().map((index) => `${index}.jsonl.dcz`), NOTE, 'other.jsonl.dcz']
  assert.deepEqual((await readdir(folders.processed)).sort(), [...names, 'small.jsonl.gz', 'wanted.jsonl.gz'])
  // What an earlier version has kept each by itself is packed, too.
  assert.equal(await compact(realDisk(), { ...AS_PACKED, path: join(folders.processed, 'small.jsonl.gz') }), 'kept')
  assert.equal(
    await compact(realDisk(), { ...AS_PACKED, path: join(folders.processed, 'wanted.jsonl.gz') }),
    'compacted',
  )
  assert.ok(existsSync(join(folders.processed, 'wanted.jsonl.dcz')))
  assert.deepEqual(await readdir(folders.inbox), [])
  assert.equal((await readdir(join(folders.processed, '.bases'))).length, 2)
  for (const [index, text] of TEXTS.entries()) {
    assert.equal(await contentOf(folders, `${index}.jsonl`, text), text)
    const { size } = await stat(join(folders.processed, `${index}.jsonl.dcz`))
    assert.ok(size * 5 < gzipSync(text).length, `${size}`)
  }
  assert.equal(await contentOf(folders, 'other.jsonl', OTHER), OTHER)
  assert.equal(await contentOf(folders, 'small.jsonl', SMALL), SMALL)
})

test('a file that its owner may only read is put away and packed like any other', async () => {
  await using at = await open()
  const { folders, put } = at
  const path = join(folders.inbox, '0.jsonl')
  await writeFile(path, TEXTS[0]!)
  await chmod(path, 0o444)
  await asOwnerOf(folders.data, async () => assert.equal(await put('0.jsonl', TEXTS[0]!), 'compacted'))
  assert.deepEqual(await readdir(folders.inbox), [])
  assert.equal(await contentOf(folders, '0.jsonl', TEXTS[0]!), TEXTS[0])
})

test('what has changed too much becomes what the next ones are packed against', async () => {
  await using at = await open()
  const { folders, put } = at
  const changed = [1, 2, 3].map((day) => named(rowsText(ROWS, day), 'new'))
  await put('0.jsonl', TEXTS[0]!)
  await put('1.jsonl', changed[1]!)
  await put('2.jsonl', changed[2]!)
  assert.equal((await readdir(join(folders.processed, '.bases'))).length, 2)
  assert.equal(await contentOf(folders, '0.jsonl', TEXTS[0]!), TEXTS[0])
  assert.equal(await contentOf(folders, '2.jsonl', changed[2]!), changed[2])
})

test('a flipped bit anywhere is found, and harms no other file', async () => {
  await using at = await open()
  const { folders, put } = at
  for (const [index, text] of TEXTS.entries()) await put(`${index}.jsonl`, text)
  const base = join(folders.processed, '.bases', (await readdir(join(folders.processed, '.bases')))[0]!)
  for (const path of [join(folders.processed, '1.jsonl.dcz'), base]) {
    const bytes = await readFile(path)
    for (let index = 0; index < bytes.length; index += Math.ceil(bytes.length / 40)) {
      const flipped = Buffer.from(bytes)
      flipped[index]! ^= 0x10
      await writeFile(path, flipped)
      const content = await contentOf(folders, '1.jsonl', TEXTS[1]!)
      // A bit that means nothing harms nothing: what is given is always what was kept.
      assert.ok(content === undefined || content === TEXTS[1])
      if (path !== base) assert.equal(await contentOf(folders, '2.jsonl', TEXTS[2]!), TEXTS[2])
      const stored: StoredFile = {
        path: join(folders.processed, '1.jsonl.dcz'),
        sha256: sha256Of(TEXTS[1]!),
        place: 'processed',
      }
      const read = async () => {
        for await (const _ of verifiedContent(realDisk(), stored));
      }
      if (content === undefined) await assert.rejects(read, isDamage)
    }
    await writeFile(path, bytes)
  }
})

test('wherever the loader dies while it puts a file away and packs it, the file is there, and the next try ends it', async () => {
  await using at = await open()
  const { folders, put } = at
  for (const [index, text] of TEXTS.slice(0, 2).entries()) {
    const name = `${index}.jsonl`
    for (let step = 0; ; step++) {
      const dying = dyingAt(step)
      const died = await put(name, text, dying).then(
        () => false,
        () => true,
      )
      assert.equal(await contentOf(folders, name, text), text, `step ${step}`)
      if (!died) break
      assert.ok(step < 100)
    }
  }
  assert.deepEqual((await readdir(folders.processed)).sort(), ['.bases', '0.jsonl.dcz', '1.jsonl.dcz', NOTE])
  assert.deepEqual(await readdir(folders.inbox), [])
})

test('a base goes when no file was packed against it any more', async () => {
  await using at = await open()
  const { folders, put } = at
  await put('0.jsonl', TEXTS[0]!)
  await put('other.jsonl', OTHER)
  await removeUnusedBases(realDisk(), folders.processed)
  assert.equal((await readdir(join(folders.processed, '.bases'))).length, 2)
  await realDisk().unlink(join(folders.processed, 'other.jsonl.dcz'))
  await removeUnusedBases(realDisk(), folders.processed)
  assert.equal((await readdir(join(folders.processed, '.bases'))).length, 1)
  assert.equal(await contentOf(folders, '0.jsonl', TEXTS[0]!), TEXTS[0])
})

test('a base that is there compressed otherwise serves as it is', async () => {
  await using at = await open()
  const { folders, put } = at
  const bases = join(folders.processed, '.bases')
  await put('0.jsonl', TEXTS[0]!)
  const [name] = await readdir(bases)
  await writeFile(join(bases, name!), zstdCompressSync(zstdDecompressSync(await readFile(join(bases, name!)))))
  await put('new.jsonl', named(rowsText(ROWS), 'new'))
  assert.equal(await put('again.jsonl', TEXTS[0]!), 'compacted')
  assert.equal((await readdir(bases)).length, 2)
  assert.equal(await contentOf(folders, 'again.jsonl', TEXTS[0]!), TEXTS[0])
})

test('a gzip file that is longer than it says is not read into the memory', async () => {
  await using at = await open()
  const path = join(at.folders.processed, 'x.jsonl.gz')
  await writeFile(path, Buffer.concat([gzipSync(Buffer.alloc(17 * 1024 ** 2)), gzipSync(Buffer.alloc(64 * 1024))]))
  const isRight = () => assert.fail('all of it was read')
  assert.equal(await compact(realDisk(), { path, form: 'packed', isRight }), 'kept')
})

/** A server that has loaded and packed three files: a.jsonl, with which the others were packed, and two that came as x.jsonl. */
async function withPacked() {
  const receiver = await openReceiver()
  const { folders, ledger, catalogue } = receiver
  const [disk, log, ids] = [realDisk(), openLog('silent'), [] as string[]]
  const rest = { lineBytesMax: 1024 * 1024, hold: undefined, log, now: Date.now, onFile: () => {} }
  for (const [name, text] of [
    ['a', TEXTS[0]!],
    ['x', TEXTS[1]!],
    ['x', TEXTS[2]!],
  ] as const) {
    ids.push(String((await postGzip(receiver, `${name}.jsonl.gz`, text)).body.id))
    await runLoaderPass({ disk, folders, ledger, catalogue, ...rest }, new AbortController().signal)
  }
  const pack = () =>
    new Compaction({ disk, ledger, log, folders: [folders.processed], form: 'packed' }).compactWaiting(() => true)
  await pack()
  const requested = async () => {
    const { uploads } = (await get(receiver, '/api/uploads/requested')).body as { uploads?: { id: string }[] }
    return uploads?.map(({ id }) => ids.indexOf(id))
  }
  const uploads = await Promise.all(ids.map((id) => ledger.uploads.find(id)))
  return { receiver, folders, places: { disk, folders, ledger }, uploads, pack, requested }
}

test('what comes again is found under the names it came with, also where its base never does', async () => {
  const { receiver, folders, places, uploads, pack, requested } = await withPacked()
  await using _ = receiver
  const { processed } = folders
  await writeFile(join(processed, '.bases', (await readdir(join(processed, '.bases')))[0]!), 'damaged')
  await rm(join(processed, 'a.jsonl.dcz'))
  for (const name of (await readdir(processed)).filter((each) => each.endsWith('.dcz')))
    await requestAgain(places, { path: join(processed, name), now: Date.now(), daysMax: 90 })
  for (const index of [1, 2]) {
    const part = join(processed, '.part')
    await writeFile(part, TEXTS[index]!)
    await restoreFile(places, part, uploads[index]!)
  }
  await pack()
  for (const index of [1, 2]) assert.ok(await findStored(places.disk, folders, uploads[index]!), String(index))
  assert.deepEqual(await requested(), [0])
})

test('what the disk does not give is asked for, the latest first, until it is here or is to be kept no more', async () => {
  const { receiver, folders, places, uploads, pack, requested } = await withPacked()
  await using _ = receiver
  const { processed } = folders
  const [now, daysMax] = [Date.now(), 90]
  const refusing = { ...places, disk: refusingDisk((path) => path.endsWith('x.jsonl.dcz'), 'EIO') }
  const onDamage = async (path: string) => void (await requestAgain(refusing, { path, now, daysMax }))
  const faults = await new ProcessedIntegrity({ ...refusing, onDamage }, { isThrottled: false }).check()
  assert.equal(faults.join(), `${join(processed, 'x.jsonl.dcz')}: not the bytes that were accepted`)
  // Whose it is of the two that came as x.jsonl nobody can say now.
  assert.deepEqual(await requested(), [2, 1])

  const base = join(processed, '.bases', (await readdir(join(processed, '.bases')))[0]!)
  await writeFile(base, 'damaged')
  const others = (await readdir(processed)).filter((name) => /^x-.*dcz$/.test(name))
  const late = { path: join(processed, others[0]!), daysMax }
  assert.deepEqual(await requestAgain(places, { ...late, now: now + 91 * DAY_MS }), [])
  assert.equal((await requestAgain(places, { ...late, now: now + 1000 })).length, 1)
  assert.deepEqual(await requested(), [0, 2, 1])

  // The pack of another upload lies under the name that this one came with, and lacks nothing but its base. Its own lies aside.
  for (const [index, text] of [
    [2, TEXTS[2]!],
    [0, TEXTS[0]!],
  ] as const) {
    const part = join(processed, '.part')
    await writeFile(part, text)
    await restoreFile(places, part, uploads[index]!)
  }
  assert.ok(existsSync(join(processed, 'x.jsonl.dcz')))
  await pack()
  assert.match(
    (await readdir(processed)).filter((name) => /damaged|jsonl$/.test(name)).join(),
    /^x-\w+\.jsonl\.dcz\.damaged$/,
  )
  for (const upload of uploads) assert.ok(await findStored(realDisk(), folders, upload!))
  assert.deepEqual(await requested(), [1])
  assert.equal(
    (await pruneProcessed({ ...places, daysMax, now: () => now + 91 * DAY_MS, trustsClock: true })).length,
    4,
  )
  assert.deepEqual(await requested(), [])
  assert.deepEqual(await readdir(join(processed, '.bases')), [])
})
