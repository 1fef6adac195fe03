/** Opening a database only to look: nothing is written, and the right to read is enough. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

const BUSY_MS_MAX = 5_000

/** Opens a database that must exist. Throws what SQLite or the system says. */
export function openToLook(path: string): DatabaseSync {
  // With a write-ahead log somebody may be writing: then its locks are needed, and the file next to it that holds them. Without one
  // SQLite would make both, which would need the right to write and might leave them to another user.
  if (existsSync(`${path}-wal`)) return new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS_MAX })
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return new DatabaseSync(url, { readOnly: true })
}
