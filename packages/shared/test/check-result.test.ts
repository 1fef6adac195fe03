/** What both machines examine of a disk. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkFreeSpace } from '../check-result.ts'
import { realDisk } from '../disk.ts'

const MIB = 1024 * 1024

/** What is said of a disk with so many free blocks of a MiB, and so many files that it could hold and that it has room for. */
async function said(free: number, files = 0, ffree = 0): Promise<string> {
  const statfs = async () => ({ type: 0, bsize: MIB, blocks: 1e6, bfree: 2 * free, bavail: free, files, ffree })
  const disk = { ...realDisk(), statfs } as unknown as ReturnType<typeof realDisk>
  const { state, detail } = await checkFreeSpace(disk, '/data', 100 * MIB)
  return `${state}: ${detail}`
}

test('a disk with too little room fails, for bytes and for files, and one with less than twice of it warns', async () => {
  assert.equal(await said(99), 'fail: 99 MiB free at /data')
  assert.equal(await said(100), 'warn: 100 MiB free at /data')
  assert.equal(await said(199), 'warn: 199 MiB free at /data')
  assert.equal(await said(2000), 'ok: 2,000 MiB free at /data')
  assert.equal(await said(2000, 1e6, 999), 'fail: there is room for 999 more files at /data')
  assert.equal(await said(2000, 1e6, 1000), 'ok: 2,000 MiB free at /data')
  assert.equal(await said(2000, 0, 0), 'ok: 2,000 MiB free at /data', 'a file system without a number of files')
})
