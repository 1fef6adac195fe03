/**
 * The uploads on record.
 *
 * Invariants:
 *  1. The same bytes have one upload, whoever sent them and however often.
 *  2. An upload is recorded only when its bytes are durable in the inbox; its record only ever moves to the lost ones
 *     (lost.ts).
 *  3. `state` follows the catalogue's record of the load; when a crash comes between the two, the loader settles it again.
 */
import type { LoadResult, UploadState } from '@splitcart/shared/receipt.ts'
import type { Selectable } from 'kysely'
import { type ActionRequest, actionColumns } from './action-request.ts'
import * as counts from './counts.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'
import { isUndecided } from './decided.ts'
import { fileNameContains } from './file-name-filter.ts'
import { joinedRights, type Rights } from './rights.ts'

export type Upload = Selectable<LedgerTables['upload']>

/** Filters of uploads, newest first. `before`: ids below this one; `keyId`: sent by this key; `nameContains`: part of the
 * file name; `ids`: only these; `undecided`: not discarded or undone by a person. */
export type UploadQuery = Readonly<{
  before?: string
  state?: UploadState
  keyId?: string
  nameContains?: string
  ids?: readonly string[]
  undecided?: boolean
  limit: number
}>

/** Whether an upload is still to be loaded. */
export function isWaiting({ state }: Pick<Upload, 'state'>): boolean {
  return state === 'accepted' || state === 'loading'
}

/** The uploads in the ledger. */
export class Uploads {
  readonly #database: LedgerDatabase
  /** Ids of uploads whose load attempt ended, but whose `load_attempts` could not be reset in the database yet. */
  readonly #attemptsToReset = new Set<string>()

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  find(id: string): Promise<Upload | undefined> {
    return this.#database.selectFrom('upload').selectAll().where('id', '=', id).executeTakeFirst()
  }

  /** The uploads with these ids, in no particular order; pass at most a few hundred ids. */
  findAll(ids: readonly string[]): Promise<Upload[]> {
    if (ids.length === 0) return Promise.resolve([])
    return this.#database.selectFrom('upload').selectAll().where('id', 'in', ids).execute()
  }

  findBySha256(sha256: string): Promise<Upload | undefined> {
    return this.#database.selectFrom('upload').selectAll().where('sha256', '=', sha256).executeTakeFirst()
  }

  /** Whether an upload with these bytes is on record. */
  async has(sha256: string): Promise<boolean> {
    return (await this.findBySha256(sha256)) !== undefined
  }

  /** The upload with these bytes, if this key has sent it. */
  findSentBy(keyId: string, sha256: string): Promise<Upload | undefined> {
    return this.#database
      .selectFrom('upload')
      .innerJoin('delivery', 'delivery.upload_id', 'upload.id')
      .selectAll('upload')
      .where('upload.sha256', '=', sha256)
      .where('delivery.key_id', '=', keyId)
      .executeTakeFirst()
  }

  /** The upload that is stored under this name in the inbox of a kind, if it is not settled yet. */
  findWaiting(storedAs: string, kind: string): Promise<Upload | undefined> {
    return this.#database
      .selectFrom('upload')
      .selectAll()
      .where('stored_as', '=', storedAs)
      .where('kind', '=', kind)
      .where('state', 'in', ['accepted', 'loading'])
      .executeTakeFirst()
  }

  /** The uploads whose files should lie in the inbox, oldest first: neither settled nor with a requested action. */
  listWaiting(): Promise<Upload[]> {
    return this.#database
      .selectFrom('upload')
      .selectAll()
      .where('state', 'in', ['accepted', 'loading'])
      .where('action', 'is', null)
      .orderBy('id')
      .execute()
  }

  list(query: UploadQuery): Promise<Upload[]> {
    return this.#selectListed(query).selectAll('upload').execute()
  }

  /** Like `list`, but only ids and times: for very long lists. */
  listBriefly(query: UploadQuery): Promise<Pick<Upload, 'id' | 'received_at' | 'settled_at'>[]> {
    return this.#selectListed(query).select(['upload.id', 'upload.received_at', 'upload.settled_at']).execute()
  }

