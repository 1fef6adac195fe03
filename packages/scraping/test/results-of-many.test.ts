/** The results of many files are asked for in few requests; an older server is asked one by one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openReceiver, type Receiver } from '@splitcart/data-management/test/receiver.ts'
import { createUploadClient } from '../upload-client.ts'
import { uploadData } from '../upload-data.ts'
import { disk, freshPlace, putInOutbox, row, textOf } from './place.ts'

const FILES = 120

async function settleAll({ ledger }: Receiver, names: (index: number) => boolean): Promise<void> {
  const counts = { rows: 1, inserted: 1, changed: 0, unchanged: 0, duplicate: 0, rejected: 0, warnings: 0 }
  const result = { ...counts, finished_at: new Date().toISOString(), problem: null }
  for (const { id, filename } of await ledger.uploads.list({ limit: FILES }))
    if (names(Number.parseInt(filename, 10))) await ledger.uploads.settle(id, 'loaded', result, Date.now())
}

test('what became of 120 files is told in three requests, and in two as long as all of them wait', async () => {
  await using receiver = await openReceiver()
  await using place = await freshPlace()
  const client = createUploadClient({ server: new URL(receiver.url), key: receiver.key })
  const asked = { many: 0, one: 0 }
  const counting: typeof client = {
    ...client,
    receipts: (ids) => {
      asked.many++
      return client.receipts(ids)
    },
    receipt: (id) => {
      asked.one++
      return client.receipt(id)
    },
  }
  const patience = { triesMax: 2, firstDelayMs: 1 }
  const signal = new AbortController().signal
  const run = () => uploadData({ disk, folders: place.folders, client: counting, patience, signal, on: () => {} })
  for (let index = 0; index < FILES; index++)
    await putInOutbox(place, `${String(index).padStart(3, '0')}.jsonl`, textOf(row(`Milk ${index}`)))
  assert.equal((await run()).sent, FILES)
  assert.equal((await run()).loaded, 0)
  assert.deepEqual(asked, { many: 2, one: 0 })
  await settleAll(receiver, (index) => index < 60 || index === FILES - 1)
  assert.equal((await run()).loaded, 61)
  await settleAll(receiver, () => true)
  assert.equal((await run()).loaded, FILES - 61)
  assert.equal(asked.one, 0)
})
