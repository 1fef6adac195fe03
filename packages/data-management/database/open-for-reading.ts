/** Opens SQLite databases read-only: no file is written or created, so read permission is enough. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

const BUSY_MS_MAX = 5_000

/** Opens an existing database. Throws the errors of SQLite or the system. */
export function openForReading(path: string): DatabaseSync {
  // If there is a write-ahead log, a process may be writing: the locks in the file -shm are needed. If there is none,
  // SQLite would create both files unless told that the database is immutable; they might belong to the wrong user.
  if (existsSync(`${path}-wal`)) return new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS_MAX })
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return new DatabaseSync(url, { readOnly: true })
}
