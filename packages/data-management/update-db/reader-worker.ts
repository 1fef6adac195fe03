/**
 * The worker thread that reads files while the thread that started it works in the database. It opens the files itself
 * and receives only requests. See `ReaderClient` for the other side.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { parentPort } from 'node:worker_threads'
import { codeOf, realDisk } from '@splitcart/shared/disk.ts'
import { DamagedFile } from '@splitcart/shared/packed/damage.ts'
import type { RepairedBy } from '@splitcart/shared/truth/verdict.ts'
import type { RowBatch } from '../catalogue/load/row-batch.ts'
import { bytesOf, type Stored } from '../inbox/stored.ts'
import { Numbers } from './numbers.ts'
import { batchesOf } from './reader.ts'

/** A file to read, with the options of a `ReadRequest`. */
export type FileRequest = Readonly<{
  stored: Stored
  lineBytesMax: number
  onlyFor: readonly string[] | null
  repair: RepairedBy | null
}>

/**
 * Messages to the thread: a file for its queue, how many more batches it may send, or the number of a file to stop
 * reading. Files are numbered from 1, in the order in which they are read.
 */
export type ToThread = Readonly<{ file: FileRequest }> | Readonly<{ more: number }> | Readonly<{ leave: number }>

/** Messages from the thread, in the order of the files: the batches of a file, then its end or the reason it failed. */
export type FromThread =
  | Readonly<{ batch: RowBatch }>
  | Readonly<{ end: true }>
  | Readonly<{ failure: Readonly<{ message: string; code: string; isDamaged: boolean }> }>

const port = parentPort!
const disk = realDisk()
const numbers = new Numbers()
const files: FileRequest[] = []
let allowed = 0
let place = 0
let left = 0
let wakeUp = () => {}

port.on('message', (message: ToThread) => {
  if ('file' in message) files.push(message.file)
  else if ('more' in message) allowed += message.more
  else left = message.leave
  wakeUp()
})

async function sleepUntil(isTime: () => boolean): Promise<void> {
  // Yields to the event loop, so that messages that have already arrived are handled.
  await turn()
  while (!isTime()) await new Promise<void>((resolve) => (wakeUp = resolve))
}

async function readFile({ stored, ...rest }: FileRequest): Promise<void> {
  place++
  const order = { ...rest, bytes: () => bytesOf(disk, stored) }
  for await (const batch of batchesOf(order, numbers)) {
    await sleepUntil(() => allowed > 0)
    allowed--
    // Copied: `rows` may be a view of a larger buffer, and the whole buffer is transferred.
    const rows = batch.rows.slice()
    say({ batch: { ...batch, rows } }, [rows.buffer, ...batch.figures.map(({ sampled }) => sampled.buffer)])
    // Checked after a batch was sent, not before: the client must learn the numbers given to its listings and labels.
    if (left === place) return
  }
}

function say(message: FromThread, handedOver: ArrayBuffer[] = []): void {
  port.postMessage(message, handedOver)
}

for (;;) {
  await sleepUntil(() => files.length > 0)
  try {
    await readFile(files.shift()!)
    say({ end: true })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    say({ failure: { message, code: codeOf(error), isDamaged: error instanceof DamagedFile } })
  }
}
