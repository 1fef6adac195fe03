/** Exports all names of each product, for scrapers: shops write one article in several ways. In constant memory. */
import type { Sql } from '../database/sql.ts'
import { groupByProduct } from './export.ts'

/** A product: its current name, and every normalized name and brand ever seen for it, each once and sorted. */
export type ProductNames = Readonly<{
  name: string
  brand: string | null
  /** The current normalized name of the listing that the product takes its name from. */
  key: string
  names: readonly string[]
  brands: readonly string[]
}>

type LabelRow = Readonly<{ product_id: number; is_current: number; name: string; key: string; brand: string | null }>

/** Every product with its names. */
export async function* exportNames(database: Sql): AsyncGenerator<ProductNames> {
  const records = database.each<LabelRow>(`
    select listing.product_id, case when label.id = listing.label_id then 1 else 0 end as is_current,
      label.name, label.key, brand.name as brand
    from listing join company on company.id = listing.company_id
    join label on label.listing_id = listing.id
    left join brand on brand.id = label.brand_id
    join listing as numbered on numbered.id = listing.product_id
    order by listing.product_id, case when listing.id = coalesce(numbered.head_id, numbered.id) then 0 else 1 end,
      company.code, listing.by_name, listing.code`)
  for await (const group of groupByProduct(records)) yield productNamesOf(group)
}

function productNamesOf(group: readonly LabelRow[]): ProductNames {
  const { name, brand, key } = group.find(({ is_current }) => is_current === 1) ?? group[0]!
  const each = (of: (seen: LabelRow) => string | null) => [...new Set(group.flatMap((seen) => of(seen) ?? []))].sort()
  return { name, brand, key, names: each((seen) => seen.key), brands: each((seen) => seen.brand) }
}
