/** People's verdicts on pairs of listings. Rows are never deleted: one taken back stays, with by whom and when. */
import type { ListingName } from '../catalogue/catalogue.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'
import { undoRecord, versionOfRecords } from './undo-record.ts'

/** The possible verdicts. */
export const VERDICTS = ['same', 'comparable', 'not_same'] as const
export type VerdictWord = (typeof VERDICTS)[number]

/** A verdict on record. */
export type VerdictRecord = Readonly<{
  id: number
  one: ListingName
  other: ListingName
  verdict: VerdictWord
  at: number
  who: string
  reason: string | null
  undoneAt: number | null
  undoneBy: string | null
}>

/** A verdict to record. */
export type NewVerdict = Pick<VerdictRecord, 'one' | 'other' | 'verdict' | 'at' | 'who' | 'reason'>

/** The verdicts of a ledger. */
export class Verdicts {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Records a verdict and returns its id. */
  async add({ one, other, verdict, at, who, reason }: NewVerdict): Promise<number> {
    const [first, second] = sortedPair(one, other)
    const made = await this.#database
      .insertInto('verdict')
      .values({
        company: first.company,
        by_name: first.byName,
        code: first.code,
        other_company: second.company,
        other_by_name: second.byName,
        other_code: second.code,
        verdict,
        at,
        who,
        reason,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    return Number(made.id)
  }

  /** Takes a verdict back, and audits it; false if there is none with this id, or it was taken back already. */
  async undo(id: string, who: string, at: number): Promise<boolean> {
    return await undoRecord(this.#database, 'verdict', { id, who, at })
  }

  /** The verdicts on record, newest first: all, or a page of those with ids below `before`. */
  async list({
    before,
    limit,
  }: Readonly<{ before?: number | undefined; limit?: number }> = {}): Promise<VerdictRecord[]> {
    let query = this.#database.selectFrom('verdict').selectAll().orderBy('id', 'desc')
    if (before !== undefined) query = query.where('id', '<', before)
    if (limit !== undefined) query = query.limit(limit)
    return (await query.execute()).map(recordOf)
  }

  /** The verdict with an id, also if it was taken back or superseded. */
  async find(id: number): Promise<VerdictRecord | undefined> {
    const found = await this.#database.selectFrom('verdict').selectAll().where('id', '=', id).executeTakeFirst()
    return found && recordOf(found)
  }

  /** The verdict in force for each pair, newest first. */
  async current(): Promise<VerdictRecord[]> {
    return verdictsInForce(await this.list())
  }

  /** The verdicts in force for pairs that contain one of these listings. */
  async findFor(listings: readonly ListingName[]): Promise<VerdictRecord[]> {
    if (listings.length === 0) return []
    const codes = [...new Set(listings.map(({ code }) => code))]
    const found = await this.#database
      .selectFrom('verdict')
      .selectAll()
      .where((is) => is.or([is('code', 'in', codes), is('other_code', 'in', codes)]))
      .orderBy('id', 'desc')
      .execute()
    const named = new Set(listings.map((listing) => JSON.stringify(listingKeyParts(listing))))
    const isOneOfThem = (listing: ListingName) => named.has(JSON.stringify(listingKeyParts(listing)))
    return verdictsInForce(found.map(recordOf)).filter(({ one, other }) => isOneOfThem(one) || isOneOfThem(other))
  }

  /** A version text, different after each verdict that is given or taken back. */
  async version(): Promise<string> {
    return await versionOfRecords(this.#database, 'verdict')
  }
}

function verdictsInForce(newestFirst: readonly VerdictRecord[]): VerdictRecord[] {
  const latest = new Map<string, VerdictRecord>()
  for (const record of newestFirst) {
    const pair = JSON.stringify([record.one, record.other])
    if (record.undoneAt === null && !latest.has(pair)) latest.set(pair, record)
  }
  return [...latest.values()]
}

/** The two listings in a fixed order, so that a pair is the same whichever is named first. */
function sortedPair(one: ListingName, other: ListingName): [ListingName, ListingName] {
  return JSON.stringify(listingKeyParts(one)) < JSON.stringify(listingKeyParts(other)) ? [one, other] : [other, one]
}

function listingKeyParts({ company, byName, code }: ListingName): (string | number)[] {
  return [company, byName, code]
}

function recordOf(record: Omit<LedgerTables['verdict'], 'id'> & { id: number }): VerdictRecord {
  return {
    id: Number(record.id),
    one: { company: record.company, byName: record.by_name === 1 ? 1 : 0, code: record.code },
    other: { company: record.other_company, byName: record.other_by_name === 1 ? 1 : 0, code: record.other_code },
    verdict: record.verdict as VerdictWord,
    at: record.at,
    who: record.who,
    reason: record.reason,
    undoneAt: record.undone_at,
    undoneBy: record.undone_by,
  }
}
