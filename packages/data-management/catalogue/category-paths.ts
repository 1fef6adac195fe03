/** The paths of categories: each has a parent category, or is at the top level. */
import { LISTS } from '../database/lists.ts'
import type { Sql } from '../database/sql.ts'

/** The names and ids of the categories from the top down to one, that one included. */
export type CategoryPath = Readonly<{ categories: readonly string[]; categoryIds: readonly number[] }>

/** The path of a listing without a category. */
export const NO_CATEGORY_PATH: CategoryPath = { categories: [], categoryIds: [] }

/** The paths of these categories, by id. Null ids are skipped. */
export async function categoryPathsOf(database: Sql, ids: Iterable<number | null>): Promise<Map<number, CategoryPath>> {
  const wanted = [...new Set(ids)].filter((id) => id !== null)
  if (wanted.length === 0) return new Map()
  const { those, asValue } = LISTS[database.dialect]
  const steps = await database.all<{ leaf: number; id: number; name: string }>(
    `with recursive path (leaf, id, parent_id, name, depth) as (
        select category.id, category.id, parent_id, name, 0 from ${those('?1', 'integer')} as wanted join category on category.id = wanted.value
        union all
        select path.leaf, category.id, category.parent_id, category.name, depth + 1
        from path join category on category.id = path.parent_id
      ) select leaf, id, name from path order by depth desc`,
    asValue(wanted),
  )
  const paths = [...Map.groupBy(steps, ({ leaf }) => leaf)].map(([leaf, path]) => {
    return [leaf, { categories: path.map(({ name }) => name), categoryIds: path.map(({ id }) => id) }] as const
  })
  return new Map(paths)
}
