/** Syncs that many share, and syncs that begin early: on real folders and files, and none of them says that it is done too soon. */
import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { test } from 'node:test'
import { type Disk, realDisk } from '../disk.ts'
import { EarlySync, syncFolder, writePart } from '../durable-file.ts'
import { folders } from './from-and-to.ts'

const DISK = realDisk()
const MIB = 1024 * 1024

test('a folder that is being synced is synced once more for all who came meanwhile, and none of them goes on before', async () => {
  await using at = await folders('bytes')
  const { disk, synced, release } = slow()
  const first = syncFolder(disk, at.to)
  const done: string[] = []
  const later = ['a', 'b', 'c'].map((name) => syncFolder(disk, at.to).then(() => done.push(name)))
  await release()
  await first
  assert.deepEqual(done, [])
  await release()
  await Promise.all(later)
  assert.deepEqual([synced.length, done], [2, ['a', 'b', 'c']])
  await Promise.all([syncFolder(disk, at.to), release()])
  assert.equal(synced.length, 3)
})

test('a sync of a folder that fails is heard of by those it was for, and by nobody after them', async () => {
  await using at = await folders('bytes')
  let fails = true
  const open: Disk['open'] = async (...given) => {
    if (fails) throw Object.assign(new Error('EIO'), { code: 'EIO' })
    return DISK.open(...given)
  }
  const disk = { ...DISK, open }
  const [first, second] = [syncFolder(disk, at.to), syncFolder(disk, at.to)]
  await assert.rejects(first, { code: 'EIO' })
  await assert.rejects(second, { code: 'EIO' })
  fails = false
  await syncFolder(disk, at.to)
})

/** A disk whose syncs wait until they are let go; `synced` tells what has begun. */
function slow() {
  const synced: string[] = []
  const waiting: (() => void)[] = []
  const open: Disk['open'] = async (path, ...given) => {
    const handle = await DISK.open(path, ...given)
    const sync = handle.sync.bind(handle)
    handle.sync = async () => {
      synced.push(String(path))
      await new Promise<void>((resolve) => waiting.push(resolve))
      await sync()
    }
    return handle
  }
  const release = async () => {
    while (waiting.length === 0) await new Promise(setImmediate)
    for (const go of waiting.splice(0)) go()
  }
  return { disk: { ...DISK, open }, synced, release }
}

test('a part that grows is synced as it does, one sync at a time, and the end waits for the last', async () => {
  const waiting: (() => void)[] = []
  const early = new EarlySync({ datasync: () => new Promise((resolve) => waiting.push(resolve)) })
  const begun = () => waiting.length
  early.wrote(31 * MIB)
  assert.equal(begun(), 0)
  early.wrote(MIB)
  early.wrote(100 * MIB)
  assert.equal(begun(), 1)
  waiting[0]!()
  await new Promise(setImmediate)
  early.wrote(1)
  assert.equal(begun(), 2)
  let hasEnded = false
  const end = early.end().then(() => {
    hasEnded = true
  })
  await new Promise(setImmediate)
  assert.equal(hasEnded, false)
  waiting[1]!()
  await end
})

test('an early sync that fails is not tried again, and the part is given up for it', async () => {
  let calls = 0
  const early = new EarlySync({ datasync: async () => assert.fail(`call ${++calls}`) })
  early.wrote(64 * MIB)
  await new Promise(setImmediate)
  early.wrote(64 * MIB)
  await assert.rejects(early.end(), /call 1/)
  assert.equal(calls, 1)
})

test('a part that is synced early holds what was written', async () => {
  await using at = await folders()
  const chunk = Buffer.alloc(4 * MIB, 'x')
  await writePart(DISK, at.part, async (part) => {
    const early = new EarlySync(part)
    for (let count = 0; count < 20; count++) {
      await part.appendFile(chunk)
      early.wrote(chunk.length)
    }
    await early.end()
  })
  assert.equal((await stat(at.part)).size, 20 * chunk.length)
})
