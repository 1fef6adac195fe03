/** Opens a SQLite database read-only: nothing is written, and read permission is enough. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

const BUSY_MS_MAX = 5_000

/** Opens a database that must exist. Throws what SQLite or the system says. */
export function openForReading(path: string): DatabaseSync {
  // With a write-ahead log a process may be writing: its locks are needed, and the file that holds them (-shm).
  // Without one, SQLite would create both, which needs write permission and might leave files of another user.
  if (existsSync(`${path}-wal`)) return new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS_MAX })
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return new DatabaseSync(url, { readOnly: true })
}
