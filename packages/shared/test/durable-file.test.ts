/** The hand-over of files, on real folders. */
import assert from 'node:assert/strict'
import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { type Disk, realDisk } from '../disk.ts'
import { move, openPart, publish, remove, removeIfThere, replace, syncFolder, writePart } from '../durable-file.ts'
import { makeFolder } from '../make-folder.ts'
import { contentOf, folders, watched } from './from-and-to.ts'

const DISK = realDisk()
const NAMES = ['a.jsonl', 'a-1.jsonl', 'a-2.jsonl']
const WINDOWS = process.platform === 'win32'

test('a part lands under the first name, and is gone from where it was', async () => {
  await using at = await folders('bytes')
  assert.deepEqual(await publish(DISK, at.part, at.to, NAMES), { name: 'a.jsonl', wasThere: false })
  assert.deepEqual(await contentOf(at.to), { 'a.jsonl': 'bytes' })
  assert.deepEqual(await contentOf(at.from), {})
})

test('a name taken by other bytes is left alone, and the next one is taken', async () => {
  await using at = await folders('bytes')
  await writeFile(join(at.to, 'a.jsonl'), 'other')
  await writeFile(join(at.to, 'a-1.jsonl'), 'longer than the part')
  assert.deepEqual(await publish(DISK, at.part, at.to, NAMES), { name: 'a-2.jsonl', wasThere: false })
  const expected = { 'a-1.jsonl': 'longer than the part', 'a-2.jsonl': 'bytes', 'a.jsonl': 'other' }
  assert.deepEqual(await contentOf(at.to), expected)
})

test('a name taken by the same bytes is the name, and there is still one copy', async () => {
  await using at = await folders('bytes')
  await writeFile(join(at.to, 'a.jsonl'), 'bytes')
  assert.deepEqual(await publish(DISK, at.part, at.to, NAMES), { name: 'a.jsonl', wasThere: true })
  assert.deepEqual(await contentOf(at.to), { 'a.jsonl': 'bytes' })
  assert.deepEqual(await contentOf(at.from), {})
})

test('when every name is taken by other bytes, nothing is overwritten and the part stays', async () => {
  await using at = await folders('bytes')
  for (const name of NAMES) await writeFile(join(at.to, name), 'other')
  await assert.rejects(publish(DISK, at.part, at.to, NAMES), /Every name for .* is taken/)
  assert.deepEqual(await contentOf(at.from), { part: 'bytes' })
  assert.deepEqual(new Set(Object.values(await contentOf(at.to))), new Set(['other']))
})

test('a link or a folder planted at the name is neither followed nor replaced', { skip: WINDOWS }, async () => {
  await using at = await folders('bytes')
  const outside = join(at.path, 'outside')
  await writeFile(outside, 'bytes')
  await symlink(outside, join(at.to, 'a.jsonl'))
  await mkdir(join(at.to, 'a-1.jsonl'))
  assert.deepEqual(await publish(DISK, at.part, at.to, NAMES), { name: 'a-2.jsonl', wasThere: false })
  assert.ok((await lstat(join(at.to, 'a.jsonl'))).isSymbolicLink())
  assert.equal(await readFile(outside, 'utf8'), 'bytes')
})

test('a link planted where the part is written is not followed, and stays', { skip: WINDOWS }, async () => {
  await using at = await folders()
  const outside = join(at.path, 'outside')
  for (const target of [outside, join(at.path, 'dangling')]) {
    await writeFile(outside, 'not touched')
    await symlink(target, at.part)
    await assert.rejects(
      writePart(DISK, at.part, (file) => file.appendFile('x')),
      { code: 'EEXIST' },
    )
    assert.ok((await lstat(at.part)).isSymbolicLink())
    assert.equal(await readFile(outside, 'utf8'), 'not touched')
    await removeIfThere(DISK, at.part)
  }
  assert.deepEqual((await readdir(at.path)).sort(), ['from', 'outside', 'to'])
})

test('a part that another process writes is not opened a second time', async () => {
  await using at = await folders('being written')
  await assert.rejects(openPart(DISK, at.part), { code: 'EEXIST' })
  assert.deepEqual(await contentOf(at.from), { part: 'being written' })
})

test('files are for their owner only, and so are folders', { skip: WINDOWS }, async () => {
  await using at = await folders()
  await writePart(DISK, at.part, (file) => file.appendFile('x'))
  await makeFolder(DISK, join(at.path, 'b/c'))
  assert.equal((await stat(at.part)).mode & 0o777, 0o600)
  assert.equal((await stat(join(at.path, 'b/c'))).mode & 0o777, 0o700)
})

test('a name that is given up while it is compared is taken after all', async () => {
  await using at = await folders('bytes')
  await writeFile(join(at.to, 'a.jsonl'), 'other')
  const lstatOnce: Disk['lstat'] = (async (path: string) => {
    if (path.endsWith('a.jsonl')) await removeIfThere(DISK, path)
    return lstat(path)
  }) as Disk['lstat']
  assert.deepEqual(await publish({ ...DISK, lstat: lstatOnce }, at.part, at.to, NAMES), {
    name: 'a.jsonl',
    wasThere: false,
  })
  assert.deepEqual(await contentOf(at.to), { 'a.jsonl': 'bytes' })
})

