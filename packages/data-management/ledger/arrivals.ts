/**
 * Records uploads and their senders.
 *
 *   arrive (committed) ─▶ name in the inbox ─▶ record (committed): upload, delivery, and no longer arriving
 *
 * Invariant: each file that `accept` put into the inbox has its sender on record, as arriving or as a delivery. A file
 * without either was copied there by a person.
 */
import type { UploadState } from '@splitcart/shared/receipt.ts'
import { type Selectable, sql } from 'kysely'
import type { LedgerDatabase, LedgerTables } from './database.ts'
import type { GroupCommit } from './group-commit.ts'
import { mayChangeKind } from './kind-change.ts'
import { findLost, removeLost } from './lost.ts'
import { hasMoreRightsNow } from './rights.ts'
import type { Upload } from './uploads.ts'

/** A file that is about to get its name in the inbox, and the key that sends it. */
export type ArrivingFile = Selectable<LedgerTables['arriving']>

/** The record of a file that is found in the inbox. */
export type InboxFileRecord = Pick<
  Upload,
  'id' | 'sha256' | 'filename' | 'stored_as' | 'bytes' | 'lines' | 'wire_bytes' | 'received_at' | 'kind'
> &
  Partial<Pick<Upload, 'ranked_at'>>

/** The record of an upload whose bytes are in the inbox. */
export type Arrival = InboxFileRecord & Readonly<{ wire_bytes: number; state: ArrivedState }>

/** The state of an upload that arrives: waiting to be loaded, or final, because its kind is not loaded here. */
export type ArrivedState = Extract<UploadState, 'accepted' | 'delivered'>

/** The record of an upload, and whether this arrival made it. */
export type RecordedUpload = Readonly<{ upload: Upload; isNew: boolean }>

/** The arrivals in a ledger. */
export class Arrivals {
  readonly #database: LedgerDatabase
  readonly #commits: GroupCommit
  #latest = 0

  constructor(database: LedgerDatabase, commits: GroupCommit) {
    this.#database = database
    this.#commits = commits
  }

