/** The evidence that joins each listing of a product with the others: the strongest that it shares with one of them. */
import { gtinOf } from '../model/gtin.ts'

/** The kinds of evidence, strongest first: a person's verdict, an equal GTIN, an equal name and size. */
export const EVIDENCE_KINDS = ['person', 'gtin', 'name'] as const
export type Evidence = (typeof EVIDENCE_KINDS)[number]

/** The SQL columns for the evidence of a listing; the statement must contain `listing` and `company`. */
export const EVIDENCE_COLUMNS = `
  (select value from listing_key where listing_key.listing_id = listing.id and kind = 1 and silent = 0 limit 1) as gtin_key,
  (select value from listing_key where listing_key.listing_id = listing.id and kind = 2 and silent = 0 limit 1) as name_key,
  case when exists (
    select 1 from verdict join company as other_company on other_company.code = verdict.other_company
    join listing as other on other.company_id = other_company.id and other.by_name = verdict.other_by_name
      and other.code = verdict.other_code
    where verdict.company = company.code and verdict.by_name = listing.by_name and verdict.code = listing.code
      and is_same = 1 and other.product_id = listing.product_id
  ) then 1 else 0 end as is_said`

/** The evidence columns of a listing. */
export type EvidenceRecord = Readonly<{
  barcode: string | null
  gtin_key: string | null
  name_key: string | null
  is_said: number
}>

/** The evidence of each of a product's listings, in their order; null where it is the only one. */
export function evidenceOf(listings: readonly EvidenceRecord[]): (Evidence | null)[] {
  const isShared = (keys: readonly (string | null)[]) => {
    const counts = new Map<string, number>()
    for (const key of keys) if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1)
    return (key: string | null) => key !== null && counts.get(key)! > 1
  }
  const hasGtin = isShared(listings.map(({ gtin_key }) => gtin_key))
  const hasName = isShared(listings.map(({ name_key }) => name_key))
  return listings.map(({ is_said, gtin_key, name_key }) => {
    if (is_said === 1) return 'person'
    if (hasGtin(gtin_key)) return 'gtin'
    return hasName(name_key) ? 'name' : null
  })
}

/** The 14 digits of a listing's barcode, where it is a GTIN. */
export function gtinOfListing({ barcode }: Pick<EvidenceRecord, 'barcode'>): string | null {
  return (barcode === null ? undefined : gtinOf(barcode)) ?? null
}
