/** Listings as a search sees them. */
import { LISTS } from '../../database/lists.ts'
import type { Sql } from '../../database/sql.ts'
import { NO_PATH, pathsTo } from '../category-paths.ts'
import type { Described } from '../model/search-words.ts'

type Stored = Pick<Described, 'companyId' | 'name' | 'brand' | 'size'> & { id: number; category_id: number | null }

/** Further columns, of `listing` and what `joins` adds. */
type Also = Readonly<{ columns: string; joins: string }>

/** The names, brands, sizes and categories of these listings, and further columns. */
export async function describedListings<More = unknown>(
  database: Sql,
  ids: readonly number[],
  also: Also = { columns: '', joins: '' },
): Promise<(Described & { id: number } & More)[]> {
  const { those, asValue } = LISTS[database.dialect]
  const found = await database.all<Stored & More>(
    `select listing.id, listing.company_id as "companyId", label.name, brand.name as brand, label.size, label.category_id ${also.columns}
      from ${those('?1', 'integer')} as wanted join listing on listing.id = wanted.value join label on label.id = listing.label_id
      left join brand on brand.id = label.brand_id ${also.joins}`,
    asValue(ids),
  )
  const paths = await pathsTo(
    database,
    found.map(({ category_id }) => category_id),
  )
  return found.map((listing) => ({ ...listing, ...(paths.get(listing.category_id ?? 0) ?? NO_PATH) }))
}
