/** Who sends much does not keep the others waiting: files are loaded by turns of those who sent them. */
import assert from 'node:assert/strict'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { inTurns } from '../inbox/folder/turns.ts'
import { updateDb } from '../update-db/update-db.ts'
import { openReceiver, postGzip, rowsText } from './receiver.ts'

test('of each name comes the first, then the second, in the order in which they were there', () => {
  assert.deepEqual(
    inTurns(['a1', 'a2', 'a3', 'b1', 'c1', 'b2'], ([name]) => name!),
    ['a1', 'b1', 'c1', 'a2', 'b2', 'a3'],
  )
})

test('a file behind many of another sender is loaded second', async () => {
  await using receiver = await openReceiver()
  const other = { ...receiver, key: await receiver.makeKey('upload') }
  for (let index = 0; index < 4; index++) await postGzip(receiver, `many-${index}.jsonl.gz`, rowsText(1, index + 1))
  await postGzip(other, 'single.jsonl.gz', rowsText(1, 100))
  const names = ['many-0.jsonl', 'many-1.jsonl', 'many-2.jsonl', 'many-3.jsonl', 'single.jsonl']
  for (const [index, name] of names.entries()) await utimes(join(receiver.folders.inbox, name), index, index)
  const loaded: string[] = []
  const { folders, ledger, catalogue } = receiver
  const rest = { lineBytesMax: 100_000, hold: undefined, log: openLog('silent'), now: Date.now }
  const onFile = ({ filename }: { filename: string }) => loaded.push(filename)
  const work = { disk: realDisk(), folders, ledger, catalogue, ...rest, onFile }
  await updateDb(work, new AbortController().signal)
  assert.deepEqual(loaded, ['many-0.jsonl', 'single.jsonl', 'many-1.jsonl', 'many-2.jsonl', 'many-3.jsonl'])
})
