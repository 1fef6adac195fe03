/** Beliefs: a person's standing decision that what a rule reports of a company or a store is true. Pure. */
import { foldedCode } from '../codes.ts'
import type { CoveringBelief, Finding } from './finding.ts'

/** A belief. `store` null: all stores of the company; `field` null: any field of the rule. Codes are folded. */
export type Belief = Readonly<{ company: string; store: string | null; rule: string; field: string | null }>

/** A belief on record. `since`: a time in ISO format. */
export type BeliefInForce = Belief & Readonly<{ id: number; since: string }>

type FindingSubject = Pick<Finding, 'rule' | 'field'> & Readonly<{ company?: string | null; store?: string | null }>

/** The belief that covers a finding; the oldest if several do. */
export function coveringBelief(
  beliefs: readonly BeliefInForce[],
  { rule, field, company, store }: FindingSubject,
): CoveringBelief | undefined {
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

/** The finding with the belief that covers it, if any. */
export function withBelief(beliefs: readonly BeliefInForce[], finding: Finding): Finding {
  const believed = coveringBelief(beliefs, finding)
  return believed === undefined ? finding : { ...finding, believed }
}
