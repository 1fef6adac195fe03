/**
 * Moves files between folders durably. No other module in this project links, renames, unlinks or syncs.
 *
 *   open part O_EXCL|O_NOFOLLOW 0600 → write all → fsync → close          writePart
 *   link(part, final)    EEXIST decides a race; rename would overwrite    ┐
 *   fsync(folder)        also when the name was there already             │ publish, move
 *   ── only now: acknowledge, or unlink the source ──                     │
 *   unlink(source); unless it is a part, also fsync its folder            ┘
 *
 * Invariants:
 *  1. A name in a folder appears with all its bytes durable, or not at all.
 *  2. A name that exists is never overwritten (`replace` is for sidecars and other records, not for files).
 *  3. A source disappears only after its new name would survive a power cut.
 *  4. A failed fsync is never retried on its descriptor: the part is discarded (fsync may report an error only once).
 */
import { constants, rmSync, type Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { digestOfFile } from './digest.ts'
import { codeOf, type Disk, isMissing, openToRead, undefinedIfMissing } from './disk.ts'
import { chunksOf } from './file-chunks.ts'

const FILE_MODE = 0o600
const EARLY_SYNC_BYTES = 32 * 1024 * 1024

// Windows has no O_NOFOLLOW; there O_EXCL alone refuses an existing link.
const PART_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

/** Creates a part and opens it. Write with `appendFile`, which, unlike `write`, writes all bytes or throws. */
export function openPart(disk: Disk, path: string): Promise<FileHandle> {
  return disk.open(path, PART_FLAGS, FILE_MODE)
}

/** Makes an open part durable and closes it; now it can be published. */
export async function finishPart(part: FileHandle): Promise<void> {
  await part.sync()
  await part.close()
}

/**
 * Starts syncing a part while it is still being written, so that the final sync, which all callers await, has little
 * left to do (250 MB: 15 instead of 150 ms). A failure here fails the part: a later fsync may not report it again.
 */
export class EarlySync {
  readonly #part: Pick<FileHandle, 'datasync'>
  #unsyncedBytes = 0
  #running: Promise<void> | undefined
  #faults: unknown[] = []

  constructor(part: Pick<FileHandle, 'datasync'>) {
    this.#part = part
  }

  /** Records that `bytes` more were written; starts a sync in the background once 32 MiB are unsynced. */
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

  /** Waits for the running sync, if any; throws if any sync has failed. */
  async end(): Promise<void> {
    await this.#running
    if (this.#faults.length > 0) throw this.#faults[0]
  }
}

/** Throws unless a part is `bytes` long: after a silent short write, data that is not on disk would be acknowledged. */
export async function checkLength(part: FileHandle, bytes: number): Promise<void> {
  const { size } = await part.stat()
  if (size !== bytes) throw new Error(`The disk took ${size} of ${bytes} bytes and reported no error.`)
}

/** Writes a complete, durable part. If writing fails, removes the part and rethrows. */
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

/** The name a file got in its folder; `wasThere`: a file with the same bytes had that name before. */
export type Published = Readonly<{ name: string; wasThere: boolean }>

/** Gives a durable part its name in `folder`: the first of `names` that is free or already holds the same bytes. */
export async function publish(disk: Disk, part: string, folder: string, names: Iterable<string>): Promise<Published> {
  const published = await linkFirstFree(disk, part, folder, names)
  await removeIfThere(disk, part)
  return published
}

/**
 * Renames a durable part to the first of `names` that is free or holds the same bytes, so that both names never
 * coexist. Only for folders without other writers: a file created between check and rename would be overwritten.
 */
export async function renameToFree(disk: Disk, part: string, folder: string, names: Iterable<string>): Promise<string> {
  for (const name of names) {
    const path = join(folder, name)
    const isFree = await isMissing(disk, path)
    if (!isFree && !(await haveSameBytes(disk, part, path).catch(() => false))) continue
    if (isFree) await disk.rename(part, path)
    await syncFolder(disk, folder)
    await remove(disk, part)
    return name
  }
  throw new Error(`Every name for ${part} in ${folder} is taken by other bytes.`)
}

/** Moves a file to another folder. Safe to repeat after a crash at any point. */
export async function move(disk: Disk, source: string, folder: string, names: Iterable<string>): Promise<Published> {
  const published = await linkOrCopy(disk, source, folder, [...names])
  await remove(disk, source)
  return published
}

// Error codes of link() on file systems without hard links (FAT, exFAT): of Linux, macOS, network disks, Windows.
const LINKS_MISSING = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR'])

// EXDEV: another file system. EPERM also: another user's file, which Linux forbids to link (fs.protected_hardlinks).
const LINK_REFUSED = new Set(['EXDEV', ...LINKS_MISSING])

async function linkOrCopy(disk: Disk, source: string, folder: string, names: readonly string[]): Promise<Published> {
  try {
    return await linkFirstFree(disk, source, folder, names)
  } catch (error) {
    if (!LINK_REFUSED.has(codeOf(error))) throw error
    const part = join(folder, `.${names[0]}.part`)
    await removeIfThere(disk, part)
    await writePart(disk, part, (copy) => copyInto(disk, source, copy))
    return publish(disk, part, folder, names)
  }
}

async function copyInto(disk: Disk, source: string, copy: FileHandle): Promise<void> {
  for await (const chunk of chunksOf(disk, source)) await copy.appendFile(chunk)
}

/** Removes a file durably: its folder is synced. A missing file is fine. */
export async function remove(disk: Disk, path: string): Promise<void> {
  await removeIfThere(disk, path)
  await syncFolder(disk, dirname(path))
}

/** Atomically and durably replaces a sidecar (a receipt, a problem, the rejects of a file) or another record. */
export async function replace(disk: Disk, path: string, text: string | AsyncIterable<string>): Promise<void> {
  const part = `${path}.part`
  const write = () =>
    writePart(disk, part, async (file) => {
      for await (const chunk of typeof text === 'string' ? [text] : text) await file.appendFile(chunk)
    })
  await write().catch(async (error) => {
    if (codeOf(error) !== 'EEXIST') throw error
    // The part was left by a process that died.
    await removeIfThere(disk, part)
    await write()
  })
  await disk.rename(part, path)
  await syncFolder(disk, dirname(path))
}

/** The running sync of a folder and, if a caller waits for it, the one after. */
type FolderSync = { readonly running: Promise<void>; next: Promise<void> | undefined }

const foldersSyncing = new WeakMap<Disk, Map<string, FolderSync>>()

/**
 * Makes the names in a folder durable (fsync). Does nothing on Windows, which has no such call: NTFS journals names.
 *
 * Callers that arrive during a sync share the next one: a sync that began before a caller's name existed does not
 * guarantee that name.
 */
export async function syncFolder(
  disk: Disk,
  folder: string,
  platform: NodeJS.Platform = process.platform,
): Promise<void> {
  if (platform === 'win32') return
  const folders = foldersSyncing.get(disk) ?? new Map<string, FolderSync>()
  foldersSyncing.set(disk, folders)
  const current = folders.get(folder)
  if (current === undefined) return beginSync(disk, folder, folders)
  current.next ??= current.running.catch(() => {}).then(() => beginSync(disk, folder, folders))
  return current.next
}

function beginSync(disk: Disk, folder: string, folders: Map<string, FolderSync>): Promise<void> {
  const syncing: FolderSync = { running: syncNow(disk, folder), next: undefined }
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

// Only Windows needs write access to sync. Elsewhere read access suffices; the file may be read-only, or now be a FIFO.
const openToSync: typeof openToRead =
  process.platform === 'win32' ? (disk, path) => disk.open(path, constants.O_RDWR) : openToRead

/** Makes the content of a file that another process wrote durable, but not its name. A missing file is fine. */
export async function syncContent(disk: Disk, path: string): Promise<void> {
  const file = await openToSync(disk, path).catch(undefinedIfMissing)
  try {
    await file?.datasync()
  } finally {
    await file?.close()
  }
}

/** Removes a file that may be missing, without a sync; for parts, which may reappear after a power cut without harm. */
export async function removeIfThere(disk: Disk, path: string): Promise<void> {
  await disk.unlink(path).catch(undefinedIfMissing)
}

/** Removes a disposable file, such as a probe, in synchronous code. A missing file is fine. */
export function removeSync(path: string): void {
  rmSync(path, { force: true })
}

async function linkFirstFree(disk: Disk, source: string, folder: string, names: Iterable<string>): Promise<Published> {
  for (const name of names) {
    const taken = await linkOrCompare(disk, source, join(folder, name))
    if (taken === 'by others') continue
    await syncFolder(disk, folder)
    return { name, wasThere: taken === 'before' }
  }
  throw new Error(`Every name for ${source} in ${folder} is taken by other bytes.`)
}

/** Links the source to `target`: 'now' on success; 'before' if the same bytes have the name; 'by others' otherwise. */
async function linkOrCompare(disk: Disk, source: string, target: string): Promise<'now' | 'before' | 'by others'> {
  if (await linkIfFree(disk, source, target)) return 'now'
  try {
    return (await haveSameBytes(disk, source, target)) ? 'before' : 'by others'
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    // The target vanished while it was compared (a loader moved its file on): the name may be free now.
    return linkOrCompare(disk, source, target)
  }
}

async function linkIfFree(disk: Disk, source: string, target: string): Promise<boolean> {
  try {
    await disk.link(source, target)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw LINKS_MISSING.has(codeOf(error)) ? noHardLinksError(target, error) : error
  }
}

/** The same error with a message that names the cause and the fix; `code` is kept. */
function noHardLinksError(target: string, cause: unknown): Error {
  const said = `${codeOf(cause)}: ${dirname(target)} is on a file system without hard links (FAT, exFAT); use a disk with ext4, APFS or NTFS`
  return Object.assign(new Error(said, { cause }), { code: codeOf(cause), syscall: 'link' })
}

// Windows and some network disks use inode numbers above 2^53, which may collide once rounded: bytes are compared then.
function isSameFile(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.ino !== 0 && Number.isSafeInteger(a.ino)
}

async function haveSameBytes(disk: Disk, one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([disk.lstat(one), disk.lstat(other)])
  if (!b.isFile() || a.size !== b.size) return false
  if (isSameFile(a, b)) return true
  return (await digestOfFile(disk, one)).sha256 === (await digestOfFile(disk, other)).sha256
}