test('of many parts that land at once under one name, each gets a name of its own', async () => {
  await using at = await folders()
  const texts = Array.from({ length: 20 }, (_, index) => `bytes ${index}`)
  const names = texts.map((_, index) => `a-${index}.jsonl`)
  const landed = await Promise.all(
    texts.map(async (text, index) => {
      const part = join(at.from, `part ${index}`)
      await writePart(DISK, part, (file) => file.appendFile(text))
      return publish(DISK, part, at.to, names)
    }),
  )
  assert.equal(new Set(landed.map(({ name }) => name)).size, texts.length)
  assert.deepEqual(Object.values(await contentOf(at.to)).sort(), texts.sort())
})

test('a note is written though an earlier attempt left its part behind', async () => {
  await using at = await folders()
  await writeFile(join(at.to, 'a.receipt.json.part'), 'torn')
  await replace(DISK, join(at.to, 'a.receipt.json'), 'new note')
  assert.deepEqual(await contentOf(at.to), { 'a.receipt.json': 'new note' })
})

test('landing syncs the part before it is named, and the folder before the part goes', { skip: WINDOWS }, async () => {
  await using at = await folders()
  const { disk, synced } = watched()
  await writePart(disk, at.part, (file) => file.appendFile('x'))
  assert.deepEqual(synced, [at.part])
  const unlink: Disk['unlink'] = async (path) => {
    assert.deepEqual(synced, [at.part, at.to])
    return DISK.unlink(path)
  }
  await publish({ ...disk, unlink }, at.part, at.to, NAMES)
})

test('a folder is synced also when the name was there before: who made it may have died too soon', {
  skip: WINDOWS,
}, async () => {
  await using at = await folders('bytes')
  await writeFile(join(at.to, 'a.jsonl'), 'bytes')
  const { disk, synced } = watched()
  await publish(disk, at.part, at.to, NAMES)
  assert.deepEqual(synced, [at.to])
})

test('moving syncs the new folder before the old name goes, and the old folder after', { skip: WINDOWS }, async () => {
  await using at = await folders('bytes')
  const { disk, synced } = watched()
  await move(disk, at.part, at.to, NAMES)
  assert.deepEqual(synced, [at.to, at.from])
})

test('removing a file that is gone already is no error; removing what cannot be removed is', async () => {
  await using at = await folders()
  await remove(DISK, at.part)
  await mkdir(at.part)
  await assert.rejects(remove(DISK, at.part))
})

test('Windows has no sync of folders, and none is asked for there', async () => {
  await syncFolder(DISK, '/no/such/folder', 'win32')
})

test('two files of one size whose numbers look the same are told apart by their bytes', async () => {
  await using at = await folders('bytes')
  await writeFile(join(at.to, 'a.jsonl'), 'other'.slice(0, 5))
  // As Windows numbers files: beyond what a double holds exactly.
  const rounded = async (path: string) => Object.assign(await lstat(path), { ino: 2 ** 60, dev: 1 })
  const disk = { ...DISK, lstat: rounded as Disk['lstat'] }
  assert.deepEqual(await publish(disk, at.part, at.to, NAMES), { name: 'a-1.jsonl', wasThere: false })
  assert.deepEqual(await contentOf(at.to), { 'a-1.jsonl': 'bytes', 'a.jsonl': 'other' })
})

test('a file system without links is said to be one, and the file stays where it is', async () => {
  for (const code of ['EPERM', 'ENOTSUP', 'ENOSYS', 'EISDIR']) {
    await using at = await folders('bytes')
    const link: Disk['link'] = async () => {
      throw Object.assign(new Error(code), { code, syscall: 'link' })
    }
    const disk = { ...DISK, link }
    const said = { code, message: /without hard links \(FAT, exFAT\); use a disk with/ }
    await assert.rejects(publish(disk, at.part, at.to, NAMES), said)
    await assert.rejects(move(disk, at.part, at.to, NAMES), said)
    assert.deepEqual(await contentOf(at.from), { part: 'bytes' })
  }
})

test('a file that cannot be linked (another file system, another owner) is copied, and then removed', async () => {
  for (const code of ['EXDEV', 'EPERM']) {
    await using at = await folders('bytes')
    const link: Disk['link'] = async (existing, added) => {
      if (dirname(String(existing)) !== at.to) throw Object.assign(new Error(code), { code })
      await DISK.link(existing, added)
    }
    assert.deepEqual(await move({ ...DISK, link }, at.part, at.to, NAMES), { name: 'a.jsonl', wasThere: false })
    assert.deepEqual(await contentOf(at.from), {})
    assert.deepEqual(await contentOf(at.to), { 'a.jsonl': 'bytes' })
  }
})
