/** Listings as a search sees them. */
import { LISTS } from '../../database/lists.ts'
import type { Sql } from '../../database/sql.ts'
import { NO_PATH, pathsTo } from '../category-paths.ts'
import type { Described } from '../model/search-words.ts'

type Stored = Pick<Described, 'companyId' | 'name' | 'brand' | 'size'> & { id: number; category_id: number | null }

/** The names, brands, sizes and categories of these listings. */
export async function describedListings(
  database: Sql,
  ids: readonly number[],
): Promise<(Described & { id: number })[]> {
  const { those, asValue } = LISTS[database.dialect]
  const found = await database.all<Stored>(
    `select listing.id, listing.company_id as "companyId", label.name, brand.name as brand, label.size, label.category_id
      from ${those('?1', 'integer')} as wanted join listing on listing.id = wanted.value join label on label.id = listing.label_id
      left join brand on brand.id = label.brand_id`,
    asValue(ids),
  )
  const paths = await pathsTo(
    database,
    found.map(({ category_id }) => category_id),
  )
  return found.map(({ category_id, ...listing }) => ({ ...listing, ...(paths.get(category_id ?? 0) ?? NO_PATH) }))
}
