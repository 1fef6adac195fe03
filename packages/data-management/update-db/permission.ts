/** Whose rows a key may send: a key that leaked from one machine can then spoil no other shop's history. Pure. */
import { foldedCode } from '@splitcart/shared/codes.ts'
import type { RowMetadata } from '@splitcart/shared/row.ts'

/** Tells whether rows with this metadata may be written; undefined: all may. `onlyFor` holds companies, and stores as company/store. */
export function permissionOf(onlyFor: readonly string[] | null): ((metadata: RowMetadata) => boolean) | undefined {
  if (onlyFor === null) return undefined
  const allowed = new Set(onlyFor.map(foldedCode))
  return ({ companyKey, storeKey }) => allowed.has(companyKey) || allowed.has(`${companyKey}/${storeKey}`)
}
