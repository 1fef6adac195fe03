/** Loaded files are packed against one another: nothing is lost, whatever dies, and what is damaged is found. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, chown, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { codeOf, type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { compact } from '@splitcart/shared/packed/compact.ts'
import { isDamage } from '@splitcart/shared/packed/kept-file.ts'
import { removeBases } from '@splitcart/shared/packed/packed.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { dyingAt } from '../../shared/test/dying-disk.ts'
import { type Folders, foldersIn } from '../folders.ts'
import { moveSettled } from '../inbox/move-settled.ts'
import { bytesOf, findStored, type Stored } from '../inbox/stored.ts'
import { rowsText, sha256Of } from './receiver.ts'

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
    await moveSettled({ disk, folders }, { path: from, sha256, place: 'inbox' }, 'loaded').catch(unlessGone)
    return await compact(disk, { path, form, isRight }).catch(unlessGone)
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

function unlessGone(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}

const uploadOf = (name: string, text: string) => ({ stored_as: name, sha256: sha256Of(text), kind: 'products' })

async function contentOf(folders: Folders, name: string, text: string): Promise<string | undefined> {
  const stored = await findStored(realDisk(), folders, uploadOf(name, text))
  if (stored === undefined) return undefined
  const portions: Buffer[] = []
  for await (const portion of bytesOf(realDisk(), stored)) portions.push(Buffer.from(portion))
  return Buffer.concat(portions).toString()
}

test('files of a company say what is new against one that is kept whole; small ones, and all where it is wished for, are gzip', async () => {
  await using at = await open()
  const { folders, put } = at
  for (const [index, text] of TEXTS.entries()) await put(`${index}.jsonl`, text)
  await put('other.jsonl', OTHER)
  await put('small.jsonl', SMALL)
  await put('wished.jsonl', TEXTS[0]!.replace('ÄÖ', 'Ä'), realDisk(), 'gzip')
  const names = ['.bases', ...TEXTS.keys().map((index) => `${index}.jsonl.dcz`), NOTE, 'other.jsonl.dcz']
  assert.deepEqual((await readdir(folders.processed)).sort(), [...names, 'small.jsonl.gz', 'wished.jsonl.gz'])
  // What an earlier version has kept each by itself is packed, too.
  assert.equal(await compact(realDisk(), { ...AS_PACKED, path: join(folders.processed, 'small.jsonl.gz') }), 'kept')
  assert.equal(
    await compact(realDisk(), { ...AS_PACKED, path: join(folders.processed, 'wished.jsonl.gz') }),
    'compacted',
  )
  assert.ok(existsSync(join(folders.processed, 'wished.jsonl.dcz')))
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
      const stored: Stored = {
        path: join(folders.processed, '1.jsonl.dcz'),
        sha256: sha256Of(TEXTS[1]!),
        place: 'processed',
      }
      const read = async () => {
        for await (const _ of bytesOf(realDisk(), stored));
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
  await removeBases(realDisk(), folders.processed)
  assert.equal((await readdir(join(folders.processed, '.bases'))).length, 2)
  await realDisk().unlink(join(folders.processed, 'other.jsonl.dcz'))
  await removeBases(realDisk(), folders.processed)
  assert.equal((await readdir(join(folders.processed, '.bases'))).length, 1)
  assert.equal(await contentOf(folders, '0.jsonl', TEXTS[0]!), TEXTS[0])
})
