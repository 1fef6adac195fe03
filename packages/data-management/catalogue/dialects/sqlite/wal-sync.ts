/**
 * Makes commits durable that did not wait for the disk: their write-ahead log is synced during the next load.
 *
 *   commit ─▶ next load … commit ─▶
 *     └──▶ sync ─▶ the outcome of the load is reported
 *
 * SQLite syncs the log before it writes it back into the database, so a power cut loses the last commits and nothing else.
 */
import { dirname } from 'node:path'
import { realDisk } from '@splitcart/shared/disk.ts'
import { syncContent, syncFolder } from '@splitcart/shared/durable-file.ts'

/** The write-ahead log of a database. */
export class WalSync {
  readonly #path: string
  // True at first: an earlier process may have committed something that is not synced.
  #isDirty = true
  // Once is enough, since the log keeps its name while the database is open.
  #isNamed = false
  #last: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  /** `database`: the path of its file; empty for one in memory. */
  constructor(database: string) {
    this.#path = database === '' ? '' : `${database}-wal`
  }

  /** Must be called after a commit that did not wait for the disk. */
  markDirty(): void {
    this.#isDirty = true
  }

  /** Resolves once all commits are on the disk. After a failure it always fails: what the disk dropped is unknown. */
  onDisk(): Promise<void> {
    if (this.#path === '' || !this.#isDirty) return this.#next ?? this.#last
    // A sync that is under way may have begun before the commit.
    this.#next ??= this.#last.then(() => {
      this.#next = undefined
      this.#isDirty = false
      this.#last = this.#syncNow()
      return this.#last
    })
    return this.#next
  }

  async #syncNow(): Promise<void> {
    const disk = realDisk()
    await syncContent(disk, this.#path)
    if (!this.#isNamed) await syncFolder(disk, dirname(this.#path))
    this.#isNamed = true
  }
}
