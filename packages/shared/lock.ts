/**
 * An exclusive lock that the kernel releases when its holder dies, however it dies.
 *
 * Node has no flock(2); SQLite takes such locks on every platform (fcntl, LockFileEx), so the lock is an empty database
 * that is open in an exclusive transaction.
 */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Problem } from './problem.ts'

const SQLITE_BUSY = 5

// `isLocked` has to take a lock of its own for a moment, which must not look like another holder.
const LOOK_MS_MAX = 50

export type Lock = Disposable

/** Takes the lock or throws `locked`, with `what` saying who else may be at work. Waits no longer than somebody may look at it. */
export function takeLock(path: string, what: string): Lock {
  const database = new DatabaseSync(path, { timeout: LOOK_MS_MAX })
  try {
    // In memory: the transaction never writes, and must leave no journal next to the lock (Node does not let it be off).
    database.exec('pragma journal_mode = memory; pragma locking_mode = exclusive; begin exclusive')
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && isBusy(error.errcode))
      throw new Problem('locked', `${what} (lock: ${path})`)
    throw error
  }
  return { [Symbol.dispose]: () => database.close() }
}

/** Whether somebody holds the lock. Changes nothing, and needs only the right to read; throws what the system says without it. */
export function isLocked(path: string): boolean {
  if (!existsSync(path)) return false
  const database = new DatabaseSync(path, { readOnly: true, timeout: 0 })
  try {
    database.prepare('select count(*) from sqlite_schema').get()
    return false
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && isBusy(error.errcode)) return true
    throw error
  } finally {
    database.close()
  }
}

// The low byte is the kind of the error; the others say more about it.
function isBusy(code: unknown): boolean {
  return typeof code === 'number' && (code & 0xff) === SQLITE_BUSY
}
