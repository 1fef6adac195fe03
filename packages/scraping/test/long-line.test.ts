/** Over a long line a request takes as long as sending a file: nothing that waits stays behind one. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openReceiver, type Receiver } from '@splitcart/data-management/test/receiver.ts'
import { createUploadClient } from '../upload-client.ts'
import { uploadData } from '../upload-data.ts'
import type { UploadEvent } from '../upload-events.ts'
import { disk, freshPlace, type Place, putInOutbox, row, textOf, visible } from './place.ts'

const MILK = textOf(row('Milk'))

function run({ folders }: Place, { url, key }: Receiver) {
  const client = createUploadClient({ server: new URL(url), key })
  const sent = Promise.withResolvers<void>()
  const asked: string[] = []
  // What is asked gets through only after a file has.
  const afterFile = <A extends unknown[], R>(name: string, ask: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      asked.push(name)
      await sent.promise
      return ask(...args)
    }
  }
  const held = {
    ...client,
    receipt: afterFile('receipt', client.receipt),
    receipts: afterFile('receipts', client.receipts),
    requested: afterFile('requested', client.requested),
  }
  const on = (event: UploadEvent) => {
    if (event.type === 'file' && event.state === 'accepted') sent.resolve()
  }
  const { signal } = new AbortController()
  const job = { disk, folders, client: held, patience: { triesMax: 1 }, signal, on, sendsRequested: true }
  return { summary: uploadData(job), asked }
}

test('a file is sent while no request has been answered yet', async () => {
  await using receiver = await openReceiver()
  await using place = await freshPlace()
  for (const [name, text] of [
    ['milk.jsonl', MILK],
    ['bread.jsonl', textOf(row('Bread'))],
  ] as const) {
    await putInOutbox(place, name, text)
    const { summary, asked } = run(place, receiver)
    const { sent, outcome } = await summary
    assert.deepEqual([sent, outcome], [1, 'done'])
    assert.ok(asked.includes('requested'))
  }
})

test('a file that the server had forgotten, and was sent once more while it was asked for, is not sent a third time', async () => {
  await using place = await freshPlace()
  await putInOutbox(place, 'milk.jsonl', MILK)
  await using earlier = await openReceiver()
  assert.equal((await run(place, earlier).summary).sent, 1)
  await using later = await openReceiver()
  await putInOutbox(place, 'milk.jsonl', MILK)
  const { summary, asked } = run(place, later)
  const { sent, duplicates } = await summary
  assert.deepEqual({ sent, duplicates }, { sent: 1, duplicates: 0 })
  assert.ok(asked.includes('receipt'))
  const [upload] = await later.ledger.uploads.list({ limit: 2 })
  const receipt = JSON.parse(await readFile(join(place.folders.archive, 'milk.receipt.json'), 'utf8'))
  assert.equal(receipt.id, upload?.id)
  assert.deepEqual(await visible(place.folders.outbox), [])
  assert.deepEqual(await visible(place.folders.archive), ['milk.jsonl', 'milk.receipt.json'])
})
