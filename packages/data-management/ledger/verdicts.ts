/** What people have said of two listings. Nothing is ever removed: a verdict that is taken back stays, with who did so and when. */
import type { ListingName } from '../catalogue/catalogue.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'

/** What can be said. */
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

/** What somebody says. */
export type NewVerdict = Pick<VerdictRecord, 'one' | 'other' | 'verdict' | 'at' | 'who' | 'reason'>

/** The verdicts of a ledger. */
export class Verdicts {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Puts a verdict on record and returns its id. */
  async give({ one, other, verdict, at, who, reason }: NewVerdict): Promise<number> {
    const [first, second] = inOrder(one, other)
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

  /** Takes a verdict back; false when there is none of this id that counts. */
  async undo(id: number, who: string, at: number): Promise<boolean> {
    const taken = await this.#database
      .updateTable('verdict')
      .set({ undone_at: at, undone_by: who })
      .where('id', '=', id)
      .where('undone_at', 'is', null)
      .executeTakeFirst()
    return Number(taken.numUpdatedRows) === 1
  }

  /** The verdicts on record, the newest first: all, or a page of those before one. */
  async list({
    before,
    limit,
  }: Readonly<{ before?: number | undefined; limit?: number }> = {}): Promise<VerdictRecord[]> {
    let query = this.#database.selectFrom('verdict').selectAll().orderBy('id', 'desc')
    if (before !== undefined) query = query.where('id', '<', before)
    if (limit !== undefined) query = query.limit(limit)
    return (await query.execute()).map(recordOf)
  }

  /** One verdict, whether it counts or not. */
  async find(id: number): Promise<VerdictRecord | undefined> {
    const found = await this.#database.selectFrom('verdict').selectAll().where('id', '=', id).executeTakeFirst()
    return found && recordOf(found)
  }

  /** The verdict that counts of each pair, the newest first. */
  async current(): Promise<VerdictRecord[]> {
    return latestOf(await this.list())
  }

  /** The verdicts that count of the pairs to which one of these listings belongs. */
  async about(listings: readonly ListingName[]): Promise<VerdictRecord[]> {
    if (listings.length === 0) return []
    const codes = [...new Set(listings.map(({ code }) => code))]
    const found = await this.#database
      .selectFrom('verdict')
      .selectAll()
      .where((is) => is.or([is('code', 'in', codes), is('other_code', 'in', codes)]))
      .orderBy('id', 'desc')
      .execute()
    const named = new Set(listings.map((listing) => JSON.stringify(namesOf(listing))))
    const isMeant = (listing: ListingName) => named.has(JSON.stringify(namesOf(listing)))
    return latestOf(found.map(recordOf)).filter(({ one, other }) => isMeant(one) || isMeant(other))
  }

  /** Changes whenever a verdict is given or taken back. */
  async version(): Promise<string> {
    const found = await this.#database
      .selectFrom('verdict')
      .select(({ fn }) => [fn.max('id').as('last'), fn.count('undone_at').as('undone')])
      .executeTakeFirst()
    return `${found?.last ?? 0} ${found?.undone ?? 0}`
  }
}

function latestOf(newestFirst: readonly VerdictRecord[]): VerdictRecord[] {
  const latest = new Map<string, VerdictRecord>()
  for (const record of newestFirst) {
    const pair = JSON.stringify([record.one, record.other])
    if (record.undoneAt === null && !latest.has(pair)) latest.set(pair, record)
  }
  return [...latest.values()]
}

/** A pair is one pair, whichever of the two is named first. */
function inOrder(one: ListingName, other: ListingName): [ListingName, ListingName] {
  return JSON.stringify(namesOf(one)) < JSON.stringify(namesOf(other)) ? [one, other] : [other, one]
}

function namesOf({ company, byName, code }: ListingName): (string | number)[] {
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
