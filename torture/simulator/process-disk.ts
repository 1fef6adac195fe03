/** The disk of a simulated machine, as one of its processes sees it: each call that changes something or looks around is a turn. */
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Disk } from '@splitcart/shared/disk.ts'
import { type Content, creates, fault, type Inode, statsOf, sync } from './memory-disk.ts'
import type { Process } from './world.ts'

/** Makes the disk of a process. */
export function diskOf(process: Process): Disk {
  const { store } = process.machine
  const calls = {
    open: (path: string, flags: unknown) =>
      process.turn(() => {
        process.openFiles++
        try {
          return new MemoryFile(
            process,
            creates(flags) ? store.create(path) : store.find(path),
            path,
          ) as unknown as FileHandle
        } catch (error) {
          process.openFiles--
          throw error
        }
      }),
    link: (from: string, to: string) =>
      process.turn(() => {
        store.link(from, to)
        // A name that shows and is not durable yet.
        process.mayDieHere()
      }),
    unlink: (path: string) => process.turn(() => store.unlink(path)),
    rename: (from: string, to: string) => process.turn(() => store.rename(from, to)),
    mkdir: (path: string, { recursive = false } = {}) =>
      process.turn(() => (recursive ? store.makeFolders(path) : store.makeFolder(path))),
    readdir: (path: string, options?: { encoding?: string }) =>
      process.turn(() => namesIn(store.find(path), path).map((name) => (options ? Buffer.from(name) : name))),
    lstat: (path: string) => process.turn(() => statsOf(store.find(path))),
    statfs: async () => ({ bavail: 2 ** 30, bsize: 4096 }),
  }
  return calls as unknown as Disk
}

function namesIn(inode: Inode, path: string): string[] {
  if (inode.kind !== 'folder') throw fault('ENOTDIR', path)
  return [...inode.names.keys()]
}

/** An open file: what the product asks of a FileHandle. */
class MemoryFile {
  readonly #process: Process
  readonly #inode: Inode
  readonly path: string
  #at = 0
  #open = true

  constructor(process: Process, inode: Inode, path: string) {
    this.#process = process
    this.#inode = inode
    this.path = path
  }

  appendFile(text: string | Buffer): Promise<void> {
    const bytes = Buffer.from(text as Buffer)
    return this.#process.turn(() => this.#process.machine.store.append(this.#content(), bytes))
  }

  sync(): Promise<void> {
    return this.#process.turn(() => sync(this.#inode))
  }

  async stat() {
    return statsOf(this.#inode)
  }

  async read(buffer: Buffer, offset: number, length: number, position: number | null) {
    const { bytes } = this.#content()
    const from = position ?? this.#at
    const bytesRead = bytes.copy(buffer, offset, from, Math.min(bytes.length, from + length))
    if (position === null) this.#at += bytesRead
    return { bytesRead, buffer }
  }

  async readFile(): Promise<string> {
    return this.#content().bytes.toString('utf8')
  }

  createReadStream(): Readable {
    const { bytes } = this.#content()
    return Readable.from(bytes.length === 0 ? [] : [bytes]).on('close', () => this.close())
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    this.#process.openFiles--
  }

  #content(): Content {
    if (!this.#open) throw fault('EBADF', this.path)
    if (this.#inode.kind !== 'file') throw fault('EISDIR', this.path)
    return this.#inode
  }
}
