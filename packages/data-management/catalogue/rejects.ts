/** The rejected rows of a load, in the order of their lines. */
import type { Rejection } from '@splitcart/shared/row.ts'
import type { Sql } from '../database/sql.ts'
import type { NamedStore } from './hold-preview.ts'

/** A reject on record; `raw` holds the first bytes of the line, and is null where too many lines of a file were rejected. */
export type StoredReject = Readonly<{
  line: number
  code: string
  field: string | null
  reason: string
  raw: Uint8Array | null
}>

/** The most rejects of a file that keep their `raw` bytes; without it, a bad file could fill the database. */
export const REJECTS_WITH_RAW_MAX = 10_000

const PAGE_REJECTS = 500

/** All rejects of a load, read page by page so that a slow consumer keeps no transaction open. */
export async function* rejectsOf(database: Sql, sha256: string): AsyncGenerator<StoredReject> {
  for (let after: number | null = 0; after !== null; ) {
    const page: RejectsPage = await rejectsPage(database, sha256, after)
    yield* page.rejects
    after = page.next
  }
}

/** A page of a load's rejects, and the line that the next page begins after (null: this is the last page). */
export type RejectsPage = Readonly<{ rejects: readonly StoredReject[]; next: number | null }>

/** The page of rejects after a line. */
export async function rejectsPage(database: Sql, sha256: string, after: number): Promise<RejectsPage> {
  const rejects = await database.all<StoredReject>(
    `select line, code, field, reason, raw from reject join load on load.id = load_id
      where sha256 = ? and line > ? order by line limit ${PAGE_REJECTS}`,
    sha256,
    after,
  )
  return { rejects, next: rejects.length < PAGE_REJECTS ? null : rejects.at(-1)!.line }
}

/** Counts rejects by code, field, and reason without the rejected value (`seen`). A group keeps its first reason. */
export class RejectGroups {
  readonly #groups = new Map<string, CountedGroup>()

  add(line: number, { code, field, reason, seen }: Rejection): void {
    const reasonWithoutValue = seen === undefined ? reason : reason.replace(seen, '')
    const key = `${code}\0${field ?? ''}\0${reasonWithoutValue}`
    const group = this.#groups.get(key)
    if (group === undefined) this.#groups.set(key, { code, field: field ?? '', reason, count: 1, line })
    else {
      group.count++
      if (line < group.line) Object.assign(group, { reason, line })
    }
  }

  /** All groups in the order of their first lines. */
  get all(): CountedGroup[] {
    return [...this.#groups.values()].toSorted((one, other) => one.line - other.line)
  }
}

type CountedGroup = { code: string; field: string; reason: string; count: number; line: number }

/**
 * Stores the reject counts of a load, for queries over many loads. Their company and store are those that the whole
 * file has in common: of `stores` if the load was not applied, else of the stores of its scrapes.
 */
export async function countRejects(
  database: Sql,
  loadId: number,
  groups: readonly CountedGroup[],
  stores?: readonly NamedStore[],
): Promise<void> {
  const { company, store_id, store_name } = commonStore(stores ?? (await storesOfLoad(database, loadId)))
  const counted = new Set<string>()
  for (const { code, field, reason, count, line } of groups) {
    const isFirst = !counted.has(`${code}\0${field}`)
    counted.add(`${code}\0${field}`)
    await database.run(
      `insert into reject_group (load_id, code, field, reason, count, first_line, company, store_id, store_name, finished_at, is_first)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, (select finished_at from load where id = ?1), ?10)`,
      ...[loadId, code, field, reason, count, line, company, store_id, store_name, isFirst ? 1 : 0],
    )
  }
}

async function storesOfLoad(database: Sql, loadId: number): Promise<NamedStore[]> {
  return await database.all(
    `select distinct company.shown as company, store.shown as store_id, store.name as store_name
      from scrape join store on store.id = store_id join company on company.id = company_id where load_id = ?`,
    loadId,
  )
}

/** What all of the stores have in common. */
function commonStore(stores: readonly NamedStore[]): Record<keyof NamedStore, string | null> {
  const [first] = stores
  const isOneCompany = stores.every(({ company }) => company === first?.company)
  const isOneStore = isOneCompany && stores.every(({ store_id }) => store_id === first?.store_id)
  return {
    company: isOneCompany ? (first?.company ?? null) : null,
    store_id: isOneStore ? (first?.store_id ?? null) : null,
    store_name: isOneStore ? (first?.store_name ?? null) : null,
  }
}

/** A load with rejected rows. */
export type RejectedLoad = Readonly<{ sha256: string; filename: string; state: string; rows: number; rejected: number }>

/** One reason for which rows of a load were rejected, how often, and where first. */
export type RejectGroup = Readonly<{
  code: string
  field: string | null
  reason: string
  count: number
  first_line: number
}>

const LOADS_MAX = 1_000

/** The latest loads that rejected rows, the newest first. */
export async function rejectedLoads(database: Sql): Promise<RejectedLoad[]> {
  const sql = `select sha256, filename, state, rows, rejected from load where rejected > 0 order by id desc limit ${LOADS_MAX}`
  return await database.all(sql)
}

/** The reasons of a load's rejects, the most frequent first. */
export async function rejectGroups(database: Sql, sha256: string): Promise<RejectGroup[]> {
  return await database.all(
    `select code, nullif(field, '') as field, reason, count, first_line
      from reject_group join load on load.id = load_id where sha256 = ? order by count desc, first_line`,
    sha256,
  )
}
