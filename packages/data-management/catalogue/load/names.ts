/** Ids of companies, stores, brands and categories by name. All loaders create missing ones in the same order. */
import { type Records, records, type Statement, type Statements, sql } from './statement.ts'

/** A store by its names. */
export type StoreNames = Readonly<{ company: string; code: string; name: string }>

/** The ids of companies by their codes. Missing companies are created. */
export function ensureCompanies(database: Statements, codes: readonly string[]): Promise<Map<string, number>> {
  return findOrCreateIds(database, codes, {
    wanted: wantedNames,
    find: (wanted) => sql`select place, id from ${wanted} join company on code = wanted.name`,
    create: (wanted) => sql`insert into company (code, shown) select name, name from ${wanted}`,
  })
}

/** The ids of brands by their names. Missing brands are created. */
export function ensureBrands(database: Statements, names: readonly string[]): Promise<Map<string, number>> {
  return findOrCreateIds(database, names, {
    wanted: wantedNames,
    find: (wanted) => sql`select place, brand.id from ${wanted} join brand on brand.name = wanted.name`,
    create: (wanted) => sql`insert into brand (name) select name from ${wanted}`,
  })
}

/** The ids of stores, in the order in which they are given. Missing stores are created. */
export async function ensureStores(
  database: Statements,
  stores: readonly StoreNames[],
  companies: ReadonlyMap<string, number>,
): Promise<number[]> {
  const keys = stores.map(({ company, code, name }) => JSON.stringify([companies.get(company)!, code, name]))
  const ids = await findOrCreateIds(database, keys, {
    wanted: wantedStores,
    find: (wanted) =>
      sql`select place, store.id from ${wanted}
        join store on store.company_id = wanted.company_id and store.code = wanted.code`,
    create: (wanted) =>
      sql`insert into store (company_id, code, shown, name) select company_id, code, code, name from ${wanted}`,
  })
  return keys.map((key) => ids.get(key)!)
}

/** The ids of categories in the order of their paths; null for an empty path. Missing categories are created. */
export async function ensureCategories(
  database: Statements,
  paths: readonly (readonly string[])[],
): Promise<(number | null)[]> {
  const ids: (number | null)[] = paths.map(() => null)
  const depth = Math.max(0, ...paths.map((path) => path.length))
  for (let step = 0; step < depth; step++) {
    const keys = paths.map((path, place) =>
      path.length > step ? categoryKey(ids[place] ?? 0, path[step]!) : undefined,
    )
    const found = await ensureCategoriesOfLevel(
      database,
      keys.filter((key) => key !== undefined),
    )
    for (const [place, key] of keys.entries()) if (key !== undefined) ids[place] = found.get(key)!
  }
  return ids
}

/** The key of a category: the id of its parent (0: none) and its name. */
function categoryKey(parent: number, name: string): string {
  return `${parent} ${name}`
}

/** The ids of categories of one level, by their keys. */
function ensureCategoriesOfLevel(database: Statements, keys: readonly string[]): Promise<Map<string, number>> {
  return findOrCreateIds(database, keys, {
    wanted: wantedCategories,
    find: (wanted) =>
      sql`select place, category.id from ${wanted}
        join category on coalesce(category.parent_id, 0) = wanted.parent and category.name = wanted.name`,
    create: (wanted) => sql`insert into category (parent_id, name) select nullif(parent, 0), name from ${wanted}`,
  })
}

/** How the ids in a table are found and created. `wanted`: records of keys with their places. */
type IdTable = Readonly<{
  wanted: (keys: readonly string[]) => Records
  find: (wanted: Records) => Statement
  create: (wanted: Records) => Statement
}>

/** Finds ids by key and creates the missing ones. If another loader creates the same meanwhile, its ids are found. */
async function findOrCreateIds(
  database: Statements,
  keys: readonly string[],
  { wanted, find, create }: IdTable,
): Promise<Map<string, number>> {
  const ids = new Map<string, number>()
  const findIds = async (some: readonly string[]) => {
    if (some.length === 0) return []
    const found = await database.all<{ place: number; id: number }>(find(wanted(some)))
    for (const { place, id } of found) ids.set(some[place]!, id)
    return some.filter((key) => !ids.has(key))
  }
  const missing = await findIds([...new Set(keys)])
  if (missing.length === 0) return ids
  const sorted = missing.toSorted((one, other) => (one < other ? -1 : 1))
  await database.run(sql`${create(wanted(sorted))} where true on conflict do nothing`)
  await findIds(missing)
  return ids
}

function wantedNames(names: readonly string[]): Records {
  return records('wanted', { place: 'integer', name: 'text' }, [names.map((_, place) => place), names])
}

function wantedCategories(keys: readonly string[]): Records {
  const ends = keys.map((key) => key.indexOf(' '))
  return records('wanted', { place: 'integer', parent: 'integer', name: 'text' }, [
    keys.map((_, place) => place),
    keys.map((key, place) => Number(key.slice(0, ends[place]))),
    keys.map((key, place) => key.slice(ends[place]! + 1)),
  ])
}

function wantedStores(keys: readonly string[]): Records {
  const stores = keys.map((key) => JSON.parse(key) as [companyId: number, code: string, name: string])
  return records('wanted', { place: 'integer', company_id: 'integer', code: 'text', name: 'text' }, [
    stores.map((_, place) => place),
    stores.map(([companyId]) => companyId),
    stores.map(([, code]) => code),
    stores.map(([, , name]) => name),
  ])
}
