/** What people believe of companies and stores from now on. Nothing is ever removed: a belief that is taken back stays, with who did so. */
import { foldedCode } from '@splitcart/shared/codes.ts'
import { type Belief, type BeliefSince, beliefIn } from '@splitcart/shared/truth/beliefs.ts'
import { FILE_RULES } from '@splitcart/shared/truth/judge.ts'
import { RULES } from '@splitcart/shared/truth/rules.ts'
import type { Selectable } from 'kysely'
import type { LedgerDatabase, LedgerTables } from './database.ts'

/** A belief on record, also one that was taken back. */
export type BeliefRecord = BeliefSince &
  Readonly<{ who: string; reason: string | null; undoneAt: string | null; undoneBy: string | null }>

/** Who believes something, when and why. */
export type NewBelief = Belief & Readonly<{ at: number; who: string; reason: string | null }>

/** A date that has not come yet would be "now" until it has, whoever believes it. */
export const NEVER_BELIEVED: ReadonlySet<string> = new Set(['date_ahead'])

/** Why nobody can believe what a rule says; undefined: one can. */
export function faultOfBelief(rule: string): string | undefined {
  if (Object.hasOwn(FILE_RULES, rule)) return `${rule} is said of a file, not of a company`
  if (NEVER_BELIEVED.has(rule)) return `${rule} cannot be believed: that date would be "now" until it comes`
  if (Object.hasOwn(RULES, rule)) return undefined
  return `${rule} is no rule; expected one of ${Object.keys(RULES).join(', ')}`
}

/** What a belief is about, for people. */
export function aboutOf({ company, store, rule, field }: Belief): string {
  return `${company}${store === null ? '' : `/${store}`} ${rule}${field === null ? '' : ` of ${field}`}`
}

/** The beliefs of a ledger. */
export class Beliefs {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Puts a belief on record and returns it; where it is believed already, that one. */
  async hold({ company, store, ...rest }: NewBelief): Promise<BeliefRecord> {
    const folded = { company: foldedCode(company), store: store === null ? null : foldedCode(store), ...rest }
    const current = await this.current()
    const known = beliefIn(current, folded)
    if (known !== undefined) return current.find(({ id }) => id === known.id)!
    return recordOf(await this.#database.insertInto('belief').values(folded).returningAll().executeTakeFirstOrThrow())
  }

  /** Takes a belief back; false when there is none of this id that counts. */
  async undo(id: number, who: string, at: number): Promise<boolean> {
    const taken = await this.#database
      .updateTable('belief')
      .set({ undone_at: at, undone_by: who })
      .where('id', '=', id)
      .where('undone_at', 'is', null)
      .executeTakeFirst()
    return Number(taken.numUpdatedRows) === 1
  }

  /** All beliefs on record, the newest first. */
  async list(): Promise<BeliefRecord[]> {
    return (await this.#database.selectFrom('belief').selectAll().orderBy('id', 'desc').execute()).map(recordOf)
  }

  /** Those that count, the oldest first. */
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
