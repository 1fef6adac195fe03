/**
 * The uploads on record.
 *
 * Invariants:
 *  1. The same bytes have one upload, whoever sent them and however often.
 *  2. An upload is recorded only when its bytes are durable in the inbox, and its record is deleted only when they are lost.
 *  3. `state` follows the catalogue's record of the load; when a crash comes between the two, the loader settles it again.
 */
import type { LoadResult, UploadState } from '@splitcart/shared/receipt.ts'
import { sql } from 'kysely'
import { type Backlog, countByState, type Share, waiting, waitingByKey } from './counts.ts'
import type { LedgerDatabase, LedgerTables, Wish } from './database.ts'
import type { GroupCommit } from './group-commit.ts'

export type Upload = LedgerTables['upload']

/** What is known of an upload when its bytes have landed. */
export type Arrival = Pick<
  Upload,
  'id' | 'sha256' | 'filename' | 'stored_as' | 'bytes' | 'lines' | 'wire_bytes' | 'received_at'
>

/** Which uploads to list: the newest first, from before an id on. `keyId`: only those this key has sent; `named`: a part of their names. */
export type UploadQuery = Readonly<{
  before?: string
  state?: UploadState
  keyId?: string
  named?: string
  limit: number
}>

/** What a person wants done with an upload, and why. */
export type WishOf = Readonly<{ wish: Wish; by: string; reason: string }>

/** The uploads in the ledger. */
export class Uploads {
  readonly #database: LedgerDatabase
  readonly #commits: GroupCommit

  constructor(database: LedgerDatabase, commits: GroupCommit) {
    this.#database = database
    this.#commits = commits
  }

