/** The ledger: what was delivered, by whom, and what became of it. */
import { join } from 'node:path'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { sql } from 'kysely'
import { Arrivals } from './arrivals.ts'
import { type AuditEntry, type AuditRecord, audit, auditEntries, latestBackup } from './audit.ts'
import { Beliefs } from './beliefs.ts'
import type { UploadChangeReader } from './changes.ts'
import { ConditionStore } from './conditions.ts'
import { keysExpiring, nextKeyExpiry } from './counts.ts'
import type { LedgerDatabase } from './database.ts'
import { GroupCommit } from './group-commit.ts'
import { Identity } from './identity.ts'
import { Invitations } from './invitations.ts'
import { Keys } from './keys.ts'
import { LostUploads } from './lost.ts'
import { Machines } from './machines.ts'
import { receiptsFor } from './receipt-of.ts'
import { RequestedFiles } from './requested-files.ts'
import { hasMoreRightsNow, type Rights, rightsOfUpload } from './rights.ts'
import { sendersOf, type UploadSender } from './senders.ts'
import { Sessions } from './sessions.ts'
import { type LoadNumberSql, type SortedPage, type SortedQuery, sortedUploads } from './sorted-uploads.ts'
import { openSqliteChangeReader, openSqliteLedger, openSqliteLedgerReadOnly } from './sqlite.ts'
import { StoreMerges } from './store-merges.ts'
import { StoreSettings } from './store-settings.ts'
import { claimForLoading, type OldestOfSender, oldestOfEachSender } from './taking-turns.ts'
import { Ticks } from './ticks.ts'
import { type Upload, Uploads } from './uploads.ts'
import { Verdicts } from './verdicts.ts'
import { Watches } from './watches.ts'

/** The database of a ledger, and the operations that differ between SQLite and PostgreSQL. */
export type LedgerStore = Pick<Ledger, 'openChangeReader' | 'withExclusiveLock' | 'checkWritable'> &
  Readonly<{ database: LedgerDatabase; loadNumber: LoadNumberSql }>

/** An open ledger. */
export class Ledger implements AsyncDisposable {
  readonly uploads: Uploads
  readonly arrivals: Arrivals
  readonly lost: LostUploads
  readonly identity: Identity
  readonly keys: Keys
  readonly machines: Machines
  readonly invitations: Invitations
  readonly sessions: Sessions
  readonly verdicts: Verdicts
  readonly beliefs: Beliefs
  readonly storeMerges: StoreMerges
  readonly storeSettings: StoreSettings
  readonly requestedFiles: RequestedFiles
  readonly notices: ConditionStore
  readonly ticks: Ticks
  readonly watches: Watches
  /** Opens a reader of the changes of uploads from now on; dispose of it. */
  readonly openChangeReader: () => Promise<UploadChangeReader>
  /** Runs `work` unless another process of this ledger holds the lock named `what`; returns whether it ran. */
  readonly withExclusiveLock: (what: string, work: () => Promise<void>) => Promise<boolean>
  /** Throws if the ledger cannot be written; its cost does not depend on the ledger's size. */
  readonly checkWritable: () => Promise<void>
  readonly #database: LedgerDatabase
  readonly #loadNumber: LoadNumberSql

  constructor(store: LedgerStore, settingsKey: string | undefined) {
    const { database } = store
    this.openChangeReader = store.openChangeReader
    this.withExclusiveLock = store.withExclusiveLock
    this.checkWritable = store.checkWritable
    this.#database = database
    this.#loadNumber = store.loadNumber
    const commits = new GroupCommit(database)
    this.uploads = new Uploads(database)
    this.arrivals = new Arrivals(database, commits)
    this.lost = new LostUploads(database)
    this.identity = new Identity(database)
    this.keys = new Keys(database, commits, settingsKey)
    this.machines = new Machines(database, commits)
    this.invitations = new Invitations(database)
    this.sessions = new Sessions(database, this.keys)
    this.verdicts = new Verdicts(database)
    this.beliefs = new Beliefs(database)
    this.storeMerges = new StoreMerges(database)
    this.storeSettings = new StoreSettings(database)
    this.requestedFiles = new RequestedFiles(database)
    this.notices = new ConditionStore(database)
    this.ticks = new Ticks(database)
    this.watches = new Watches(database)
  }

