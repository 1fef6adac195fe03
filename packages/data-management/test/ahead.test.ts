/** What is read ahead of a reader reaches it, and leaves nothing behind. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { realDisk } from '@splitcart/shared/disk.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { writeBuffered } from '../database/read-ahead.ts'

test('a reader that takes each chunk at once leaves no timers that keep the process running', async () => {
  await using at = await temporaryFolder()
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  let taken = 0
  const chunks = async function* () {
    for (let index = 0; index < 100; index++) yield Buffer.alloc(10)
  }
  await writeBuffered(realDisk(), join(at.path, 'ahead'), chunks(), async (bytes, offset) => {
    await setImmediate()
    taken += bytes.length - offset
    return bytes.length - offset
  })
  assert.equal(taken, 1000)
  assert.equal(timers(), before)
  assert.deepEqual(await readdir(at.path), [])
})
