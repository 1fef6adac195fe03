/**
 * How uploads come on record, with their senders.
 *
 *   arrive (committed) ─▶ name in the inbox ─▶ record (committed): upload, delivery, and no longer arriving
 *
 * Invariant: a name that `accept` gave has its sender on record, as arriving or as a delivery. A file without either was copied by a person.
 */
import type { UploadState } from '@splitcart/shared/receipt.ts'
import { type Selectable, sql } from 'kysely'
import type { LedgerDatabase, LedgerTables } from './database.ts'
import type { GroupCommit } from './group-commit.ts'
import { mayChangeKind } from './kind-change.ts'
import { lostUpload, takeLost } from './lost.ts'
import { mayHaveMore } from './rights.ts'
import type { Upload } from './uploads.ts'

/** A file that is about to get its name in the inbox, and the key that sends it. */
export type Arriving = Selectable<LedgerTables['arriving']>

/** What is known of a file that is found in the inbox. */
export type Found = Pick<
  Upload,
  'id' | 'sha256' | 'filename' | 'stored_as' | 'bytes' | 'lines' | 'wire_bytes' | 'received_at' | 'kind'
> &
  Partial<Pick<Upload, 'ranked_at'>>

/** What is known of an upload when its bytes have landed. */
export type Arrival = Found & Readonly<{ wire_bytes: number; state: ArrivedState }>

/** What becomes of an upload that arrives: it waits to be loaded, or has come to its end with its arrival. */
export type ArrivedState = Extract<UploadState, 'accepted' | 'delivered'>

/** The record of an upload, and whether it is of this arrival. */
export type Recorded = Readonly<{ upload: Upload; isNew: boolean }>

/** What arrives. */
export class Arrivals {
  readonly #database: LedgerDatabase
  readonly #commits: GroupCommit
  #latest = 0

  constructor(database: LedgerDatabase, commits: GroupCommit) {
    this.#database = database
    this.#commits = commits
  }

