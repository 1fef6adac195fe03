/** What a person believes of a company or a store from now on: that what a rule says of it is so. Pure. */
import { foldedCode } from '../codes.ts'
import type { Believed, Verdict } from './verdict.ts'

/** A belief. `store` null: of all stores of the company; `field` null: whatever field the rule speaks of. Codes are folded. */
export type Belief = Readonly<{ company: string; store: string | null; rule: string; field: string | null }>

/** A belief on record. `since` is a time, in ISO. */
export type BeliefSince = Belief & Readonly<{ id: number; since: string }>

type About = Pick<Verdict, 'rule' | 'field'> & Readonly<{ company?: string | null; store?: string | null }>

/** The belief that something said is covered by, the oldest of several. */
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

/** Something said, with the belief that covers it. */
export function withBelief(beliefs: readonly BeliefSince[], verdict: Verdict): Verdict {
  const believed = beliefIn(beliefs, verdict)
  return believed === undefined ? verdict : { ...verdict, believed }
}
