/**
 * The file-system calls that durable-file.ts needs.
 *
 * They are passed as an argument, so that tests can pass a file system that crashes, fills up or lies. The real one is
 * `node:fs/promises`. On Windows a virus scanner may lock a file for a moment, so a refused call is retried there.
 */
import { constants, type Stats } from 'node:fs'
import * as fs from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

export type Disk = Pick<typeof fs, 'open' | 'link' | 'unlink' | 'rename' | 'mkdir' | 'readdir' | 'lstat' | 'statfs'>

type FileState = Pick<Stats, 'size' | 'mtimeMs' | 'ino'>

const LOCKED_CODES = new Set(['EBUSY', 'EPERM', 'EACCES'])
const SCANNER_TRIES_MAX = 12
const SCANNER_FIRST_DELAY_MS = 10

/** Retries a call that Windows refuses because another program has the file open, for about 5 s at most. */
export async function retryWhileLocked<T>(
  call: () => Promise<T>,
  pause: (ms: number) => Promise<unknown> = sleep,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call()
    } catch (error) {
      if (tries === SCANNER_TRIES_MAX || !LOCKED_CODES.has(codeOf(error))) throw error
      await pause(Math.min(SCANNER_FIRST_DELAY_MS * 2 ** (tries - 1), 1000))
    }
  }
}

/** The disk of this machine. */
export function realDisk(platform: NodeJS.Platform = process.platform): Disk {
  if (platform !== 'win32') return fs
  return {
    ...fs,
    open: (path, flags, mode) => retryWhileLocked(() => fs.open(path, flags, mode)),
    link: (existing, added) => retryWhileLocked(() => fs.link(existing, added)),
    unlink: (path) => retryWhileLocked(() => fs.unlink(path)),
    rename: (from, to) => retryWhileLocked(() => fs.rename(from, to)),
  }
}

// Not following links, and not waiting for the other end of a FIFO; neither exists on Windows.
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Opens a file for reading. Never follows a link, and never blocks, even if the name is now that of a FIFO. */
export function openToRead(disk: Pick<Disk, 'open'>, path: string): Promise<fs.FileHandle> {
  return disk.open(path, READ_FLAGS)
}

/** The `code` of a system error ('ENOENT', 'EEXIST' …), or '' for anything else. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

/** Whether a file has the same inode, size and mtime as before. */
export function isUnchanged(before: FileState, now: FileState): boolean {
  return before.size === now.size && before.mtimeMs === now.mtimeMs && before.ino === now.ino
}

/** For `catch`: undefined if the file or folder is missing (ENOENT); rethrows any other error. */
export function undefinedIfMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}

/** Whether no file or folder has this path; a path that cannot be checked counts as existing. */
export async function isMissing(disk: Pick<Disk, 'lstat'>, path: string): Promise<boolean> {
  return (await disk.lstat(path).catch(codeOf)) === 'ENOENT'
}

/** A readable message for an error of the operating system or SQLite; `undefined` for any other error. */
export function systemErrorMessage(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error || 'errcode' in error)) return undefined
  const isRight = codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM'
  return isRight ? `this user has no right to it (${codeOf(error)})` : error.message
}