  /**
   * The rank of what comes now: the time, or more where something here has as much. Of two files for the same store and date the one that came
   * later wins, however far the clock was set back between them.
   */
  async rankOf(now: number): Promise<number> {
    // Of a server that was killed there may be files that had no upload yet.
    const arriving = this.#latest === 0 ? await highestRank(this.#database, 'arriving') : 0
    const recorded = await highestRank(this.#database, 'upload')
    this.#latest = Math.max(now, 1 + Math.max(this.#latest, recorded, arriving))
    return this.#latest
  }

  /** Records who sends a file that is about to get its name in the inbox. `record` follows. */
  async arrive({ stored_as: _, state: __, ...arrival }: Arrival, keyId: string): Promise<void> {
    await this.#commits.write(async (transaction) => {
      const insert = transaction.insertInto('arriving').values({ ...arrival, key_id: keyId })
      // Once more after a connection was lost with the commit.
      await insert.onConflict((conflict) => conflict.column('id').doNothing()).execute()
    })
  }

  /**
   * Records an upload and who sent it. When these bytes are on record already, gives that record, with `isNew` false. `hasLanded`: they lie
   * in the inbox now; what was loaded with fewer rights than this sender's is to be loaded again.
   */
  record(arrival: Arrival, keyId: string, hasLanded: boolean): Promise<Recorded> {
    return this.#commits.write(async (transaction) => {
      const isNoted = await haveArrived(transaction, arrival.id)
      const upload = await insert(transaction, arrival)
      if (!isNoted) await noteDelivery(transaction, upload.id, { ...arrival, key_id: keyId })
      if (hasLanded && (mayChangeKind(upload, arrival.kind) || (await mayHaveMore(transaction, upload))))
        return reopen(transaction, upload, arrival)
      // By its id, not by what was inserted: after a connection was lost with the commit this is done once more.
      return { upload, isNew: upload.id === arrival.id }
    })
  }

  /**
   * Records the upload of a file that was found in the inbox, with all who are sending these bytes: the first of them is told this id.
   * Of a file that nobody sends a person made a copy.
   */
  recordFound(found: Found): Promise<Upload> {
    return this.#commits.write(async (transaction) => {
      const arriving = await take(transaction, found)
      const [first] = arriving
      const known = first ?? (await lostUpload(transaction, found.sha256))
      const arrival = { ...(known === undefined ? found : foundOf(known, found)), state: 'accepted' as const }
      const upload = await insert(transaction, arrival)
      for (const each of arriving) if (each.is_noted === 0) await noteDelivery(transaction, upload.id, each)
      return mayChangeKind(upload, found.kind) ? (await reopen(transaction, upload, arrival)).upload : upload
    })
  }

  /** Whether bytes that are on record must land once more: this sender may write more of them than was loaded, or they are of another kind. */
  async isWantedAgain(upload: Upload, { keyId, kind }: Readonly<{ keyId: string; kind: string }>): Promise<boolean> {
    return mayChangeKind(upload, kind) || (await mayHaveMore(this.#database, upload, keyId))
  }

  /** What is arriving: of a server that has just started, what an earlier one has left. */
  list(): Promise<Arriving[]> {
    return this.#database.selectFrom('arriving').selectAll().orderBy('id').execute()
  }

  /** Forgets that a file is arriving: its name never came. */
  async giveUp(id: string): Promise<void> {
    await haveArrived(this.#database, id)
  }
}

/** The file has its upload: it is no longer arriving. True: its delivery is noted already. */
async function haveArrived(database: LedgerDatabase, id: string): Promise<boolean> {
  const found = await database.deleteFrom('arriving').where('id', '=', id).returning('is_noted').executeTakeFirst()
  return found?.is_noted === 1
}

/** Those with some bytes, the first first; who calls notes their deliveries. They stay on record: their names may be yet to come. */
async function take(database: LedgerDatabase, { sha256, kind }: Found): Promise<Arriving[]> {
  const ofKind = database.selectFrom('arriving').selectAll().where('sha256', '=', sha256).where('kind', '=', kind)
  const found = await ofKind.orderBy('id').execute()
  const taken: Arriving[] = []
  for (const arriving of found) {
    const set = database.updateTable('arriving').set({ is_noted: 1 }).where('id', '=', arriving.id)
    // Another transaction may have recorded it since it was read.
    if ((await set.returning('id').executeTakeFirst()) !== undefined) taken.push(arriving)
  }
  return taken
}

/** What was lost and is here again has its senders from before. */
async function insert(database: LedgerDatabase, found: Found & Pick<Arrival, 'state'>): Promise<Upload> {
  const lost = await takeLost(database, found.sha256)
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

function foundOf(known: Omit<Found, 'stored_as' | 'kind'>, { stored_as, kind }: Found): Found {
  const { id, sha256, filename, bytes, lines, wire_bytes, received_at, ranked_at = null } = known
  return { id, sha256, filename, stored_as, bytes, lines, wire_bytes, received_at, ranked_at, kind }
}

type Delivered = Pick<Arriving, 'key_id' | 'received_at' | 'filename'>

async function noteDelivery(database: LedgerDatabase, uploadId: string, delivered: Delivered): Promise<void> {
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

/** It waits to be loaded once more, from where its bytes lie now: of another kind as if it had just come. */
async function reopen(
  database: LedgerDatabase,
  { id, kind: before }: Upload,
  { stored_as, kind, state, received_at }: Found & Pick<Arrival, 'state'>,
): Promise<Recorded> {
  const isNew = kind !== before
  const settled_at = state === 'delivered' ? received_at : null
  const set = { state, kind, stored_as, load: null, settled_at, ...(isNew && { loaded_for: null }) }
  const update = database.updateTable('upload').set(set).where('id', '=', id).returningAll()
  return { upload: await update.executeTakeFirstOrThrow(), isNew }
}
