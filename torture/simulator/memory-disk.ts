/**
 * A file system in memory that keeps only what was made durable.
 *
 * The weakest model: what is written is durable after an fsync of the file, a name and the removal of a name after an fsync of their
 * folder. Of everything else a power cut takes or leaves each thing by itself: the bytes of a file, or some of them, or zeros in
 * their place; each name; each removal of a name.
 */
import { constants, type Stats } from 'node:fs'
import { posix } from 'node:path'
import type { Chance } from '../../packages/data-management/test/random.ts'

type Folder = { kind: 'folder'; ino: number; names: Map<string, Inode>; unsynced: Map<string, Change[]> }
/** What stood under a name before it changed. */
type Change = Readonly<{ before: Inode | undefined }>
type Content = { kind: 'file'; ino: number; bytes: Buffer; synced: Buffer; mtimeMs: number; ctimeMs: number }
type Inode = Folder | Content

const NOTHING = Buffer.alloc(0)

/** What a disk holds, and what of it is durable. */
export class Store {
  readonly #now: () => number
  readonly #root: Folder = folder(1)
  #inodes = 1

  constructor(now: () => number) {
    this.#now = now
  }

  /** Makes folders that are there from the beginning, durably. */
  prepare(paths: readonly string[]): void {
    for (const path of paths) this.makeFolders(path)
    forEachFolder(this.#root, ({ unsynced }) => unsynced.clear())
  }

  /** Makes a folder and those above it; returns the first that was not there. */
  makeFolders(path: string): string | undefined {
    let at = this.#root
    let made = ''
    let first: string | undefined
    for (const name of partsOf(path)) {
      made += `/${name}`
      let next = at.names.get(name)
      if (next === undefined) {
        first ??= made
        next = folder(++this.#inodes)
        setName(at, name, next)
      }
      if (next.kind !== 'folder') throw fault('ENOTDIR', made)
      at = next
    }
    return first
  }

  /** Makes one folder. */
  makeFolder(path: string): void {
    const [parent, name] = this.#place(path)
    if (parent.names.has(name)) throw fault('EEXIST', path)
    setName(parent, name, folder(++this.#inodes))
  }

  /** What `open` finds or makes, as its flags say. */
  open(path: string, flags: unknown): Inode {
    if (!creates(flags)) return this.find(path)
    const there = excludes(flags) ? undefined : this.#find(path)
    if (there === undefined) return this.#create(path)
    if (there.kind === 'file') there.bytes = NOTHING
    return there
  }

  #create(path: string): Content {
    const [parent, name] = this.#place(path)
    if (parent.names.has(name)) throw fault('EEXIST', path)
    const made: Content = {
      kind: 'file',
      ino: ++this.#inodes,
      bytes: NOTHING,
      synced: NOTHING,
      ...timesOf(this.#now()),
    }
    setName(parent, name, made)
    return made
  }

  find(path: string): Inode {
    const found = this.#find(path)
    if (found === undefined) throw fault('ENOENT', path)
    return found
  }

  /** The folder of a path, where there is one. */
  folderAt(path: string): Folder | undefined {
    const found = this.#find(path)
    return found?.kind === 'folder' ? found : undefined
  }

  link(from: string, to: string): void {
    const source = this.find(from)
    const [parent, name] = this.#place(to)
    if (parent.names.has(name)) throw fault('EEXIST', to)
    setName(parent, name, this.#touched(source))
  }

  unlink(path: string): void {
    const [parent, name] = this.#place(path)
    if (!parent.names.has(name)) throw fault('ENOENT', path)
    this.#touched(parent.names.get(name)!)
    setName(parent, name, undefined)
  }

  rename(from: string, to: string): void {
    const source = this.find(from)
    const [parent, name] = this.#place(to)
    setName(parent, name, source)
    this.unlink(from)
  }

  #touched(inode: Inode): Inode {
    if (inode.kind === 'file') inode.ctimeMs = this.#now()
    return inode
  }

  append(content: Content, bytes: Buffer): void {
    content.bytes = Buffer.concat([content.bytes, bytes])
    Object.assign(content, timesOf(this.#now()))
  }

  /** The regular files below a folder by their paths from it, with what they hold. */
  files(path: string): Map<string, Buffer> {
    const found = new Map<string, Buffer>()
    const top = this.folderAt(path)
    if (top === undefined) return found
    for (const [name, inode] of top.names)
      if (inode.kind === 'file') found.set(name, inode.bytes)
      else for (const [below, bytes] of this.files(`${path}/${name}`)) found.set(`${name}/${below}`, bytes)
    return found
  }

  /** A power cut. */
  cut(chance: Chance): void {
    const settled = new Set<Content>()
    forEachFolder(this.#root, (each) => {
      for (const [name, changes] of each.unsynced) {
        const left = chance.of([...changes.map(({ before }) => before), each.names.get(name)])
        if (left === undefined) each.names.delete(name)
        else each.names.set(name, left)
      }
      each.unsynced.clear()
      for (const inode of each.names.values()) if (inode.kind === 'file') settled.add(inode)
    })
    for (const content of settled) {
      if (content.bytes !== content.synced) content.bytes = leftOf(content, chance)
      content.synced = content.bytes
    }
  }

  #find(path: string): Inode | undefined {
    let at: Inode | undefined = this.#root
    for (const name of partsOf(path)) at = at?.kind === 'folder' ? at.names.get(name) : undefined
    return at
  }

  #place(path: string): [Folder, string] {
    const parent = this.find(posix.dirname(path))
    if (parent.kind !== 'folder') throw fault('ENOTDIR', path)
    return [parent, posix.basename(path)]
  }
}

/**
 * Begins to make what was written, or the names of a folder, durable; what is called at the end completes it. What is written, linked
 * or unlinked in between comes too late for it.
 */
export function beginSync(inode: Inode): () => void {
  if (inode.kind === 'file') {
    const { bytes } = inode
    return () => {
      inode.synced = bytes
    }
  }
  const seen = new Set([...inode.unsynced.values()].flat())
  return () => {
    for (const [name, changes] of inode.unsynced) {
      const left = changes.filter((change) => !seen.has(change))
      if (left.length === 0) inode.unsynced.delete(name)
      else inode.unsynced.set(name, left)
    }
  }
}

/** Whether a folder has nothing to make durable. */
export function isClean(inode: Inode): boolean {
  return inode.kind === 'folder' && inode.unsynced.size === 0
}

/** What `lstat` says. */
export function statsOf(inode: Inode): Stats {
  const isFile = inode.kind === 'file'
  const no = () => false
  return {
    isFile: () => isFile,
    isDirectory: () => !isFile,
    isSymbolicLink: no,
    isFIFO: no,
    isSocket: no,
    ino: inode.ino,
    dev: 1,
    size: isFile ? inode.bytes.length : 0,
    mtimeMs: isFile ? inode.mtimeMs : 0,
    ctimeMs: isFile ? inode.ctimeMs : 0,
  } as unknown as Stats
}

/** Whether flags of `open` ask for a new file. */
export function creates(flags: unknown): boolean {
  return typeof flags === 'number' && (flags & constants.O_CREAT) !== 0
}

function excludes(flags: unknown): boolean {
  return typeof flags === 'number' && (flags & constants.O_EXCL) !== 0
}

/** An error of the file system. */
export function fault(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}

export type { Content, Folder, Inode }

function folder(ino: number): Folder {
  return { kind: 'folder', ino, names: new Map(), unsynced: new Map() }
}

/** The times of a file that is written to. */
function timesOf(now: number): Pick<Content, 'mtimeMs' | 'ctimeMs'> {
  return { mtimeMs: now, ctimeMs: now }
}

function setName(at: Folder, name: string, inode: Inode | undefined): void {
  const change = { before: at.names.get(name) }
  at.unsynced.set(name, [...(at.unsynced.get(name) ?? []), change])
  if (inode === undefined) at.names.delete(name)
  else at.names.set(name, inode)
}

function leftOf({ bytes, synced }: Content, chance: Chance): Buffer {
  const length = chance.between(0, bytes.length)
  const zeroed = Buffer.concat([bytes.subarray(0, length), Buffer.alloc(bytes.length - length)])
  return chance.of([synced, bytes, bytes.subarray(0, length), zeroed])
}

function forEachFolder(at: Folder, tell: (folder: Folder) => void): void {
  tell(at)
  for (const inode of at.names.values()) if (inode.kind === 'folder') forEachFolder(inode, tell)
}

const PARTS = new Map<string, string[]>()
const PATHS_MAX = 10_000

function partsOf(path: string): string[] {
  let parts = PARTS.get(path)
  if (parts !== undefined) return parts
  parts = path.split('/').filter((part) => part !== '')
  if (PARTS.size > PATHS_MAX) PARTS.clear()
  PARTS.set(path, parts)
  return parts
}