  audit(entry: AuditEntry): Promise<void> {
    return audit(this.#database, entry)
  }

  /** The union of the rights of all senders of an upload. */
  rightsOfUpload(uploadId: string): Promise<Rights> {
    return rightsOfUpload(this.#database, uploadId)
  }

  /** Whether an upload was loaded with fewer rights than its senders have by now. */
  hasMoreRightsNow(upload: Upload): Promise<boolean> {
    return hasMoreRightsNow(this.#database, upload)
  }

  /** The receipt for one sender of an upload; it reveals nothing of other senders or of persons. */
  async receiptFor(upload: Upload, keyId: string, duplicate: boolean): Promise<Receipt> {
    return (await receiptsFor(this.#database, [upload], keyId, duplicate))[0]!
  }

  /** The receipts of these uploads for one of their senders. */
  receiptsFor(uploads: readonly Upload[], keyId: string): Promise<Receipt[]> {
    return receiptsFor(this.#database, uploads, keyId, false)
  }

  /** The senders of these uploads, by upload id. */
  sendersOf(uploadIds: readonly string[]): Promise<Map<string, UploadSender>> {
    return sendersOf(this.#database, uploadIds)
  }

  /** A page of uploads, sorted by a column. */
  sortedUploads(query: SortedQuery): Promise<SortedPage> {
    return sortedUploads(this.#database, this.#loadNumber, query)
  }

  /** The oldest upload of each sender that no loader has taken. */
  oldestOfEachSender(): Promise<OldestOfSender[]> {
    return oldestOfEachSender(this.#database)
  }

  /** Marks an accepted upload as loading; of several loaders that try, one gets it, the others undefined. */
  claimForLoading(id: string, at: number): Promise<Upload | undefined> {
    return claimForLoading(this.#database, id, at)
  }

  /** The audit's entries with ids below `before`, newest first. */
  auditEntries(before: number, limit: number): Promise<AuditRecord[]> {
    return auditEntries(this.#database, before, limit)
  }

  /** When the next key expires (milliseconds since 1970); null: none will. */
  nextKeyExpiry(now: number): Promise<number | null> {
    return nextKeyExpiry(this.#database, now)
  }

  /** The keys that expire before a time and have no successor. */
  keysExpiring(now: number, before: number) {
    return keysExpiring(this.#database, now, before)
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
  const path = ledgerPath(dataFolder)
  return new Ledger(sqliteLedgerStore(path, openSqliteLedger(path)), settingsKey)
}

/** Opens the existing ledger in a data folder, read-only. */
export function openLedgerReadOnly(dataFolder: string): Ledger {
  const path = ledgerPath(dataFolder)
  return new Ledger(sqliteLedgerStore(path, openSqliteLedgerReadOnly(path)), undefined)
}

function ledgerPath(dataFolder: string): string {
  return join(dataFolder, 'ledger.db')
}

function sqliteLedgerStore(path: string, database: LedgerDatabase): LedgerStore {
  const openChangeReader = async () => openSqliteChangeReader(path)
  // A SQLite ledger has only one loader, which the lock of the data folder ensures.
  const withExclusiveLock: LedgerStore['withExclusiveLock'] = async (_what, work) => {
    await work()
    return true
  }
  const opened = schemaVersion(database)
  // A ledger may be closed again at once: a failure is thrown by `checkWritable`, not as an unhandled rejection.
  opened.catch(() => {})
  const checkWritable = async () => {
    const [known, made] = [await opened, await schemaVersion(database)]
    if (made > known) throw new Problem('schema_newer', `${path} has schema ${made}, this program knows ${known}`)
  }
  const loadNumber: LoadNumberSql = (name) => sql`upload.load ->> ${sql.lit(name)}`
  return { database, openChangeReader, withExclusiveLock, checkWritable, loadNumber }
}

async function schemaVersion(database: LedgerDatabase): Promise<number> {
  const { rows } = await sql<{ user_version: number }>`pragma user_version`.execute(database)
  return rows[0]?.user_version ?? 0
}
