/**
 * Finds files that a process has open for writing, where the operating system can tell.
 *
 *   Linux: /proc/<pid>/fd and fdinfo of every process that this user may inspect.
 *   Windows: an open with share mode none fails while any process has the file open.
 *   macOS and others cannot tell.
 */
import { constants } from 'node:fs'
import * as fs from 'node:fs/promises'
import { codeOf } from '@splitcart/shared/disk.ts'

/** A file by name, path and inode. */
export type FileWithInode = Readonly<{ name: string; path: string; ino: number }>

/** Returns the names of the files that are open for writing. */
export type FindWriters = (files: readonly FileWithInode[]) => Promise<ReadonlySet<string>>

/** The file system calls used; replaceable in tests. */
export type System = Pick<typeof fs, 'open' | 'readdir' | 'readlink' | 'readFile' | 'stat'>

/** The implementation for a platform; on others than Linux and Windows it finds no writers. */
export function findWritersOn(platform: NodeJS.Platform = process.platform, system: System = fs): FindWriters {
  if (platform === 'linux') return (files) => onLinux(system, files)
  if (platform === 'win32') return (files) => onWindows(system, files)
  return async () => new Set()
}

async function onLinux(system: System, files: readonly FileWithInode[]): Promise<ReadonlySet<string>> {
  const writers = new Set<string>()
  if (files.length === 0) return writers
  const byInode = new Map(files.map((file) => [file.ino, file]))
  for (const pid of await namesIn(system, '/proc')) {
    if (!/^\d+$/.test(pid)) continue
    for (const fd of await namesIn(system, `/proc/${pid}/fd`)) {
      const name = await fileOfDescriptor(system, `/proc/${pid}/fd/${fd}`, byInode)
      if (name !== undefined && (await isForWriting(system, `/proc/${pid}/fdinfo/${fd}`))) writers.add(name)
    }
  }
  return writers
}

// Processes may end meanwhile, and those of other users cannot be read: both count as having no files.
async function namesIn(system: System, folder: string): Promise<string[]> {
  return system.readdir(folder).catch(() => [])
}

// The name is tested before stat: a descriptor may lead to a share that does not respond.
const DATA_FILE_LINK = /\.jsonl(\W|$)/

async function fileOfDescriptor(
  system: System,
  link: string,
  byInode: ReadonlyMap<number, FileWithInode>,
): Promise<string | undefined> {
  const target = await system.readlink(link).catch(() => '')
  if (!DATA_FILE_LINK.test(target)) return undefined
  const open = await system.stat(link).catch(() => undefined)
  const file = byInode.get(open?.ino ?? -1)
  if (file === undefined) return undefined
  // Another disk may have a file with the same inode. A file that was just moved is matched by its inode alone.
  const own = await system.stat(file.path).catch(() => open)
  return own?.dev === open?.dev ? file.name : undefined
}

async function isForWriting(system: System, info: string): Promise<boolean> {
  const text = await system.readFile(info, 'utf8').catch(() => '')
  const flags = Number.parseInt(/^flags:\s*([0-7]+)/m.exec(text)?.[1] ?? '0', 8)
  return (flags & (constants.O_WRONLY | constants.O_RDWR)) !== 0
}

// libuv's UV_FS_O_EXLOCK: a share mode of none, which lasts as long as our handle, some microseconds.
const SHARED_WITH_NOBODY = 0x10000000

async function onWindows(system: System, files: readonly FileWithInode[]): Promise<ReadonlySet<string>> {
  const writers = new Set<string>()
  for (const { name, path } of files) {
    try {
      await (await system.open(path, constants.O_RDONLY | SHARED_WITH_NOBODY)).close()
    } catch (error) {
      if (codeOf(error) === 'EBUSY') writers.add(name)
    }
  }
  return writers
}
