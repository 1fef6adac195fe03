/**
 * The worker thread that reads files while the thread that started it works in the database. It opens the files itself
 * and receives only requests. See `ReaderClient` for the other side.
 */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { parentPort } from 'node:worker_threads'
import { codeOf, realDisk } from '@splitcart/shared/disk.ts'
import { DamagedFile } from '@splitcart/shared/packed/damage.ts'
import type { AcceptedRepair } from '@splitcart/shared/truth/finding.ts'
import { memoryBytesOf, type RowBatch } from '../catalogue/load/row-batch.ts'
import { type StoredFile, verifiedContent } from '../inbox/stored.ts'
import { ReaderNumbers } from './numbers.ts'
import { batchesOf } from './reader.ts'

/** A file to read, with the options of a `ReadRequest`. */
export type FileRequest = Readonly<{
  stored: StoredFile
  lineBytesMax: number
  onlyFor: readonly string[] | null
  repair: AcceptedRepair | null
}>

/**
 * Messages to the thread: a file for its queue, how many more bytes of batches it may send (`memoryBytesOf`), or the number of
 * a file to stop reading. Files are numbered from 1, in the order in which they are read.
 */
export type ReaderCommand =
  | Readonly<{ file: FileRequest }>
  | Readonly<{ moreBytes: number }>
  | Readonly<{ skip: number }>

/** Messages from the thread, in the order of the files: the batches of a file, then its end or the reason it failed. */
export type ReaderAnswer =
  | Readonly<{ batch: RowBatch }>
  | Readonly<{ end: true }>
  | Readonly<{ failure: Readonly<{ message: string; code: string; isDamaged: boolean }> }>

const port = parentPort!
const disk = realDisk()
const numbers = new ReaderNumbers()
const files: FileRequest[] = []
let bytesAllowed = 0
let fileNumber = 0
let skippedFile = 0
let wakeUp = () => {}

port.on('message', (message: ReaderCommand) => {
  if ('file' in message) files.push(message.file)
  else if ('moreBytes' in message) bytesAllowed += message.moreBytes
  else skippedFile = message.skip
  wakeUp()
})

async function waitUntil(isReady: () => boolean): Promise<void> {
  // Yields to the event loop, so that messages that have already arrived are handled.
  await yieldToEventLoop()
  while (!isReady()) await new Promise<void>((resolve) => (wakeUp = resolve))
}

async function readFile({ stored, ...rest }: FileRequest): Promise<void> {
  fileNumber++
  const request = { ...rest, bytes: () => verifiedContent(disk, stored) }
  for await (const batch of batchesOf(request, numbers)) {
    await waitUntil(() => bytesAllowed > 0)
    // Copied: `rows` may be a view of a larger buffer, and the whole buffer is transferred.
    const rows = batch.rows.slice()
    bytesAllowed -= memoryBytesOf(batch)
    send({ batch: { ...batch, rows } }, [rows.buffer, ...batch.figures.map(({ sampled }) => sampled.buffer)])
    // Checked after a batch was sent, not before: the client must learn the numbers given to its listings and labels.
    if (skippedFile === fileNumber) return
  }
}

function send(message: ReaderAnswer, transferred: ArrayBuffer[] = []): void {
  port.postMessage(message, transferred)
}

for (;;) {
  await waitUntil(() => files.length > 0)
  try {
    await readFile(files.shift()!)
    send({ end: true })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    send({ failure: { message, code: codeOf(error), isDamaged: error instanceof DamagedFile } })
  }
}