  /** Records an upload and who sent it. When these bytes are on record already, gives that record, with `isNew` false. */
  async record(arrival: Arrival, keyId: string | null): Promise<{ upload: Upload; isNew: boolean }> {
    return this.#commits.write(async (transaction) => {
      await transaction
        .insertInto('upload')
        .values({ ...arrival, state: 'accepted' })
        .onConflict((conflict) => conflict.column('sha256').doNothing())
        .executeTakeFirst()
      const upload = await transaction
        .selectFrom('upload')
        .selectAll()
        .where('sha256', '=', arrival.sha256)
        .executeTakeFirstOrThrow()
      if (keyId !== null) await noteDelivery(transaction, upload.id, keyId, arrival.received_at)
      // By its id, not by what was inserted: after a connection was lost with the commit this is done once more.
      return { upload, isNew: upload.id === arrival.id }
    })
  }

  find(id: string): Promise<Upload | undefined> {
    return this.#database.selectFrom('upload').selectAll().where('id', '=', id).executeTakeFirst()
  }

  /** The uploads with some ids, in no order; at most some hundreds at once. */
  findAll(ids: readonly string[]): Promise<Upload[]> {
    return ids.length === 0
      ? Promise.resolve([])
      : this.#database.selectFrom('upload').selectAll().where('id', 'in', ids).execute()
  }

  findBySha256(sha256: string): Promise<Upload | undefined> {
    return this.#database.selectFrom('upload').selectAll().where('sha256', '=', sha256).executeTakeFirst()
  }

  /** The upload whose bytes lie in the inbox under a name, unless it has been dealt with. */
  findWaiting(storedAs: string): Promise<Upload | undefined> {
    return this.#database
      .selectFrom('upload')
      .selectAll()
      .where('stored_as', '=', storedAs)
      .where('state', 'in', ['accepted', 'loading'])
      .executeTakeFirst()
  }

  /** The uploads whose files should lie in the inbox, the oldest first: not dealt with, and nobody wants anything of them. */
  open(): Promise<Upload[]> {
    return this.#database
      .selectFrom('upload')
      .selectAll()
      .where('state', 'in', ['accepted', 'loading'])
      .where('wish', 'is', null)
      .orderBy('id')
      .execute()
  }

  list(query: UploadQuery): Promise<Upload[]> {
    let select = this.#database.selectFrom('upload').selectAll('upload').orderBy('upload.id', 'desc').limit(query.limit)
    if (query.before !== undefined) select = select.where('upload.id', '<', query.before)
    if (query.state !== undefined) select = select.where('upload.state', '=', query.state)
    if (query.named !== undefined)
      select = select.where(sql<boolean>`instr(lower(filename), ${inSmallLetters(query.named)}) > 0`)
    if (query.keyId !== undefined) {
      const sent = this.#database.selectFrom('delivery').select('upload_id').where('key_id', '=', query.keyId)
      select = select.where('upload.id', 'in', sent)
    }
    return select.execute()
  }

  /** The key that sent an upload first; undefined for a file that was copied into the inbox by hand. */
  async firstSender(uploadId: string): Promise<string | undefined> {
    const found = await this.#database
      .selectFrom('delivery')
      .select('key_id')
      .where('upload_id', '=', uploadId)
      .orderBy('first_at')
      .executeTakeFirst()
    return found?.key_id
  }

  /** Whether a key has sent this upload. */
  async hasDelivered(keyId: string, uploadId: string): Promise<boolean> {
    const found = await this.#database
      .selectFrom('delivery')
      .select('times')
      .where('upload_id', '=', uploadId)
      .where('key_id', '=', keyId)
      .executeTakeFirst()
    return found !== undefined
  }

  /** How many files a key has sent since a time that it had not sent before, and their bytes on the wire. */
  async sentSince(keyId: string, at: number): Promise<{ files: number; bytes: number }> {
    const { files, bytes } = await this.#database
      .selectFrom('delivery')
      .innerJoin('upload', 'upload.id', 'delivery.upload_id')
      .select(({ fn }) => [fn.countAll<number>().as('files'), fn.sum<number | null>('upload.wire_bytes').as('bytes')])
      .where('delivery.key_id', '=', keyId)
      .where('delivery.first_at', '>=', at)
      .executeTakeFirstOrThrow()
    return { files, bytes: bytes ?? 0 }
  }

  async markLoading(id: string, at: number): Promise<void> {
    await this.#database.updateTable('upload').set({ state: 'loading', loading_at: at }).where('id', '=', id).execute()
  }

  /** Records how the load of an upload ended. */
  async settle(id: string, state: UploadState, result: LoadResult, at: number): Promise<void> {
    await this.#database
      .updateTable('upload')
      .set({ state, load: JSON.stringify(result), settled_at: at })
      .where('id', '=', id)
      .execute()
  }

  /** Records what a person wants done with an upload. It replaces an earlier wish that has not been fulfilled. */
  async wish(id: string, wish: Wish, by: string, reason: string): Promise<void> {
    const set = { wish, wished_by: by, wish_reason: reason }
    await this.#database.updateTable('upload').set(set).where('id', '=', id).execute()
  }

  /** The same for an upload in one of some states of which nothing is wanted yet. False: it is not so. */
  async wishFrom(id: string, states: readonly UploadState[], { wish, by, reason }: WishOf): Promise<boolean> {
    const result = await this.#database
      .updateTable('upload')
      .set({ wish, wished_by: by, wish_reason: reason })
      .where('id', '=', id)
      .where('state', 'in', states)
      .where('wish', 'is', null)
      .executeTakeFirst()
    return result.numUpdatedRows === 1n
  }

  /** The uploads of which something is wanted, the oldest first. */
  wished(): Promise<Upload[]> {
    return this.#database.selectFrom('upload').selectAll().where('wish', 'is not', null).orderBy('id').execute()
  }

  async clearWish(id: string): Promise<void> {
    const set = { wish: null, wished_by: null, wish_reason: null }
    await this.#database.updateTable('upload').set(set).where('id', '=', id).execute()
  }

  /** The uploads a person may mean: by its id, its SHA-256 or its file name; at most two. */
  meant(text: string): Promise<Upload[]> {
    return this.#database
      .selectFrom('upload')
      .selectAll()
      .where(({ or, eb }) => or([eb('id', '=', text), eb('sha256', '=', text), eb('filename', '=', text)]))
      .limit(2)
      .execute()
  }

  /** Forgets an upload whose bytes are lost, so that it can be sent again. */
  async forget(id: string): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('delivery').where('upload_id', '=', id).execute()
      await transaction.deleteFrom('upload').where('id', '=', id).execute()
    })
  }

  /** When the newest upload that has been dealt with was; null: none has been. */
  async lastSettled(): Promise<number | null> {
    const newest = await Promise.all(
      (['loaded', 'held', 'failed'] as const).map(
        async (state) => (await this.list({ state, limit: 1 }))[0]?.settled_at,
      ),
    )
    return newest.reduce<number | null>((latest, at) => Math.max(latest ?? 0, at ?? 0) || null, null)
  }

  /** The ids of the uploads that some bytes came with, by their SHA-256; at most some hundreds at once. */
  async idsOf(sha256s: readonly string[]): Promise<Map<string, string>> {
    if (sha256s.length === 0) return new Map()
    const found = await this.#database
      .selectFrom('upload')
      .select(['id', 'sha256'])
      .where('sha256', 'in', sha256s)
      .execute()
    return new Map(found.map(({ id, sha256 }) => [sha256, id]))
  }

  /** How many uploads arrived at or after a time (in milliseconds), of all states or one; it stops counting at `max`. */
  async countSince(time: number, max: number, state?: UploadState): Promise<number> {
    let select = this.#database.selectFrom('upload').select('id').where('id', '>=', firstIdOf(time)).limit(max)
    if (state !== undefined) select = select.where('state', '=', state)
    const counted = this.#database
      .selectFrom(select.as('counted'))
      .select(({ fn }) => fn.countAll<number>().as('count'))
    return (await counted.executeTakeFirstOrThrow()).count
  }

  /** What waits to be loaded. */
  waiting(): Promise<Backlog> {
    return waiting(this.#database)
  }

  /** What waits to be loaded of each key, by its id. */
  waitingByKey(): Promise<Record<string, Share>> {
    return waitingByKey(this.#database)
  }

  /** How many uploads are in each state. */
  countByState(): Promise<Record<UploadState, number>> {
    return countByState(this.#database)
  }
}

/** The ids begin with the time, so that the latest uploads are found without an index on it. */
function firstIdOf(time: number): string {
  const hex = Math.max(0, Math.floor(time)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

/** As the databases do it: only the letters of ASCII have small ones. */
function inSmallLetters(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

async function noteDelivery(database: LedgerDatabase, uploadId: string, keyId: string, at: number): Promise<void> {
  await database
    .insertInto('delivery')
    .values({ upload_id: uploadId, key_id: keyId, first_at: at, last_at: at, times: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['upload_id', 'key_id'])
        .doUpdateSet(({ ref, eb }) => ({ last_at: at, times: eb(ref('delivery.times'), '+', 1) })),
    )
    .execute()
}
