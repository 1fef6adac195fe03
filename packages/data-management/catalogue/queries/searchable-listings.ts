/** Reads the fields of listings that a search needs. */
import { LISTS } from '../../database/lists.ts'
import type { Sql } from '../../database/sql.ts'
import { categoryPathsOf, NO_CATEGORY_PATH } from '../category-paths.ts'
import type { SearchableListing } from '../model/search-words.ts'

type StoredListing = Pick<SearchableListing, 'companyId' | 'name' | 'brand' | 'size'> & {
  id: number
  category_id: number | null
}

/** Further columns, of `listing` and what `joins` adds. */
type ExtraColumns = Readonly<{ columns: string; joins: string }>

/** The names, brands, sizes and categories of these listings, and further columns. */
export async function searchableListings<More = unknown>(
  database: Sql,
  ids: readonly number[],
  extra: ExtraColumns = { columns: '', joins: '' },
): Promise<(SearchableListing & { id: number } & More)[]> {
  const { those, asValue } = LISTS[database.dialect]
  const found = await database.all<StoredListing & More>(
    `select listing.id, listing.company_id as "companyId", label.name, brand.name as brand, label.size, label.category_id ${extra.columns}
      from ${those('?1', 'integer')} as wanted join listing on listing.id = wanted.value join label on label.id = listing.label_id
      left join brand on brand.id = label.brand_id ${extra.joins}`,
    asValue(ids),
  )
  const paths = await categoryPathsOf(
    database,
    found.map(({ category_id }) => category_id),
  )
  return found.map((listing) => ({ ...listing, ...(paths.get(listing.category_id ?? 0) ?? NO_CATEGORY_PATH) }))
}
