/** Whose rows a key may send: a key that leaked from one machine can then spoil no other shop's history. Pure. */
import type { Row } from '@splitcart/shared/row.ts'

/** Tells whether a row may be written; undefined: every row may. `onlyFor` holds companies, and stores as company/store. */
export function permissionOf(onlyFor: readonly string[] | null): ((row: Row) => boolean) | undefined {
  if (onlyFor === null) return undefined
  const allowed = new Set(onlyFor)
  return ({ company, storeCode }) => allowed.has(company) || allowed.has(`${company}/${storeCode}`)
}