  #selectListed({ nameContains, ...query }: UploadQuery) {
    const found = this.#selectFiltered(query)
    if (nameContains === undefined) return found
    // The subquery is answered from the index upload_named: whole records are read only for the names that match.
    return this.#selectFiltered({ limit: query.limit }).where(
      'upload.id',
      'in',
      found.where(fileNameContains(nameContains)).select('upload.id'),
    )
  }

  #selectFiltered({ before, ids, state, undecided, keyId, limit }: Omit<UploadQuery, 'nameContains'>) {
    let select = this.#database.selectFrom('upload').orderBy('upload.id', 'desc').limit(limit)
    if (before !== undefined) select = select.where('upload.id', '<', before)
    if (ids !== undefined) select = select.where('upload.id', 'in', ids)
    if (state !== undefined) select = select.where('upload.state', '=', state)
    if (undecided === true) select = select.where(isUndecided())
    if (keyId === undefined) return select
    const sent = this.#database.selectFrom('delivery').select('upload_id').where('key_id', '=', keyId)
    return select.where('upload.id', 'in', sent)
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

  /** How many files a key has sent for the first time since a time, and the sum of their bytes on the wire. */
  async sentSince(keyId: string, at: number): Promise<{ files: number; bytes: number }> {
    const sent = this.#database.selectFrom('delivery').innerJoin('upload', 'upload.id', 'delivery.upload_id')
    const { files, bytes } = await sent
      .select(({ fn }) => [fn.countAll<number>().as('files'), fn.sum<number | null>('upload.wire_bytes').as('bytes')])
      .where('delivery.key_id', '=', keyId)
      .where('delivery.first_at', '>=', at)
      .executeTakeFirstOrThrow()
    return { files, bytes: bytes ?? 0 }
  }

  /** Records that a load begins, which may write what `rights` allow, and counts the attempt. */
  async markLoading(id: string, at: number, rights: Rights): Promise<void> {
    const set = { state: 'loading', loading_at: at, loaded_for: joinedRights(rights) }
    const update = this.#database.updateTable('upload').set(set).where('id', '=', id)
    await update.set((eb) => ({ load_attempts: eb('load_attempts', '+', 1) })).execute()
  }

  /** Drops the repair of an upload: from now on its file is read unchanged. */
  async removeRepair(id: string): Promise<void> {
    await this.#database.updateTable('upload').set({ repair: null }).where('id', '=', id).execute()
  }

  /** Resets the attempts of an upload whose load failed but left the loader alive; `writePendingResets` retries the write. */
  async resetAttempts(id: string): Promise<void> {
    this.#attemptsToReset.add(id)
    await this.writePendingResets().catch(() => {})
  }

  /** Writes the resets of `resetAttempts` that failed because the database could not be reached. */
  async writePendingResets(): Promise<void> {
    const ids = [...this.#attemptsToReset]
    if (ids.length === 0) return
    await this.#database.updateTable('upload').set({ load_attempts: 0 }).where('id', 'in', ids).execute()
    for (const id of ids) this.#attemptsToReset.delete(id)
  }

  /** Holds an upload whose load no loader could finish. */
  async holdUnloaded(id: string, result: LoadResult, at: number): Promise<void> {
    const set = { state: 'held', load: JSON.stringify(result), settled_at: at }
    await this.#database.updateTable('upload').set(set).where('id', '=', id).execute()
  }

  /** Records that a person has decided about an upload: no later delivery causes it to be loaded again. */
  async markDecided(id: string): Promise<void> {
    await this.#database.updateTable('upload').set({ loaded_for: null }).where('id', '=', id).execute()
  }

  /** Records how the load of an upload ended. */
  async settle(id: string, state: UploadState, result: LoadResult, at: number): Promise<void> {
    await this.#database
      .updateTable('upload')
      .set({ state, load: JSON.stringify(result), settled_at: at, load_attempts: 0 })
      .where('id', '=', id)
      .execute()
  }

  /** Records that an upload of a kind that is not loaded here lies in the inbox of its kind. */
  async markDelivered(id: string, stored_as: string, at: number): Promise<void> {
    const set = { state: 'delivered', stored_as, settled_at: at }
    await this.#database.updateTable('upload').set(set).where('id', '=', id).execute()
  }

  /** Records the action a person requests for an upload. It replaces an earlier one that has not been carried out. */
  async requestAction(id: string, action: ActionRequest): Promise<void> {
    await this.#database.updateTable('upload').set(actionColumns(action)).where('id', '=', id).execute()
  }

  /** Like `requestAction`, if the upload is in one of `states` and has no action yet; returns whether it was. */
  async requestActionFrom(id: string, states: readonly UploadState[], action: ActionRequest): Promise<boolean> {
    const result = await this.#database
      .updateTable('upload')
      .set(actionColumns(action))
      .where('id', '=', id)
      .where('state', 'in', states)
      .where('action', 'is', null)
      .executeTakeFirst()
    return result.numUpdatedRows === 1n
  }

  /** The uploads with a requested action, oldest first. */
  withAction(): Promise<Upload[]> {
    return this.#database.selectFrom('upload').selectAll().where('action', 'is not', null).orderBy('id').execute()
  }

  async clearAction(id: string): Promise<void> {
    const set = { action: null, action_by: null, action_reason: null }
    await this.#database.updateTable('upload').set(set).where('id', '=', id).execute()
  }

  /** The uploads whose id, SHA-256 or file name is `text`; at most two, enough to see whether it is ambiguous. */
  findByReference(text: string): Promise<Upload[]> {
    return this.#database
      .selectFrom('upload')
      .selectAll()
      .where(({ or, eb }) => or([eb('id', '=', text), eb('sha256', '=', text), eb('filename', '=', text)]))
      .limit(2)
      .execute()
  }

  /** When the newest settled upload was settled (milliseconds since 1970); null: none is settled. */
  async lastSettled(): Promise<number | null> {
    const newest = await Promise.all(
      (['loaded', 'held', 'failed', 'delivered'] as const).map(
        async (state) => (await this.list({ state, limit: 1 }))[0]?.settled_at,
      ),
    )
    return newest.reduce<number | null>((latest, at) => Math.max(latest ?? 0, at ?? 0) || null, null)
  }

  /** When the oldest upload on record was received; null: there is none. */
  async firstReceived(): Promise<number | null> {
    const first = this.#database.selectFrom('upload').select('received_at').orderBy('id').limit(1)
    return (await first.executeTakeFirst())?.received_at ?? null
  }

  /** The ids of the uploads with these SHA-256s, by SHA-256; pass at most a few hundred. */
  async idsOf(sha256s: readonly string[]): Promise<Map<string, string>> {
    if (sha256s.length === 0) return new Map()
    const found = await this.#database
      .selectFrom('upload')
      .select(['id', 'sha256'])
      .where('sha256', 'in', sha256s)
      .execute()
    return new Map(found.map(({ id, sha256 }) => [sha256, id]))
  }

  /** How many uploads that match `some` arrived at or after a time (in milliseconds); counting stops at `max`. */
  countSince(time: number, max: number, some: Pick<UploadQuery, 'state' | 'undecided'> = {}): Promise<number> {
    return counts.countSince(this.#database, { ...some, time, max })
  }

  /** The backlog of uploads that wait to be loaded. */
  backlog(): Promise<counts.Backlog> {
    return counts.backlog(this.#database)
  }

  /** The backlog of each key, by key id. */
  backlogByKey(): Promise<Record<string, counts.KeyBacklog>> {
    return counts.backlogByKey(this.#database)
  }

  /** The totals over the loads of all loaders. */
  loadTotals(): Promise<counts.LoadTotals> {
    return counts.loadTotals(this.#database)
  }

  /** How many uploads are in each state. */
  countByState(): Promise<Record<UploadState, number>> {
    return counts.countByState(this.#database)
  }
}
