/**
 * Hands out what is read of a database as fast as somebody takes it, and reads ahead of that: into a file without a name, which is gone when
 * this process is. So a database is not kept as it was for as long as somebody takes to read what is in it.
 *
 *   lines ─▶ is all before taken, soon? ─▶ out
 *                       └─ no ─▶ file ───▶ out
 */
import type { FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Disk } from '@splitcart/shared/disk.ts'
import { removeIfThere } from '@splitcart/shared/durable-file.ts'

const CHUNK_BYTES = 256 * 1024
const FIRST_CHARACTERS = 16 * 1024
const FULL_MS = 10
// So long in all a reader that is slower is waited for before anything goes into the file.
const PATIENCE_MS = 2_000

/** Writes some of these bytes, and tells how many it were. */
export type Write = (bytes: Buffer, offset: number, place: number | null) => Promise<number>

/** Hands out chunks of bytes. `path`: where the file may be for a moment. */
export async function handOut(disk: Disk, path: string, chunks: AsyncIterable<Buffer>, out: Write): Promise<void> {
  await using file = await openNameless(disk, path)
  const ahead = new Ahead(file, out)
  for await (const chunk of chunks) await ahead.add(chunk)
  await ahead.end()
}

/** What waits to be taken: the chunk at hand, and behind it what lies in the file between two places. */
class Ahead {
  readonly #file: FileHandle
  readonly #out: Write
  #from = 0
  #to = 0
  #patienceMs = PATIENCE_MS
  #handing: Promise<void> | undefined
  #fault: unknown

  constructor(file: FileHandle, out: Write) {
    this.#file = file
    this.#out = out
  }

  /** Takes a chunk. Throws when handing out has failed. */
  async add(chunk: Buffer): Promise<void> {
    await this.#waitALittle()
    if (this.#fault !== undefined) throw this.#fault
    if (this.#handing === undefined) {
      this.#from = this.#to = 0
      this.#handing = this.#hand(chunk)
      return
    }
    await writeAll(intoFile(this.#file), chunk, this.#to)
    this.#to += chunk.length
    // It may have come to the end of the file just before.
    this.#handing ??= this.#hand(Buffer.alloc(0))
  }

  /** Waits until all is taken. */
  async end(): Promise<void> {
    while (this.#handing !== undefined) await this.#handing
    if (this.#fault !== undefined) throw this.#fault
  }

  /** Who reads as fast as this can be had is waited for, and nothing goes into the file. */
  async #waitALittle(): Promise<void> {
    if (this.#handing === undefined || this.#patienceMs <= 0) return
    const start = performance.now()
    await Promise.race([this.#handing, sleep(this.#patienceMs)])
    this.#patienceMs -= performance.now() - start
  }

  async #hand(first: Buffer): Promise<void> {
    try {
      await writeAll(this.#out, first, null)
      for (const buffer = Buffer.alloc(CHUNK_BYTES); this.#from < this.#to; ) {
        const length = Math.min(buffer.length, this.#to - this.#from)
        const { bytesRead } = await this.#file.read(buffer, 0, length, this.#from)
        await writeAll(this.#out, buffer.subarray(0, bytesRead), null)
        this.#from += bytesRead
      }
    } catch (error) {
      this.#fault = error
    } finally {
      this.#handing = undefined
    }
  }
}

/** Lines as chunks of bytes: a small one first, for whoever waits for it. */
export async function* chunksOf(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let text = ''
  let charactersMin = FIRST_CHARACTERS
  for await (const line of lines) {
    text += line
    if (text.length < charactersMin) continue
    yield Buffer.from(text)
    text = ''
    charactersMin = CHUNK_BYTES
  }
  if (text !== '') yield Buffer.from(text)
}

function intoFile(file: FileHandle): Write {
  return async (bytes, offset, place) => (await file.write(bytes, offset, bytes.length - offset, place)).bytesWritten
}

async function writeAll(to: Write, bytes: Buffer, place: number | null): Promise<void> {
  for (let done = 0; done < bytes.length; )
    try {
      done += await to(bytes, done, place === null ? null : place + done)
    } catch (error) {
      // Whoever made this pipe wants to be told that it is full instead of waiting.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await sleep(FULL_MS)
    }
}

async function openNameless(disk: Disk, path: string): Promise<FileHandle> {
  const file = await disk.open(path, 'wx+', 0o600)
  await removeIfThere(disk, path)
  return file
}
