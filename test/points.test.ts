/** How the campaigns that hit one system call find it again, and know which one they have hit. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { changes, nextNumber, pointsIn } from '../torture/points/points.ts'
import { callsIn, struckIn } from '../torture/points/strace.ts'
import { temporaryFolder } from './folders.ts'

const PART = '/place/.part/0192a3b4-c5d6-7e8f-9012-3456789abcde'
const KILL = { call: 'write', at: 3, paths: [], effect: 'signal=SIGKILL' }

async function callsOf(...lines: string[]) {
  await using at = await temporaryFolder()
  const log = join(at.path, 'strace')
  await writeFile(log, `${lines.join('\n')}\n`)
  return await callsIn(log)
}

test('a call that strace shows in two halves is one call, with its result, and no call that died', async () => {
  const calls = await callsOf(
    '7 unlink("/place/a" <unfinished ...>',
    '8 write(4<anon_inode:[eventfd]>, ""..., 8) = 8',
    '7 <... unlink resumed>) = -1 ENOENT (No such file or directory)',
  )
  assert.equal(calls[0]?.text, '7 unlink("/place/a") = -1 ENOENT (No such file or directory)')
  assert.deepEqual(struckIn(calls, KILL), [])
  assert.deepEqual(pointsIn(calls, '/place', changes), [])
})

test('the call in which each thread died is the one that a kill has hit, whatever ran beside it', async () => {
  const calls = await callsOf(
    `7 write(5<${PART}>, ""..., 61000 <unfinished ...>`,
    '8 write(4<anon_inode:[eventfd]>, ""..., 8) = 8',
  )
  assert.deepEqual(struckIn(calls, KILL), [calls[0]])
})

test('a call that a run has missed is looked for where that run had it, and one further on where it had not come yet', async () => {
  const wake = '7 write(4<anon_inode:[eventfd]>, ""..., 8) = 8'
  const [point] = pointsIn(await callsOf(wake, wake, `7 write(5<${PART}>, ""..., 61000) = 61000`), '/place', changes)
  assert.equal(point?.blow.at, 3)
  const passed = await callsOf(wake, `7 write(5<${PART}>, ""..., 61000) = 61000`, wake)
  assert.equal(nextNumber(point, 3, passed, '/place'), 2)
  assert.equal(nextNumber(point, 3, await callsOf(wake, wake, wake), '/place'), 4)
})

test('a call is counted on its own path, so that none of another thread is met before it', async () => {
  const calls = await callsOf('7 fsync(21</place/disk>) = 0', '8 fsync(22</place/disk/data>) = 0')
  assert.deepEqual(
    pointsIn(calls, '/place', changes).map(({ label, blow }) => [label, blow]),
    [
      ['fsync disk', { call: 'fsync', at: 1, paths: ['/disk'] }],
      ['fsync disk/data', { call: 'fsync', at: 1, paths: ['/disk/data'] }],
    ],
  )
})
