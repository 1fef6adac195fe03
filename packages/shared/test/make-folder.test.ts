/** Folders, made so that what is put into them is not lost with them. */
import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import { type Disk, realDisk } from '../disk.ts'
import { makeFolder } from '../make-folder.ts'
import { watched } from './from-and-to.ts'

const DISK = realDisk()
const WINDOWS = process.platform === 'win32'

test('a folder is made with its parents, and the name of each is made durable', { skip: WINDOWS }, async () => {
  await using at = await temporaryFolder()
  const { disk, synced } = watched()
  await makeFolder(disk, join(at.path, 'a/b/c'))
  assert.deepEqual(synced.splice(0), [dirname(at.path), at.path, join(at.path, 'a'), join(at.path, 'a/b')])
  // A process that was killed between the two calls may have made it.
  await makeFolder(disk, join(at.path, 'a/b/c'))
  assert.deepEqual(synced, [join(at.path, 'a/b')])
})

test('a folder is made only in one whose own name is durable, whoever made that', { skip: WINDOWS }, async () => {
  await using at = await temporaryFolder()
  // Another process made it, and was killed before it synced the folder above.
  await mkdir(join(at.path, 'a'))
  const { disk, synced } = watched()
  const made: Disk['mkdir'] = (async (path: string, options: object) => {
    assert.deepEqual(synced, [at.path])
    return DISK.mkdir(path, options)
  }) as never
  await makeFolder({ ...disk, mkdir: made }, join(at.path, 'a/b'))
  assert.deepEqual(synced, [at.path, join(at.path, 'a')])
})

test('a folder that is a link to one is one; where none can be made, or a file is, that is said at once', {
  skip: process.platform !== 'linux' && 'only Linux has /proc',
}, async () => {
  await using at = await temporaryFolder()
  await symlink(at.path, join(at.path, 'link'))
  await makeFolder(DISK, join(at.path, 'link'))
  await makeFolder(DISK, join(at.path, 'link', 'a'))
  await writeFile(join(at.path, 'file'), '')
  await assert.rejects(makeFolder(DISK, join(at.path, 'file')), /EEXIST|ENOTDIR/)
  await assert.rejects(makeFolder(DISK, join(at.path, 'file', 'a')), /ENOTDIR/)
  await assert.rejects(makeFolder(DISK, '/proc/a/b'), /ENOENT/)
})

test('a folder may be named from the working directory, however short its name', { skip: WINDOWS }, async () => {
  await using at = await temporaryFolder()
  const { disk, synced } = watched()
  await makeFolder(disk, relative(process.cwd(), join(at.path, 'a', 'b')))
  assert.deepEqual(synced, [dirname(at.path), at.path, join(at.path, 'a')])
})
