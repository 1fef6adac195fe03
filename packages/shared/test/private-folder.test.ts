/** Data folders: worked in only when they belong to the user alone. */
import assert from 'node:assert/strict'
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import { type Disk, realDisk } from '../disk.ts'
import { checkPrivate } from '../private-folder.ts'
import { Problem } from '../problem.ts'

const WINDOWS = process.platform === 'win32' && 'Windows has no modes'
const USER = 1000
const NAMELESS = 54321

async function refusal(disk: Disk, path: string, user?: number): Promise<string> {
  const error = await checkPrivate(disk, [path], user ?? process.geteuid?.() ?? null).then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (error === undefined) return ''
  assert.ok(error instanceof Problem)
  assert.equal(error.code, 'folder_unsafe')
  return error.detail
}

/** A disk on which every folder has this owner, group and mode. */
function diskWith(uid: number, gid: number, mode: number): Disk {
  const kind = { isSymbolicLink: () => false, isDirectory: () => true }
  return {
    ...realDisk(),
    lstat: (async () => ({ ...kind, uid, gid, mode: 0o40000 | mode })) as unknown as Disk['lstat'],
  }
}

test('a folder that others may write to is refused, with the command that mends it', { skip: WINDOWS }, async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'data')
  await mkdir(path)
  for (const mode of [0o700, 0o755]) {
    await chmod(path, mode)
    assert.equal(await refusal(realDisk(), path), '')
  }
  await chmod(path, 0o757)
  assert.equal(
    await refusal(realDisk(), path),
    `others may write to ${path} (its mode is 757); run: chmod go-w ${path}`,
  )
})

test('a group may write only where it is the own group of the user', async () => {
  assert.equal(await refusal(diskWith(USER, USER, 0o775), '/data', USER), '')
  assert.match(await refusal(diskWith(USER, 50, 0o775), '/data', USER), /run: chmod go-w \/data/)
  assert.match(await refusal(diskWith(0, 0, 0o775), '/data', 0), /run: chmod go-w \/data/)
})

test('the folder of another user is refused, also to root', async () => {
  assert.match(await refusal(diskWith(0, 0, 0o700), '/data', NAMELESS), /belongs to the user root, not to #54321/)
  assert.match(await refusal(diskWith(0, 0, 0o700), '/data', NAMELESS), /sudo chown -R #54321 \/data/)
})

test('root is told to work as the owner, never to take the folder from a server that may run there', async () => {
  const said = await refusal(diskWith(NAMELESS, NAMELESS, 0o700), '/data', 0)
  assert.match(said, /belongs to the user #54321, not to root; run it as its owner: sudo -u #54321 splitcart …$/)
})

test('a folder that this user may not look at is said to be closed, with its owner', async () => {
  const closed = Object.assign(new Error('closed'), { code: 'EACCES' })
  const lstat = async (path: string) =>
    path === '/srv/x/data' ? Promise.reject(closed) : diskWith(NAMELESS, 0, 0o700).lstat(path)
  const said = await refusal({ ...realDisk(), lstat: lstat as unknown as Disk['lstat'] }, '/srv/x/data', 0)
  assert.match(said, /^\/srv\/x\/data is closed to the user root \(EACCES\); .*sudo -u #54321 splitcart …$/)
})

test('a link to a folder and a file are refused, a missing folder is not', { skip: WINDOWS }, async () => {
  await using at = await temporaryFolder()
  const [path, link, file] = ['data', 'link', 'file'].map((name) => join(at.path, name)) as [string, string, string]
  assert.equal(await refusal(realDisk(), path), '')
  await mkdir(path, { mode: 0o700 })
  await symlink(path, link)
  await writeFile(file, '')
  assert.match(await refusal(realDisk(), link), /is a link; name the folder that it leads to/)
  assert.match(await refusal(realDisk(), file), /is no folder/)
  await rm(path, { recursive: true })
})

test('where there are no owners and modes, as on Windows, only the kind counts', async () => {
  await checkPrivate(diskWith(1, 1, 0o777), ['/data'], null)
})
