/** Counts of uploads and of the backlog, mostly from counters that the ledger keeps, so that no table is scanned. */
import { UPLOAD_STATES, type UploadState } from '@splitcart/shared/receipt.ts'
import { sql } from 'kysely'
import type { LedgerDatabase } from './database.ts'
import { isUndecided } from './decided.ts'

/** The backlog: files, bytes, and since when the oldest waits (milliseconds since 1970; null: nothing waits). */
export type Backlog = Readonly<{ files: number; bytes: number; since: number | null }>

/** The part of the backlog that one key sent. */
export type KeyBacklog = Readonly<{ files: number; bytes: number }>

const WAITING = ['accepted', 'loading'] as const

/** The uploads that wait to be loaded. */
export async function backlog(database: LedgerDatabase): Promise<Backlog> {
  const counts = await database.selectFrom('upload_count').selectAll().where('state', 'in', WAITING).execute()
  const sum = (of: 'files' | 'bytes') => counts.reduce((total, count) => total + count[of], 0)
  const oldest = await Promise.all(WAITING.map((state) => oldestInState(database, state)))
  const times = oldest.flatMap((upload) => upload?.received_at ?? [])
  return { files: sum('files'), bytes: sum('bytes'), since: times.length === 0 ? null : Math.min(...times) }
}

function oldestInState(database: LedgerDatabase, state: string) {
  const ofState = database.selectFrom('upload').select('received_at').where('state', '=', state)
  return ofState.orderBy('id').limit(1).executeTakeFirst()
}

/** The backlog of each key, by key id; an upload counts for its first sender. Reads all waiting uploads. */
export async function backlogByKey(database: LedgerDatabase): Promise<Record<string, KeyBacklog>> {
  const { rows } = await sql<KeyBacklog & { key_id: string }>`
    select key_id, count(*) as files, sum(bytes) as bytes from (
      select bytes, (select key_id from delivery where upload_id = upload.id order by first_at, key_id limit 1) as key_id
      from upload where state in ('accepted', 'loading')
    ) as waiting where key_id is not null group by key_id`.execute(database)
  return Object.fromEntries(rows.map(({ key_id, files, bytes }) => [key_id, { files, bytes }]))
}

/** How many uploads are in each state. */
export async function countByState(database: LedgerDatabase): Promise<Record<UploadState, number>> {
  const found = await database.selectFrom('upload_count').select(['state', 'files']).execute()
  const counts = Object.fromEntries(found.map(({ state, files }) => [state, files]))
  return Object.fromEntries(UPLOAD_STATES.map((state) => [state, counts[state] ?? 0])) as Record<UploadState, number>
}

/** How many uploads that match the filters arrived at or after a time; counting stops at `max`. */
export async function countSince(database: LedgerDatabase, query: CountQuery): Promise<number> {
  const { time, max, state, undecided = false } = query
  let select = database.selectFrom('upload').select('id').where('id', '>=', firstIdOf(time)).limit(max)
  if (state !== undefined) select = select.where('state', '=', state)
  if (undecided) select = select.where(isUndecided())
  const counted = database.selectFrom(select.as('counted')).select(({ fn }) => fn.countAll<number>().as('count'))
  return (await counted.executeTakeFirstOrThrow()).count
}

type CountQuery = Readonly<{ time: number; max: number; state?: UploadState; undecided?: boolean }>

/** Ids begin with the time of arrival, so that the latest uploads are found without an index on the time. */
function firstIdOf(time: number): string {
  const hex = Math.max(0, Math.floor(time)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

/** Totals over all loads of all loaders: files by how their load ended, rows of the loaded ones by their outcome. */
export type LoadTotals = Readonly<{
  files: Readonly<Record<'loaded' | 'held' | 'failed', number>>
  rows: Readonly<Record<'inserted' | 'changed' | 'unchanged' | 'duplicate' | 'rejected', number>>
  /** The bytes of loaded files. */
  bytes: number
  milliseconds: number
  /** Loads during which the loader died. */
  deaths: number
}>

/** Reads the totals, which the ledger keeps up to date. */
export async function loadTotals(database: LedgerDatabase): Promise<LoadTotals> {
  const found = await database.selectFrom('load_total').selectAll().execute()
  const of = Object.fromEntries(found.map(({ name, amount }) => [name, amount]))
  const some = <Name extends string>(...names: Name[]) =>
    Object.fromEntries(names.map((name) => [name, of[name] ?? 0])) as Record<Name, number>
  return {
    files: some('loaded', 'held', 'failed'),
    rows: some('inserted', 'changed', 'unchanged', 'duplicate', 'rejected'),
    ...some('bytes', 'milliseconds', 'deaths'),
  }
}

/** When the next working key without a successor expires; null: none will. */
export async function nextKeyExpiry(database: LedgerDatabase, now: number): Promise<number | null> {
  const { next } = await database
    .selectFrom('api_key')
    .select(({ fn }) => fn.min<number | null>('expires_at').as('next'))
    .where('revoked_at', 'is', null)
    .where('rotated_to', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return next
}

/** The working keys without a successor that expire before a time. */
export function keysExpiring(
  database: LedgerDatabase,
  now: number,
  before: number,
): Promise<{ id: string; name: string; expires_at: number | null }[]> {
  return database
    .selectFrom('api_key')
    .select(['id', 'name', 'expires_at'])
    .where('revoked_at', 'is', null)
    .where('rotated_to', 'is', null)
    .where('expires_at', '>', now)
    .where('expires_at', '<', before)
    .orderBy('id')
    .execute()
}
