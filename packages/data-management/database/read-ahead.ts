/**
 * Passes data from a database to a reader. What a slow reader has not taken yet goes into a temporary file, so that the
 * read transaction of the database ends soon. The file is unlinked: it is gone when this process ends.
 *
 *   lines ─▶ has the reader taken all earlier ones? ─ yes ─▶ reader
 *                       └─ no ─▶ file ──────────────────────▶ reader
 */
import type { FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Disk } from '@splitcart/shared/disk.ts'
import { removeIfThere } from '@splitcart/shared/durable-file.ts'

const CHUNK_BYTES = 256 * 1024
const FIRST_CHUNK_CHARACTERS = 16 * 1024
// The pause before writing to a full pipe is tried again.
const FULL_PIPE_RETRY_MS = 10
// How long a slow reader is waited for, over all chunks, before anything goes into the file.
const READER_WAIT_MS_MAX = 2_000

/**
 * Writes bytes from `offset` on, perhaps not all, and returns how many. `place`: the position in the file; null: after
 * the bytes written before.
 */
export type Write = (bytes: Buffer, offset: number, place: number | null) => Promise<number>

/** Passes all chunks to `out`; throws its error. `path`: the temporary file, which is unlinked once it is open. */
export async function writeBuffered(
  disk: Disk,
  path: string,
  chunks: AsyncIterable<Buffer>,
  out: Write,
): Promise<void> {
  await using file = await openUnlinked(disk, path)
  const buffer = new DiskBuffer(file, out)
  for await (const chunk of chunks) await buffer.add(chunk)
  await buffer.end()
}

/** Holds what the reader has not taken yet: the chunk being written, then the file from byte `#from` to `#to`. */
class DiskBuffer {
  readonly #file: FileHandle
  readonly #out: Write
  #from = 0
  #to = 0
  #waitMsLeft = READER_WAIT_MS_MAX
  #writing: Promise<void> | undefined
  #error: unknown

  constructor(file: FileHandle, out: Write) {
    this.#file = file
    this.#out = out
  }

  /** Passes on a chunk, or puts it into the file while earlier ones are not taken. Throws if writing out has failed. */
  async add(chunk: Buffer): Promise<void> {
    await this.#waitForReader()
    if (this.#error !== undefined) throw this.#error
    if (this.#writing === undefined) {
      this.#from = this.#to = 0
      this.#writing = this.#writeOut(chunk)
      return
    }
    await writeAll(fileWriter(this.#file), chunk, this.#to)
    this.#to += chunk.length
    // Writing out may have reached the end of the file before this chunk was in it.
    this.#writing ??= this.#writeOut(Buffer.alloc(0))
  }

  /** Waits until all is written out. Throws if that has failed. */
  async end(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
    if (this.#error !== undefined) throw this.#error
  }

  /** Waits for the reader up to `#waitMsLeft`: one that is nearly as fast as the database needs no file. */
  async #waitForReader(): Promise<void> {
    if (this.#writing === undefined || this.#waitMsLeft <= 0) return
    const start = performance.now()
    const taken = new AbortController()
    const late = sleep(this.#waitMsLeft, undefined, { signal: taken.signal }).catch(() => {})
    await Promise.race([this.#writing, late])
    // A timer that still runs would keep the process from ending.
    taken.abort()
    this.#waitMsLeft -= performance.now() - start
  }

  async #writeOut(first: Buffer): Promise<void> {
    try {
      await writeAll(this.#out, first, null)
      for (const buffer = Buffer.alloc(CHUNK_BYTES); this.#from < this.#to; ) {
        const length = Math.min(buffer.length, this.#to - this.#from)
        const { bytesRead } = await this.#file.read(buffer, 0, length, this.#from)
        await writeAll(this.#out, buffer.subarray(0, bytesRead), null)
        this.#from += bytesRead
      }
    } catch (error) {
      this.#error = error
    } finally {
      this.#writing = undefined
    }
  }
}

/** Joins lines to chunks of bytes. The first one is small, so that the reader gets it soon. */
export async function* chunksOf(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let text = ''
  let charactersMin = FIRST_CHUNK_CHARACTERS
  for await (const line of lines) {
    text += line
    if (text.length < charactersMin) continue
    yield Buffer.from(text)
    text = ''
    charactersMin = CHUNK_BYTES
  }
  if (text !== '') yield Buffer.from(text)
}

function fileWriter(file: FileHandle): Write {
  return async (bytes, offset, place) => (await file.write(bytes, offset, bytes.length - offset, place)).bytesWritten
}

async function writeAll(to: Write, bytes: Buffer, place: number | null): Promise<void> {
  for (let done = 0; done < bytes.length; )
    try {
      done += await to(bytes, done, place === null ? null : place + done)
    } catch (error) {
      // The pipe is full and non-blocking: it says so instead of waiting.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await sleep(FULL_PIPE_RETRY_MS)
    }
}

/** Opens a file for reading and writing and unlinks it, so that no file is left when this process ends. */
async function openUnlinked(disk: Disk, path: string): Promise<FileHandle> {
  const file = await disk.open(path, 'wx+', 0o600)
  await removeIfThere(disk, path)
  return file
}