  /**
   * The rank of a file that arrives now: the time, or one above the highest rank on record. Of two files for the same
   * store and date the later arrival wins, however far the clock was set back between them.
   */
  async nextRank(now: number): Promise<number> {
    // A server that was killed may have left arrivals that have no upload yet.
    const arriving = this.#latest === 0 ? await highestRank(this.#database, 'arriving') : 0
    const recorded = await highestRank(this.#database, 'upload')
    this.#latest = Math.max(now, 1 + Math.max(this.#latest, recorded, arriving))
    return this.#latest
  }

  /** Records who sends a file that is about to get its name in the inbox. `record` follows. */
  async recordArriving({ stored_as: _, state: __, ...arrival }: Arrival, keyId: string): Promise<void> {
    await this.#commits.write(async (transaction) => {
      const insert = transaction.insertInto('arriving').values({ ...arrival, key_id: keyId })
      // The work is repeated if the connection is lost during the commit.
      await insert.onConflict((conflict) => conflict.column('id').doNothing()).execute()
    })
  }

  /**
   * Records an upload and its sender. If these bytes are on record already, returns that record, with `isNew` false.
   * `isInInbox`: the bytes lie in the inbox, so an upload that was loaded with fewer rights is loaded again.
   */
  record(arrival: Arrival, keyId: string, isInInbox: boolean): Promise<RecordedUpload> {
    return this.#commits.write(async (transaction) => {
      const isNoted = await deleteArriving(transaction, arrival.id)
      const upload = await insert(transaction, arrival)
      if (!isNoted) await recordDelivery(transaction, upload.id, { ...arrival, key_id: keyId })
      if (isInInbox && (mayChangeKind(upload, arrival.kind) || (await hasMoreRightsNow(transaction, upload))))
        return reopen(transaction, upload, arrival)
      // By its id, not by what was inserted: the work is repeated if the connection is lost during the commit.
      return { upload, isNew: upload.id === arrival.id }
    })
  }

  /**
   * Records the upload of a file found in the inbox, with all keys that are sending these bytes; its id is that of the
   * first arrival. A file that no key is sending was copied there by a person.
   */
  recordFoundFile(found: InboxFileRecord): Promise<Upload> {
    return this.#commits.write(async (transaction) => {
      const arriving = await markNoted(transaction, found)
      const [first] = arriving
      const known = first ?? (await findLost(transaction, found.sha256))
      const arrival = { ...(known === undefined ? found : recordAsFirstSent(known, found)), state: 'accepted' as const }
      const upload = await insert(transaction, arrival)
      for (const each of arriving) if (each.is_noted === 0) await recordDelivery(transaction, upload.id, each)
      return mayChangeKind(upload, found.kind) ? (await reopen(transaction, upload, arrival)).upload : upload
    })
  }

  /** Whether recorded bytes must be stored again: this key may write more of them, or they failed as another kind. */
  async mustBeStoredAgain(
    upload: Upload,
    { keyId, kind }: Readonly<{ keyId: string; kind: string }>,
  ): Promise<boolean> {
    return mayChangeKind(upload, kind) || (await hasMoreRightsNow(this.#database, upload, keyId))
  }

  /** The files that are arriving; right after a start, those that an earlier server process left. */
  list(): Promise<ArrivingFile[]> {
    return this.#database.selectFrom('arriving').selectAll().orderBy('id').execute()
  }

  /** Removes the record of an arriving file that never got its name in the inbox. */
  async removeArriving(id: string): Promise<void> {
    await deleteArriving(this.#database, id)
  }
}

/** Removes the record of an arriving file; true if its delivery is recorded already. */
async function deleteArriving(database: LedgerDatabase, id: string): Promise<boolean> {
  const found = await database.deleteFrom('arriving').where('id', '=', id).returning('is_noted').executeTakeFirst()
  return found?.is_noted === 1
}

/**
 * Marks the arriving files with these bytes as noted and returns them, oldest first; the caller records their
 * deliveries. They stay on record: they may get their names later.
 */
async function markNoted(database: LedgerDatabase, { sha256, kind }: InboxFileRecord): Promise<ArrivingFile[]> {
  const ofKind = database.selectFrom('arriving').selectAll().where('sha256', '=', sha256).where('kind', '=', kind)
  const found = await ofKind.orderBy('id').execute()
  const taken: ArrivingFile[] = []
  for (const arriving of found) {
    const set = database.updateTable('arriving').set({ is_noted: 1 }).where('id', '=', arriving.id)
    // Another transaction may have recorded it since it was read.
    if ((await set.returning('id').executeTakeFirst()) !== undefined) taken.push(arriving)
  }
  return taken
}

/** Inserts an upload; one that was lost and is here again gets its earlier senders back. */
async function insert(database: LedgerDatabase, found: InboxFileRecord & Pick<Arrival, 'state'>): Promise<Upload> {
  const lost = await removeLost(database, found.sha256)
  await database
    .insertInto('upload')
    .values({ ...found, settled_at: found.state === 'delivered' ? found.received_at : null })
    .onConflict((conflict) => conflict.column('sha256').doNothing())
    .executeTakeFirst()
  if (lost !== undefined && lost.deliveries.length > 0)
    await database
      .insertInto('delivery')
      .values(lost.deliveries.map((delivery) => ({ ...delivery, upload_id: found.id })))
      .execute()
  return database.selectFrom('upload').selectAll().where('sha256', '=', found.sha256).executeTakeFirstOrThrow()
}

async function highestRank(database: LedgerDatabase, table: 'upload' | 'arriving'): Promise<number> {
  const rank = sql<number>`coalesce(ranked_at, received_at)`
  const found = await database
    .selectFrom(table)
    .select(rank.as('rank'))
    .orderBy(rank, 'desc')
    .limit(1)
    .executeTakeFirst()
  return found?.rank ?? 0
}

function recordAsFirstSent(
  known: Omit<InboxFileRecord, 'stored_as' | 'kind'>,
  { stored_as, kind }: InboxFileRecord,
): InboxFileRecord {
  const { id, sha256, filename, bytes, lines, wire_bytes, received_at, ranked_at = null } = known
  return { id, sha256, filename, stored_as, bytes, lines, wire_bytes, received_at, ranked_at, kind }
}

type DeliveryData = Pick<ArrivingFile, 'key_id' | 'received_at' | 'filename'>

async function recordDelivery(database: LedgerDatabase, uploadId: string, delivered: DeliveryData): Promise<void> {
  const { key_id, received_at: at, filename } = delivered
  await database
    .insertInto('delivery')
    .values({ upload_id: uploadId, key_id, first_at: at, last_at: at, times: 1, filename })
    .onConflict((conflict) =>
      conflict
        .columns(['upload_id', 'key_id'])
        .doUpdateSet(({ ref, eb }) => ({ last_at: at, times: eb(ref('delivery.times'), '+', 1) })),
    )
    .execute()
}

/** Has an upload loaded again, from where its bytes lie now; if its kind changed, as a new upload. */
async function reopen(
  database: LedgerDatabase,
  { id, kind: before }: Upload,
  { stored_as, kind, state, received_at }: InboxFileRecord & Pick<Arrival, 'state'>,
): Promise<RecordedUpload> {
  const isNew = kind !== before
  const settled_at = state === 'delivered' ? received_at : null
  const set = { state, kind, stored_as, load: null, settled_at, ...(isNew && { loaded_for: null }) }
  const update = database.updateTable('upload').set(set).where('id', '=', id).returningAll()
  return { upload: await update.executeTakeFirstOrThrow(), isNew }
}
