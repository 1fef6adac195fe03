/** The companies and stores whose rows a key may send, so that a leaked key cannot spoil other shops' histories. */
import { foldedCode } from '@splitcart/shared/codes.ts'

/** Whether rows of a store may be written; without a store: of the whole company. Takes folded codes (`foldedCode`). */
export type MayWrite = (company: string, store?: string) => boolean

/** The permission of a key that is limited to companies, or to stores as company/store; null: it has no limit. */
export function writePermissionOf(onlyFor: readonly string[] | null): MayWrite {
  if (onlyFor === null) return () => true
  const allowed = new Set(onlyFor.map(foldedCode))
  return (company, store) => allowed.has(company) || (store !== undefined && allowed.has(`${company}/${store}`))
}

/** Whether such a key may write at least one store of a company. Takes a folded code. */
export function companyPermissionOf(onlyFor: readonly string[] | null): (company: string) => boolean {
  if (onlyFor === null) return () => true
  const companies = new Set(onlyFor.map((right) => foldedCode(right.split('/', 1)[0] ?? '')))
  return (company) => companies.has(company)
}
