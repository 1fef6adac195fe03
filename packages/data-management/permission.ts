/** The companies and stores a key may write, so that a leaked key cannot spoil other shops' histories. Pure. */
import { foldedCode } from '@splitcart/shared/codes.ts'

/** Tells what may be written; without a store, for the whole company. Codes are given as they fold. */
export type MayWrite = (company: string, store?: string) => boolean

/** The permission of a key for these companies, and stores as company/store; null: everything. */
export function permissionOf(onlyFor: readonly string[] | null): MayWrite {
  if (onlyFor === null) return () => true
  const allowed = new Set(onlyFor.map(foldedCode))
  return (company, store) => allowed.has(company) || (store !== undefined && allowed.has(`${company}/${store}`))
}

/** The companies of which such a key may write at least one store. */
export function companiesOf(onlyFor: readonly string[] | null): (company: string) => boolean {
  if (onlyFor === null) return () => true
  const companies = new Set(onlyFor.map((right) => foldedCode(right.split('/', 1)[0] ?? '')))
  return (company) => companies.has(company)
}
