/** The disk of Windows, where a virus scanner may hold a file for a moment. */
import assert from 'node:assert/strict'
import * as fs from 'node:fs/promises'
import { test } from 'node:test'
import { codeOf, type Disk, realDisk, retryWhileLocked } from '../disk.ts'

function failing(times: number, code: string): { call: () => Promise<string>; calls: () => number } {
  let calls = 0
  const call = async () => {
    if (++calls <= times) throw Object.assign(new Error(code), { code })
    return 'done'
  }
  return { call, calls: () => calls }
}

test('a call that a scanner refuses is repeated with growing pauses until it succeeds', async () => {
  for (const code of ['EBUSY', 'EPERM', 'EACCES']) {
    const pauses: number[] = []
    const { call, calls } = failing(9, code)
    assert.equal(await retryWhileLocked(call, async (ms) => pauses.push(ms)), 'done')
    assert.equal(calls(), 10)
    assert.deepEqual(pauses, [10, 20, 40, 80, 160, 320, 640, 1000, 1000])
  }
})

test('a file that stays locked is given up after about five seconds, with the error as it was', async () => {
  let waited = 0
  const { call, calls } = failing(1000, 'EBUSY')
  await assert.rejects(
    retryWhileLocked(call, async (ms) => {
      waited += ms
    }),
    { code: 'EBUSY' },
  )
  assert.equal(calls(), 12)
  assert.equal(waited, 5270)
})

test('any other error is not repeated', async () => {
  for (const code of ['ENOENT', 'EEXIST', 'ENOSPC', 'EIO']) {
    const { call, calls } = failing(1, code)
    await assert.rejects(
      retryWhileLocked(call, () => assert.fail('it paused')),
      { code },
    )
    assert.equal(calls(), 1)
  }
})

test('only on Windows are calls repeated', () => {
  const here: Disk = fs
  assert.equal(realDisk('linux'), here)
  assert.equal(realDisk('darwin'), here)
  const windows = realDisk('win32')
  for (const name of ['open', 'link', 'unlink', 'rename'] as const) assert.notEqual(windows[name], here[name])
  for (const name of ['mkdir', 'readdir', 'lstat', 'statfs'] as const) assert.equal(windows[name], here[name])
})

test('the code of an error is its own, and of anything else there is none', async () => {
  const error = await fs.lstat('/no/such/file').catch((cause) => cause)
  assert.equal(codeOf(error), 'ENOENT')
  for (const other of [new Error('no code'), { code: 'ENOENT' }, 'ENOENT', undefined, null])
    assert.equal(codeOf(other), '')
})
