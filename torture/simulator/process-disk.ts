/**
 * The disk of a simulated machine, as one of its processes sees it: each call that changes something or looks around is a turn. No
 * turn are calls whose moment makes no difference to anybody: folders stay, so one that is there is opened, or not made, at any time;
 * and to sync a folder with nothing new in it later, when others may have put something there, would only keep more.
 */
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Disk } from '@splitcart/shared/disk.ts'
import { beginSync, type Content, creates, fault, type Inode, isClean, statsOf } from './memory-disk.ts'
import type { Process } from './world.ts'

/** Makes the disk of a process. */
export function diskOf(process: Process): Disk {
  const { store } = process.machine
  const calls = {
    open: (path: string, flags: unknown) => {
      const openFile = (inode: Inode) => {
        process.openFiles++
        return new MemoryFile(process, inode, path) as unknown as FileHandle
      }
      const there = creates(flags) ? undefined : store.folderAt(path)
      if (there !== undefined) return process.now(() => openFile(there))
      return process.turn(() => openFile(store.open(path, flags)))
    },
    link: (from: string, to: string) =>
      process.turn(() => {
        store.link(from, to)
        // A name that shows and is not durable yet.
        process.mayDieHere()
      }),
    unlink: (path: string) => process.turn(() => store.unlink(path)),
    rename: (from: string, to: string) => process.turn(() => store.rename(from, to)),
    mkdir: (path: string, { recursive = false } = {}) => {
      const make = () => (recursive ? store.makeFolders(path) : store.makeFolder(path))
      return store.folderAt(path) === undefined ? process.turn(make) : process.now(make)
    },
    readdir: (path: string, options?: { encoding?: string }) =>
      process.turn(() => {
        const names = namesIn(store.find(path), path)
        return options === undefined ? names : names.map((name) => Buffer.from(name))
      }),
    lstat: (path: string) => {
      const there = store.folderAt(path)
      return there === undefined ? process.turn(() => statsOf(store.find(path))) : process.now(() => statsOf(there))
    },
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

  async write(text: string) {
    await this.appendFile(text)
    return { bytesWritten: Buffer.byteLength(text), buffer: text }
  }

  sync(): Promise<void> {
    const run = beginSync(this.#inode)
    return isClean(this.#inode) ? this.#process.now(run) : this.#process.turn(run)
  }

  datasync(): Promise<void> {
    return this.sync()
  }

  async utimes(): Promise<void> {}

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
