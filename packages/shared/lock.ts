/**
 * An exclusive lock that the kernel releases when its holder dies, however it dies.
 *
 * Node has no flock(2); SQLite takes such locks on every platform (fcntl, LockFileEx), so the lock is an empty database
 * that is open in an exclusive transaction.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, type Stats, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { removeSync } from './durable-file.ts'
import { Problem } from './problem.ts'

const SQLITE_BUSY = 5
// SQLite reports ENOLCK and EACCES as SQLITE_BUSY, EPERM as SQLITE_PERM (3), and all others as SQLITE_IOERR (10).
const LOCK_REFUSED = new Set([3, SQLITE_BUSY, 10])

// `isLocked` itself takes the lock for a moment: `takeLock` waits that long before it reports another holder.
const CHECK_MS_MAX = 50

/** A held lock. `isInPlace`: whether its file is still the one at its path, where other processes look for it. */
export type Lock = Disposable & Readonly<{ isInPlace: () => boolean }>

/**
 * Takes the lock or throws: `locked`, where `what` names the likely holder; `locks_missing` if the file system has
 * none; `machine_refused` if the file cannot be made. Waits only as long as an `isLocked` check may hold it (50 ms).
 */
export function takeLock(path: string, what: string): Lock {
  try {
    return openLock(path)
  } catch (cause) {
    const kind = sqliteCodeOf(cause)
    if (kind === undefined) throw cause
    if (LOCK_REFUSED.has(kind) && areLocksMissing(path))
      throw new Problem('locks_missing', `the lock ${path} cannot be taken, nor any other there`, { cause })
    if (kind === SQLITE_BUSY) throw new Problem('locked', `${what} (lock: ${path})`)
    throw new Problem('machine_refused', `the lock ${path} cannot be taken: ${(cause as Error).message}`, { cause })
  }
}

/** Whether files next to this path can be locked: tries it with a probe file of a random name. */
export function canLockNextTo(path: string): boolean {
  const probe = `${path}.probe-${randomBytes(6).toString('hex')}`
  try {
    openLock(probe)[Symbol.dispose]()
    return true
  } catch (error) {
    if (!LOCK_REFUSED.has(sqliteCodeOf(error) ?? 0)) throw error
    return false
  } finally {
    removeSync(probe)
  }
}

/** Whether a process holds the lock. Read-only; throws the error of SQLite if this user may not read the file. */
export function isLocked(path: string): boolean {
  if (!existsSync(path)) return false
  const database = new DatabaseSync(path, { readOnly: true, timeout: 0 })
  try {
    database.prepare('select count(*) from sqlite_schema').get()
    return false
  } catch (error) {
    if (sqliteCodeOf(error) === SQLITE_BUSY) return true
    throw error
  } finally {
    database.close()
  }
}

function openLock(path: string): Lock {
  const database = new DatabaseSync(path, { timeout: CHECK_MS_MAX })
  try {
    // In memory: the transaction never writes and must leave no journal file (Node does not allow journal_mode = off).
    database.exec('pragma journal_mode = memory; pragma locking_mode = exclusive; begin exclusive')
    const taken = statSync(path)
    return {
      isInPlace: () => isSameFile(taken, statSync(path, { throwIfNoEntry: false })),
      [Symbol.dispose]: () => database.close(),
    }
  } catch (error) {
    database.close()
    throw error
  }
}

function areLocksMissing(path: string): boolean {
  try {
    return !canLockNextTo(path)
  } catch {
    return false
  }
}

function isSameFile(one: Stats, other: Stats | undefined): boolean {
  return one.ino === other?.ino && one.dev === other.dev
}

// The low byte of an extended SQLite error code is the primary code.
function sqliteCodeOf(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' ? code & 0xff : undefined
}
