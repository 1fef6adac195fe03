/** Who sends much does not keep the others waiting: files are loaded by turns of those who sent them. */
import assert from 'node:assert/strict'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { roundRobin } from '../inbox/folder/round-robin.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { openReceiver, postGzip, type Receiver, rowsText } from './receiver.ts'

test('of each name comes the first, then the second, in the order in which they were there', () => {
  assert.deepEqual(
    roundRobin(['a1', 'a2', 'a3', 'b1', 'c1', 'b2'], ([name]) => name!),
    ['a1', 'b1', 'c1', 'a2', 'b2', 'a3'],
  )
})

/** Loads what waits; the names of the files in the order in which they were loaded. */
async function loadedNames({ folders, ledger, catalogue }: Receiver, disk: Disk = realDisk()): Promise<string[]> {
  const loaded: string[] = []
  const rest = { lineBytesMax: 100_000, hold: undefined, log: openLog('silent'), now: Date.now }
  const onFile = ({ filename }: { filename: string }) => loaded.push(filename)
  await runLoaderPass({ disk, folders, ledger, catalogue, ...rest, onFile }, new AbortController().signal)
  return loaded
}

test('a file behind many of another sender is loaded second', async () => {
  await using receiver = await openReceiver()
  const other = { ...receiver, key: await receiver.makeKey('upload') }
  for (let index = 0; index < 4; index++) await postGzip(receiver, `many-${index}.jsonl.gz`, rowsText(1, index + 1))
  await postGzip(other, 'single.jsonl.gz', rowsText(1, 100))
  const names = ['many-0.jsonl', 'many-1.jsonl', 'many-2.jsonl', 'many-3.jsonl', 'single.jsonl']
  for (const [index, name] of names.entries()) await utimes(join(receiver.folders.inbox, name), index, index)
  assert.deepEqual(await loadedNames(receiver), [
    ...['many-0.jsonl', 'single.jsonl', 'many-1.jsonl', 'many-2.jsonl', 'many-3.jsonl'],
  ])
})

test('a file that lands while the loader looks is loaded after those that its sender sent before', async () => {
  await using receiver = await openReceiver()
  await postGzip(receiver, 'first.jsonl.gz', rowsText(1, 1))
  await postGzip(receiver, 'second.jsonl.gz', rowsText(1, 2))
  for (const name of ['first', 'second']) await utimes(join(receiver.folders.inbox, `${name}.jsonl`), 1, 1)
  const disk = realDisk()
  let hasLanded = false
  const readdir = (async (path: string) => {
    if (path === receiver.folders.inbox && !hasLanded) {
      hasLanded = true
      await postGzip(receiver, 'third.jsonl.gz', rowsText(1, 3))
    }
    return await disk.readdir(path)
  }) as unknown as Disk['readdir']
  assert.deepEqual(await loadedNames(receiver, { ...disk, readdir }), ['first.jsonl', 'second.jsonl', 'third.jsonl'])
})
