/**
 * The uploads on record.
 *
 * Invariants:
 *  1. The same bytes have one upload, whoever sent them and however often.
 *  2. An upload is recorded only when its bytes are durable in the inbox, and its record goes only to those that are lost (lost.ts).
 *  3. `state` follows the catalogue's record of the load; when a crash comes between the two, the loader settles it again.
 */
import type { LoadResult, UploadState } from '@splitcart/shared/receipt.ts'
import type { Selectable } from 'kysely'
import { type ActionRequest, columnsOf } from './action-request.ts'
import * as counts from './counts.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'
import { isUndecided } from './decided.ts'
import { isNamed } from './named.ts'
import { type Rights, rightsText } from './rights.ts'

export type Upload = Selectable<LedgerTables['upload']>

/** Which uploads to list: the newest first, from before an id on. `keyId`: only those this key has sent; `named`: a part of their names; `ids`: no others;
 * `undecided`: none that a person has discarded or taken out. */
export type UploadQuery = Readonly<{
  before?: string
  state?: UploadState
  keyId?: string
  named?: string
  ids?: readonly string[]
  undecided?: boolean
  limit: number
}>

/** Whether an upload is still to be loaded. */
export function waits({ state }: Pick<Upload, 'state'>): boolean {
  return state === 'accepted' || state === 'loading'
}

/** The uploads in the ledger. */
export class Uploads {
  readonly #database: LedgerDatabase
  /** Whose loads have ended, and the database has not been told. */
  readonly #ended = new Set<string>()

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  find(id: string): Promise<Upload | undefined> {
    return this.#database.selectFrom('upload').selectAll().where('id', '=', id).executeTakeFirst()
  }

  /** The uploads with some ids, in no order; at most some hundreds at once. */
  findAll(ids: readonly string[]): Promise<Upload[]> {
    if (ids.length === 0) return Promise.resolve([])
    return this.#database.selectFrom('upload').selectAll().where('id', 'in', ids).execute()
  }

  findBySha256(sha256: string): Promise<Upload | undefined> {
    return this.#database.selectFrom('upload').selectAll().where('sha256', '=', sha256).executeTakeFirst()
  }

  /** Whether some bytes came with an upload. */
  async has(sha256: string): Promise<boolean> {
    return (await this.findBySha256(sha256)) !== undefined
  }

  /** The upload of some bytes, where a key has sent it. */
  findSent(keyId: string, sha256: string): Promise<Upload | undefined> {
    return this.#database
      .selectFrom('upload')
      .innerJoin('delivery', 'delivery.upload_id', 'upload.id')
      .selectAll('upload')
      .where('upload.sha256', '=', sha256)
      .where('delivery.key_id', '=', keyId)
      .executeTakeFirst()
  }

  /** The upload whose bytes lie in the inbox of a kind under a name, unless it has been dealt with. */
  findWaiting(storedAs: string, kind: string): Promise<Upload | undefined> {
    return this.#database
      .selectFrom('upload')
      .selectAll()
      .where('stored_as', '=', storedAs)
      .where('kind', '=', kind)
      .where('state', 'in', ['accepted', 'loading'])
      .executeTakeFirst()
  }

  /** The uploads whose files should lie in the inbox, the oldest first: not dealt with, and nobody wants anything of them. */
  open(): Promise<Upload[]> {
    return this.#database
      .selectFrom('upload')
      .selectAll()
      .where('state', 'in', ['accepted', 'loading'])
      .where('action', 'is', null)
      .orderBy('id')
      .execute()
  }

  list(query: UploadQuery): Promise<Upload[]> {
    return this.#listed(query).selectAll('upload').execute()
  }

  /** The same of very many: which they are, and since when they are so. */
  listBriefly(query: UploadQuery): Promise<Pick<Upload, 'id' | 'received_at' | 'settled_at'>[]> {
    return this.#listed(query).select(['upload.id', 'upload.received_at', 'upload.settled_at']).execute()
  }

