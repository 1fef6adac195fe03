/** The ledger: what was delivered, by whom, and what became of it. */
import { join } from 'node:path'
import { type AuditEntry, type AuditRecord, audit, auditEntries, latestBackup } from './audit.ts'
import type { Changes } from './changes.ts'
import type { LedgerDatabase } from './database.ts'
import { GroupCommit } from './group-commit.ts'
import { Keys } from './keys.ts'
import { sendersOf, type UploadSender } from './senders.ts'
import { Sessions } from './sessions.ts'
import { openSqliteLedger, sqliteChanges } from './sqlite.ts'
import { Uploads } from './uploads.ts'

/** An open ledger. */
export class Ledger implements AsyncDisposable {
  readonly uploads: Uploads
  readonly keys: Keys
  readonly sessions: Sessions
  /** Looks at the changes of uploads from now on. Dispose of it. */
  readonly lookAtChanges: () => Promise<Changes>
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase, lookAtChanges: () => Promise<Changes>, settingsKey: string | undefined) {
    this.lookAtChanges = lookAtChanges
    this.#database = database
    const commits = new GroupCommit(database)
    this.uploads = new Uploads(database, commits)
    this.keys = new Keys(database, commits, settingsKey)
    this.sessions = new Sessions(database, this.keys)
  }

  audit(entry: AuditEntry): Promise<void> {
    return audit(this.#database, entry)
  }

  /** Who sent some uploads, by their ids. */
  sendersOf(uploadIds: readonly string[]): Promise<Map<string, UploadSender>> {
    return sendersOf(this.#database, uploadIds)
  }

  /** The audit's entries, the newest first, from before an id on. */
  auditEntries(before: number, limit: number): Promise<AuditRecord[]> {
    return auditEntries(this.#database, before, limit)
  }

  /** The audit's entry of the latest backup. */
  latestBackup(): Promise<AuditRecord | undefined> {
    return latestBackup(this.#database)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database.destroy()
  }
}

/** Opens the ledger in a data folder, which must exist. `settingsKey` is API_SECRET_KEY where it is set. */
export function openLedger(dataFolder: string, settingsKey?: string): Ledger {
  const path = join(dataFolder, 'ledger.db')
  return new Ledger(openSqliteLedger(path), async () => sqliteChanges(path), settingsKey)
}
