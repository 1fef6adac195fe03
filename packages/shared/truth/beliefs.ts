/** Beliefs: a person's standing decision that what a rule reports of a company or a store is true. Pure. */
import { foldedCode } from '../codes.ts'
import type { Believed, Verdict } from './verdict.ts'

/** A belief. `store` null: of all stores of the company; `field` null: whatever field the rule speaks of. Codes are folded. */
export type Belief = Readonly<{ company: string; store: string | null; rule: string; field: string | null }>

/** A belief on record. `since` is a time, in ISO. */
export type BeliefSince = Belief & Readonly<{ id: number; since: string }>

type About = Pick<Verdict, 'rule' | 'field'> & Readonly<{ company?: string | null; store?: string | null }>

/** The belief that covers a verdict; the oldest if several do. */
export function beliefIn(
  beliefs: readonly BeliefSince[],
  { rule, field, company, store }: About,
): Believed | undefined {
  if (company == null || beliefs.length === 0) return undefined
  const [companyCode, storeCode] = [foldedCode(company), store == null ? null : foldedCode(store)]
  const found = beliefs.find(
    (each) =>
      each.rule === rule &&
      each.company === companyCode &&
      (each.store === null || each.store === storeCode) &&
      (each.field === null || each.field === field),
  )
  return found && { id: found.id, since: found.since }
}

/** The verdict with the belief that covers it, if any. */
export function withBelief(beliefs: readonly BeliefSince[], verdict: Verdict): Verdict {
  const believed = beliefIn(beliefs, verdict)
  return believed === undefined ? verdict : { ...verdict, believed }
}
