/**
 * An exclusive lock that the kernel releases when its holder dies, however it dies.
 *
 * Node has no flock(2); SQLite takes such locks on every platform (fcntl, LockFileEx), so the lock is an empty database
 * that is open in an exclusive transaction.
 */
import { DatabaseSync } from 'node:sqlite'
import { Problem } from './problem.ts'

const SQLITE_BUSY = 5

export type Lock = Disposable

/** Takes the lock or throws `locked`, with `what` saying who else may be at work. Never waits. */
export function takeLock(path: string, what: string): Lock {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // journal_mode=off: the transaction never writes, and must leave no journal next to the lock.
    database.exec('pragma journal_mode = off; pragma locking_mode = exclusive; begin exclusive')
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY)
      throw new Problem('locked', `${what} (lock: ${path})`)
    throw error
  }
  return { [Symbol.dispose]: () => database.close() }
}