  #listed({ named, ...query }: UploadQuery) {
    const found = this.#found(query)
    if (named === undefined) return found
    // From the index upload_named: whole records are read only of those that have the name.
    return this.#found({ limit: query.limit }).where('upload.id', 'in', found.where(isNamed(named)).select('upload.id'))
  }

  #found({ before, ids, state, undecided, keyId, limit }: Omit<UploadQuery, 'named'>) {
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

  /** How many files a key has sent since a time that it had not sent before, and their bytes on the wire. */
  async sentSince(keyId: string, at: number): Promise<{ files: number; bytes: number }> {
    const sent = this.#database.selectFrom('delivery').innerJoin('upload', 'upload.id', 'delivery.upload_id')
    const { files, bytes } = await sent
      .select(({ fn }) => [fn.countAll<number>().as('files'), fn.sum<number | null>('upload.wire_bytes').as('bytes')])
      .where('delivery.key_id', '=', keyId)
      .where('delivery.first_at', '>=', at)
      .executeTakeFirstOrThrow()
    return { files, bytes: bytes ?? 0 }
  }

  /** Its load begins, which may write so much. */
  async markLoading(id: string, at: number, rights: Rights): Promise<void> {
    const set = { state: 'loading', loading_at: at, loaded_for: rightsText(rights) }
    const update = this.#database.updateTable('upload').set(set).where('id', '=', id)
    await update.set((eb) => ({ load_attempts: eb('load_attempts', '+', 1) })).execute()
  }

  /** It is read as it came from now on. */
  async endRepair(id: string): Promise<void> {
    await this.#database.updateTable('upload').set({ repair: null }).where('id', '=', id).execute()
  }

  /** Its load was ended by an error: whatever that was, the loader has survived it. What cannot be written now is by `endAttempts`. */
  async endAttempt(id: string): Promise<void> {
    this.#ended.add(id)
    await this.endAttempts().catch(() => {})
  }

  /** Writes of which loads this process has survived the end, where the database could not be reached then. */
  async endAttempts(): Promise<void> {
    const ids = [...this.#ended]
    if (ids.length === 0) return
    await this.#database.updateTable('upload').set({ load_attempts: 0 }).where('id', 'in', ids).execute()
    for (const id of ids) this.#ended.delete(id)
  }

  /** Records that an upload is held that no loader could finish. */
  async setAside(id: string, result: LoadResult, at: number): Promise<void> {
    const set = { state: 'held', load: JSON.stringify(result), settled_at: at }
    await this.#database.updateTable('upload').set(set).where('id', '=', id).execute()
  }

  /** A person has decided about an upload: no delivery has it loaded again. */
  async decide(id: string): Promise<void> {
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

  /** Records that what the program does not load itself lies in the inbox of its kind. */
  async deliver(id: string, stored_as: string, at: number): Promise<void> {
    const set = { state: 'delivered', stored_as, settled_at: at }
    await this.#database.updateTable('upload').set(set).where('id', '=', id).execute()
  }

  /** Records what a person wants done with an upload. It replaces an earlier one that has not been carried out. */
  async requestAction(id: string, action: ActionRequest): Promise<void> {
    await this.#database.updateTable('upload').set(columnsOf(action)).where('id', '=', id).execute()
  }

  /** The same for an upload in one of some states of which nothing is wanted yet. False: it is not so. */
  async requestActionFrom(id: string, states: readonly UploadState[], action: ActionRequest): Promise<boolean> {
    const result = await this.#database
      .updateTable('upload')
      .set(columnsOf(action))
      .where('id', '=', id)
      .where('state', 'in', states)
      .where('action', 'is', null)
      .executeTakeFirst()
    return result.numUpdatedRows === 1n
  }

  /** The uploads of which something is wanted, the oldest first. */
  withAction(): Promise<Upload[]> {
    return this.#database.selectFrom('upload').selectAll().where('action', 'is not', null).orderBy('id').execute()
  }

  async clearAction(id: string): Promise<void> {
    const set = { action: null, action_by: null, action_reason: null }
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

  /** When the newest upload that has been dealt with was; null: none has been. */
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

  /** How many uploads arrived at or after a time (in milliseconds), of all or some; it stops counting at `max`. */
  countSince(time: number, max: number, some: Pick<UploadQuery, 'state' | 'undecided'> = {}): Promise<number> {
    return counts.countSince(this.#database, { ...some, time, max })
  }

  /** What waits to be loaded. */
  waiting(): Promise<counts.Backlog> {
    return counts.waiting(this.#database)
  }

  /** What waits to be loaded of each key, by its id. */
  waitingByKey(): Promise<Record<string, counts.Share>> {
    return counts.waitingByKey(this.#database)
  }

  /** What all loads have done, whoever made them. */
  loadTotals(): Promise<counts.LoadTotals> {
    return counts.loadTotals(this.#database)
  }

  /** How many uploads are in each state. */
  countByState(): Promise<Record<UploadState, number>> {
    return counts.countByState(this.#database)
  }
}
