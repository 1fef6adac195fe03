/**
 * The hand-over of a file from one folder to the next. Nobody else in this project links, renames, unlinks or syncs.
 *
 *   open part O_EXCL|O_NOFOLLOW 0600 → write all → fsync → close          writePart
 *   link(part, final)    EEXIST decides a race; rename would overwrite    ┐
 *   fsync(folder)        also when the name was there already             │ land, move
 *   ── only now: acknowledge, or unlink the source ──                     │
 *   unlink(source), and where it was more than a part: fsync its folder   ┘
 *
 * Invariants:
 *  1. A name in a folder appears with all its bytes durable, or not at all.
 *  2. A name that exists is never overwritten (`replace` is for receipts and other notes about files, never for files).
 *  3. A source disappears only after its new name would survive a power cut.
 *  4. A failed fsync is never tried again on the same descriptor: the part is given up (fsync may report an error once only).
 */
import { constants, rmSync, type Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { digestOfFile } from './digest.ts'
import { codeOf, type Disk, openToRead } from './disk.ts'
import { portionsOf } from './portions.ts'

const FILE_MODE = 0o600
const EARLY_SYNC_BYTES = 32 * 1024 * 1024

// Windows has no O_NOFOLLOW; there O_EXCL alone refuses an existing link.
const PART_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

/** Opens a part that must not exist yet. The caller writes with `appendFile`, which, unlike `write`, writes all or throws. */
export function openPart(disk: Disk, path: string): Promise<FileHandle> {
  return disk.open(path, PART_FLAGS, FILE_MODE)
}

/** Makes an open part durable and closes it; now it can `land`. */
export async function finishPart(part: FileHandle): Promise<void> {
  await part.sync()
  await part.close()
}

/**
 * Begins to sync a part while more of it is still written, so that the sync at its end, which everybody waits for, has little left to
 * do (250 MB: 15 instead of 150 ms). What fails here fails the part: of a failed sync the next one need not know.
 */
export class EarlySync {
  readonly #part: Pick<FileHandle, 'datasync'>
  #unsyncedBytes = 0
  #running: Promise<void> | undefined
  #faults: unknown[] = []

  constructor(part: Pick<FileHandle, 'datasync'>) {
    this.#part = part
  }

  /** Takes note that so many more bytes were written. */
  wrote(bytes: number): void {
    this.#unsyncedBytes += bytes
    if (this.#unsyncedBytes < EARLY_SYNC_BYTES || this.#running !== undefined) return
    this.#unsyncedBytes = 0
    this.#running = this.#part.datasync().then(
      () => {
        this.#running = undefined
      },
      (fault) => {
        this.#faults.push(fault)
      },
    )
  }

  /** Waits until no sync is on its way; throws when one has failed. */
  async end(): Promise<void> {
    await this.#running
    if (this.#faults.length > 0) throw this.#faults[0]
  }
}

/** Throws unless a part holds so many bytes: a disk that wrote less than it said must not be believed, or less is acknowledged. */
export async function checkLength(part: FileHandle, bytes: number): Promise<void> {
  const { size } = await part.stat()
  if (size !== bytes) throw new Error(`The disk took ${size} of ${bytes} bytes and reported no error.`)
}

/** Writes a part whole and durable, or leaves none behind. */
export async function writePart<T>(disk: Disk, path: string, write: (part: FileHandle) => Promise<T>): Promise<T> {
  const part = await openPart(disk, path)
  try {
    const result = await write(part)
    await finishPart(part)
    return result
  } catch (cause) {
    await part.close().catch(() => {})
    await removeIfThere(disk, path)
    throw cause
  }
}

/** Where a file came to lie, and whether a file of the same bytes was there before it. */
export type Landed = Readonly<{ name: string; wasThere: boolean }>

/** Gives a durable part its name in `folder`: the first of `names` that is free or already holds the same bytes. */
export async function land(disk: Disk, part: string, folder: string, names: Iterable<string>): Promise<Landed> {
  const landed = await linkFirstFree(disk, part, folder, names)
  await removeIfThere(disk, part)
  return landed
}

/**
 * Gives a durable part the first of `names` that is free or holds the same bytes, by renaming it: there is no moment with both. Only for
 * folders into which nobody else writes: a name that comes between the look and the renaming would be overwritten.
 */
export async function reveal(disk: Disk, part: string, folder: string, names: Iterable<string>): Promise<string> {
  for (const name of names) {
    const path = join(folder, name)
    const isFree = (await disk.lstat(path).catch(codeOf)) === 'ENOENT'
    if (!isFree && !(await sameBytes(disk, part, path).catch(() => false))) continue
    if (isFree) await disk.rename(part, path)
    await syncFolder(disk, folder)
    await remove(disk, part)
    return name
  }
  throw new Error(`Every name for ${part} in ${folder} is taken by other bytes.`)
}

/** Moves a file to another folder. Safe to repeat after a crash at any point. */
export async function move(disk: Disk, source: string, folder: string, names: Iterable<string>): Promise<Landed> {
  const landed = await linkOrCopy(disk, source, folder, [...names])
  await remove(disk, source)
  return landed
}

// What file systems without hard links say, such as FAT and exFAT: of Linux, macOS, network disks, Windows.
const LINKS_MISSING = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR'])

// Another file system, or the file of another user, to which Linux lets nobody link (fs.protected_hardlinks: EPERM).
const LINK_REFUSED = new Set(['EXDEV', ...LINKS_MISSING])

async function linkOrCopy(disk: Disk, source: string, folder: string, names: readonly string[]): Promise<Landed> {
  try {
    return await linkFirstFree(disk, source, folder, names)
  } catch (error) {
    if (!LINK_REFUSED.has(codeOf(error))) throw error
    const part = join(folder, `.${names[0]}.part`)
    await removeIfThere(disk, part)
    await writePart(disk, part, (copy) => copyInto(disk, source, copy))
    return land(disk, part, folder, names)
  }
}

async function copyInto(disk: Disk, source: string, copy: FileHandle): Promise<void> {
  for await (const portion of portionsOf(disk, source)) await copy.appendFile(portion)
}

/** Removes a file so that it stays removed. */
export async function remove(disk: Disk, path: string): Promise<void> {
  await removeIfThere(disk, path)
  await syncFolder(disk, dirname(path))
}

/** Replaces a note about a file (a receipt, a problem, its rejects) in one step. */
export async function replace(disk: Disk, path: string, text: string | AsyncIterable<string>): Promise<void> {
  const part = `${path}.part`
  const write = () =>
    writePart(disk, part, async (file) => {
      for await (const chunk of typeof text === 'string' ? [text] : text) await file.appendFile(chunk)
    })
  await write().catch(async (error) => {
    if (codeOf(error) !== 'EEXIST') throw error
    // An earlier run died over it.
    await removeIfThere(disk, part)
    await write()
  })
  await disk.rename(part, path)
  await syncFolder(disk, dirname(path))
}

/** A sync of a folder that is on its way, and the one that follows it, where somebody waits for that. */
type Syncing = { readonly running: Promise<void>; next: Promise<void> | undefined }

const foldersSyncing = new WeakMap<Disk, Map<string, Syncing>>()

/**
 * Makes the names in a folder durable. Windows has no such call: there NTFS journals names itself.
 *
 * Whoever comes while the folder is being synced waits for the next time, together with all others who do: a sync that had begun
 * before his name was there says nothing about it.
 */
export async function syncFolder(
  disk: Disk,
  folder: string,
  platform: NodeJS.Platform = process.platform,
): Promise<void> {
  if (platform === 'win32') return
  const folders = foldersSyncing.get(disk) ?? new Map<string, Syncing>()
  foldersSyncing.set(disk, folders)
  const current = folders.get(folder)
  if (current === undefined) return beginSync(disk, folder, folders)
  current.next ??= current.running.catch(() => {}).then(() => beginSync(disk, folder, folders))
  return current.next
}

function beginSync(disk: Disk, folder: string, folders: Map<string, Syncing>): Promise<void> {
  const syncing: Syncing = { running: syncNow(disk, folder), next: undefined }
  folders.set(folder, syncing)
  return syncing.running.finally(() => {
    if (syncing.next === undefined) folders.delete(folder)
  })
}

async function syncNow(disk: Disk, folder: string): Promise<void> {
  const handle = await disk.open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

// Windows alone syncs only what is open to be written; elsewhere it may be a file that this user can only read, or a FIFO by now.
const openToSync: typeof openToRead =
  process.platform === 'win32' ? (disk, path) => disk.open(path, constants.O_RDWR) : openToRead

/** Makes durable what was written to a file by somebody else, but not its name; nothing where there is none. */
export async function syncWritten(disk: Disk, path: string): Promise<void> {
  const file = await openToSync(disk, path).catch((error) => {
    if (codeOf(error) !== 'ENOENT') throw error
  })
  if (file === undefined) return
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** Removes a file that may be gone already; for parts, whose return after a power cut does no harm. */
export async function removeIfThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.unlink(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

/** Removes a file of no worth, such as a probe, where nothing can be waited for. */
export function removeSync(path: string): void {
  rmSync(path, { force: true })
}

async function linkFirstFree(disk: Disk, source: string, folder: string, names: Iterable<string>): Promise<Landed> {
  for (const name of names) {
    const taken = await take(disk, source, join(folder, name))
    if (taken === 'by others') continue
    await syncFolder(disk, folder)
    return { name, wasThere: taken === 'before' }
  }
  throw new Error(`Every name for ${source} in ${folder} is taken by other bytes.`)
}

/** Links the source to `target`, or says who has that name: the same bytes, from before, or others. */
async function take(disk: Disk, source: string, target: string): Promise<'now' | 'before' | 'by others'> {
  if (await linkIfFree(disk, source, target)) return 'now'
  try {
    return (await sameBytes(disk, source, target)) ? 'before' : 'by others'
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    // The name was given up while it was looked at (a loader moved its file on): it may be free now.
    return take(disk, source, target)
  }
}

async function linkIfFree(disk: Disk, source: string, target: string): Promise<boolean> {
  try {
    await disk.link(source, target)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw LINKS_MISSING.has(codeOf(error)) ? withoutLinks(target, error) : error
  }
}

/** The same error, in words that help. */
function withoutLinks(target: string, cause: unknown): Error {
  const said = `${codeOf(cause)}: ${dirname(target)} is on a file system without hard links (FAT, exFAT); use a disk with ext4, APFS or NTFS`
  return Object.assign(new Error(said, { cause }), { code: codeOf(cause), syscall: 'link' })
}

// Windows and some network disks number files beyond 2^53, and rounded two of them may be one: then their bytes are compared.
function isSameFile(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.ino !== 0 && Number.isSafeInteger(a.ino)
}

async function sameBytes(disk: Disk, one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([disk.lstat(one), disk.lstat(other)])
  if (!b.isFile() || a.size !== b.size) return false
  if (isSameFile(a, b)) return true
  return (await digestOfFile(disk, one)).sha256 === (await digestOfFile(disk, other)).sha256
}
