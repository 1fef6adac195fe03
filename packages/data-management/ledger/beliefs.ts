/**
 * Beliefs: rules whose findings people accept for a company or store from now on. Rows are never deleted: a belief that
 * is taken back stays, with who took it back.
 */
import { foldedCode } from '@splitcart/shared/codes.ts'
import { type Belief, type BeliefInForce, coveringBelief } from '@splitcart/shared/truth/beliefs.ts'
import { FILE_RULES } from '@splitcart/shared/truth/judge.ts'
import { RULES } from '@splitcart/shared/truth/rules.ts'
import type { Selectable } from 'kysely'
import type { LedgerDatabase, LedgerTables } from './database.ts'
import { undoRecord } from './undo-record.ts'

/** A belief on record, also one that was taken back. */
export type BeliefRecord = BeliefInForce &
  Readonly<{ who: string; reason: string | null; undoneAt: string | null; undoneBy: string | null }>

/** A belief to record, with its author, time and reason. */
export type NewBelief = Belief & Readonly<{ at: number; who: string; reason: string | null }>

/** Rules that cannot be believed: a date in the future would count as "now" until it has come. */
export const NOT_BELIEVABLE: ReadonlySet<string> = new Set(['date_ahead'])

/** Why people cannot accept the findings of this rule from now on; undefined if they can. */
export function whyNotBelievable(rule: string): string | undefined {
  if (Object.hasOwn(FILE_RULES, rule)) return `${rule} is said of a file, not of a company`
  if (NOT_BELIEVABLE.has(rule)) return `${rule} cannot be believed: that date would be "now" until it comes`
  if (Object.hasOwn(RULES, rule)) return undefined
  return `${rule} is no rule; expected one of ${Object.keys(RULES).join(', ')}`
}

/** The subject of a belief as text for people. */
export function describeBelief({ company, store, rule, field }: Belief): string {
  return `${company}${store === null ? '' : `/${store}`} ${rule}${field === null ? '' : ` of ${field}`}`
}

/** The beliefs of a ledger. */
export class Beliefs {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Records a belief and returns it; if the same is in force already, returns that one. */
  async add({ company, store, ...rest }: NewBelief): Promise<BeliefRecord> {
    const folded = { company: foldedCode(company), store: store === null ? null : foldedCode(store), ...rest }
    const current = await this.current()
    const known = coveringBelief(current, folded)
    if (known !== undefined) return current.find(({ id }) => id === known.id)!
    return recordOf(await this.#database.insertInto('belief').values(folded).returningAll().executeTakeFirstOrThrow())
  }

  /** Takes a belief back, and audits it; false if there is none with this id, or it was taken back already. */
  async undo(id: string, who: string, at: number): Promise<boolean> {
    return await undoRecord(this.#database, 'belief', { id, who, at })
  }

  /** All beliefs on record, the newest first. */
  async list(): Promise<BeliefRecord[]> {
    return (await this.#database.selectFrom('belief').selectAll().orderBy('id', 'desc').execute()).map(recordOf)
  }

  /** The beliefs in force, oldest first. */
  async current(): Promise<BeliefRecord[]> {
    const found = this.#database.selectFrom('belief').selectAll().where('undone_at', 'is', null)
    return (await found.orderBy('id').execute()).map(recordOf)
  }
}

function recordOf(record: Selectable<LedgerTables['belief']>): BeliefRecord {
  const { id, company, store, rule, field, at, who, reason, undone_at, undone_by } = record
  const undoneAt = undone_at === null ? null : new Date(Number(undone_at)).toISOString()
  const since = new Date(Number(at)).toISOString()
  return { id: Number(id), company, store, rule, field, since, who, reason, undoneAt, undoneBy: undone_by }
}
