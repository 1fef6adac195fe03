/** Listings as a search sees them. */
import { LISTS } from '../../database/lists.ts'
import type { Sql } from '../../database/sql.ts'
import type { Described } from '../model/search-words.ts'

type Stored = Pick<Described, 'companyId' | 'name' | 'brand' | 'size'> & { id: number; category_id: number | null }

/** What these listings are called and where they stand. */
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
  const paths = await pathsTo(database, new Set(found.flatMap(({ category_id }) => category_id ?? [])))
  return found.map(({ category_id, ...listing }) => {
    const path = paths.get(category_id ?? 0) ?? []
    return { ...listing, categories: path.map(({ name }) => name), categoryIds: path.map(({ id }) => id) }
  })
}

type Step = { leaf: number; id: number; name: string }

/** The steps to each category, from the top. */
async function pathsTo(database: Sql, ids: ReadonlySet<number>): Promise<Map<number, Step[]>> {
  const { those, asValue } = LISTS[database.dialect]
  const steps = await database.all<Step>(
    `with recursive path (leaf, id, parent_id, name, depth) as (
        select category.id, category.id, parent_id, name, 0 from ${those('?1', 'integer')} as wanted join category on category.id = wanted.value
        union all
        select path.leaf, category.id, category.parent_id, category.name, depth + 1
        from path join category on category.id = path.parent_id
      ) select leaf, id, name from path order by depth desc`,
    asValue([...ids]),
  )
  return Map.groupBy(steps, ({ leaf }) => leaf)
}
