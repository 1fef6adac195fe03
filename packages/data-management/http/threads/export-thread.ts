/** Worker thread that produces one export at a time, and posts a chunk whenever the previous one was taken. */
import { join } from 'node:path'
import { parentPort, threadId, workerData } from 'node:worker_threads'
import { createGzip, type Gzip, constants as zlib } from 'node:zlib'
import { realDisk } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { type ExportRequest, exportLines } from '../../catalogue/export-formats.ts'
import { chunksOf, type Write, writeBuffered } from '../../database/read-ahead.ts'
import type { Sql } from '../../database/sql.ts'
import { SqliteDatabase } from '../../database/sqlite.ts'

/** The catalogue to read (a SQLite file, or PostgreSQL at `server`), and the folder for the temporary file. */
export type ExportSource = Readonly<{
  folder: string
  catalogue: Readonly<{ file: string }> | Readonly<{ server: string }>
  diskBytesKept: number
}>

/** The export to produce, and whether it is compressed. */
export type ExportTask = ExportRequest & Readonly<{ gzip: boolean }>

/** Messages of the thread: a chunk, the end, a problem, or the stack of an unexpected error. */
export type ExportMessage =
  | Readonly<{ chunk: Uint8Array<ArrayBuffer> }>
  | Readonly<{ end: true }>
  | Readonly<{ problem: Readonly<Pick<Problem, 'code' | 'detail'>> }>
  | Readonly<{ failure: string }>

const CHUNK_BYTES = 64 * 1024
const DISK_CHECK_EVERY_BYTES = 16 * 1024 * 1024

const exportSource = workerData as ExportSource
const port = parentPort!
const disk = realDisk()
const database = await open(exportSource)
let onTaken = () => {}

async function open({ catalogue }: ExportSource): Promise<Sql> {
  if ('file' in catalogue) return SqliteDatabase.openReadOnly(catalogue.file)
  const { openPostgresCatalogue } = await import('../../catalogue/dialects/postgres/catalogue.ts')
  return (await openPostgresCatalogue(catalogue.server, { connections: 1 })).database
}

/** Posts a chunk and waits until it is taken. The bytes are copied, since the caller reuses their buffer. */
const postChunk: Write = async (bytes, offset) => {
  const chunk = Uint8Array.from(bytes.subarray(offset))
  await new Promise<void>((resolve) => {
    onTaken = resolve
    post({ chunk })
  })
  // `chunk` was transferred, so its own length is 0 by now.
  return bytes.length - offset
}

function post(message: ExportMessage): void {
  port.postMessage(message, 'chunk' in message ? [message.chunk.buffer] : [])
}

async function produceExport(task: ExportTask): Promise<ExportMessage> {
  try {
    const chunks = chunksOf(exportLines(database, task))
    const written = withDiskChecked(task.gzip ? compressed(chunks) : chunks)
    await writeBuffered(
      disk,
      join(exportSource.folder, `.splitcart-export-${process.pid}-${threadId}.part`),
      written,
      postChunk,
    )
    return { end: true }
  } catch (error) {
    if (error instanceof Problem) return { problem: { code: error.code, detail: error.detail } }
    return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

/** Passes the chunks on, and throws `disk_full` if the disk has too little space for those that are not taken yet. */
async function* withDiskChecked(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let unchecked = 0
  for await (const chunk of chunks) {
    unchecked += chunk.length
    if (unchecked >= DISK_CHECK_EVERY_BYTES) {
      unchecked = 0
      const { bavail, bsize } = await disk.statfs(exportSource.folder)
      if (bavail * bsize < exportSource.diskBytesKept)
        throw new Problem('disk_full', 'it has none left for this export')
    }
    yield chunk
  }
}

async function* compressed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gzip = createGzip({ level: zlib.Z_BEST_SPEED, chunkSize: CHUNK_BYTES })
  const fed = feedGzip(gzip, chunks).catch((error) => void gzip.destroy(error))
  try {
    yield* gzip as AsyncIterable<Buffer>
    await fed
  } finally {
    gzip.destroy()
  }
}

/** Writes the chunks to `gzip`. The first one is flushed, so that the client gets it at once. */
async function feedGzip(gzip: Gzip, chunks: AsyncIterable<Buffer>): Promise<void> {
  let isFirst = true
  for await (const chunk of chunks) {
    if (gzip.destroyed) return
    await new Promise<void>((resolve, reject) => gzip.write(chunk, (error) => (error ? reject(error) : resolve())))
    if (isFirst) gzip.flush(zlib.Z_SYNC_FLUSH)
    isFirst = false
  }
  gzip.end()
}

port.on('message', async (told: ExportTask | 'taken') => {
  if (told === 'taken') onTaken()
  else post(await produceExport(told))
})
