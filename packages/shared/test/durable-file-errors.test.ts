/** The hand-over of files on a disk that is full or broken at any one call: nothing torn, and repeating it succeeds. */
import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Disk, realDisk } from '../disk.ts'
import { checkLength, move, publish, replace, writePart } from '../durable-file.ts'
import { failingDisk } from './failing-disk.ts'
import { contentOf, folders } from './from-and-to.ts'

const DISK = realDisk()
const NAMES = ['a.jsonl', 'a-1.jsonl', 'a-2.jsonl']

/** Runs `act` with an error at its first call, its second, and so on, until it needs fewer calls; says how many that were. */
async function withAnErrorAtEveryCall(act: (disk: Disk, call: string) => Promise<void>): Promise<number> {
  for (const code of ['ENOSPC', 'EIO'])
    for (let failing = 1; ; failing++) {
      const disk = failingDisk(failing, code)
      await act(disk, `${code} at call ${failing}`)
      if (disk.calls() < failing && code === 'EIO') return failing - 1
      if (disk.calls() < failing) break
    }
  return 0
}

async function attempt(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (error) {
    assert.match(String(error), /(ENOSPC|EIO): call/)
    return false
  }
}

test('a part is written whole or not at all, whichever call fails', async () => {
  const calls = await withAnErrorAtEveryCall(async (disk, call) => {
    await using at = await folders()
    const write = (by: Disk) =>
      writePart(by, at.part, async (file) => {
        await file.appendFile('first half, ')
        await file.appendFile('second half')
      })
    const done = await attempt(() => write(disk))
    assert.deepEqual(await contentOf(at.from), done ? { part: 'first half, second half' } : {}, call)
    if (!done) await write(DISK)
    assert.deepEqual(await contentOf(at.from), { part: 'first half, second half' }, call)
  })
  assert.equal(calls, 5)
})

test('an error of the writer itself leaves no part, and is the error that is thrown', async () => {
  await using at = await folders()
  const shopWentAway = async () => {
    throw new Error('the shop went away')
  }
  await assert.rejects(writePart(DISK, at.part, shopWentAway), /the shop went away/)
  assert.deepEqual(await contentOf(at.from), {})
})

for (const [what, act] of Object.entries({ landing: publish, moving: move }))
  for (const taken of [undefined, 'bytes', 'other'])
    test(`${what} where ${taken ?? 'nothing'} is in the way ends with one copy, whichever call fails first`, async () => {
      const calls = await withAnErrorAtEveryCall(async (disk, call) => {
        await using at = await folders('bytes')
        if (taken !== undefined) await writeFile(join(at.to, 'a.jsonl'), taken)
        const whole = taken === 'other' ? { 'a-1.jsonl': 'bytes', 'a.jsonl': 'other' } : { 'a.jsonl': 'bytes' }
        const before = await contentOf(at.to)
        const done = await attempt(() => act(disk, at.part, at.to, NAMES))
        const found = await contentOf(at.to)
        // The new name holds all bytes or is not there; what was there before is as it was.
        assert.ok(
          [before, whole].some((content) => JSON.stringify(content) === JSON.stringify(found)),
          call,
        )
        // The source is there until the new name is.
        if ((await readdir(at.from)).length > 0 && !done) await act(DISK, at.part, at.to, NAMES)
        assert.deepEqual(await contentOf(at.to), whole, call)
        assert.deepEqual(await contentOf(at.from), {}, call)
      })
      assert.ok(calls >= 5)
    })

test('replacing a note leaves the old one or the new one, whichever call fails', async () => {
  const calls = await withAnErrorAtEveryCall(async (disk, call) => {
    await using at = await folders()
    const note = join(at.to, 'a.receipt.json')
    await replace(DISK, note, 'old')
    const done = await attempt(() => replace(disk, note, 'new note'))
    assert.match(await readFile(note, 'utf8'), done ? /^new note$/ : /^(old|new note)$/, call)
    await replace(DISK, note, 'new note')
    assert.deepEqual(await contentOf(at.to), { 'a.receipt.json': 'new note' }, call)
  })
  assert.ok(calls >= 8)
})

test('a part that holds less than was written is not believed, and none is left', async () => {
  await using at = await folders()
  const part = join(at.to, 'a.part')
  const half = writePart(DISK, part, async (file) => {
    await file.appendFile('half')
    await checkLength(file, 8)
  })
  await assert.rejects(half, /took 4 of 8 bytes/)
  assert.deepEqual(await contentOf(at.to), {})
})
