/** Ids of companies, stores, brands and categories by name. All loaders create missing ones in the same order. */
import { records, type Statements, sql } from './statement.ts'

/** A store by its names. */
export type StoreNames = Readonly<{ company: string; code: string; name: string }>

/** The ids of companies by their codes. Missing companies are created. */
export function ensureCompanies(database: Statements, codes: readonly string[]): Promise<Map<string, number>> {
  return findOrCreateIds(codes, {
    find: (missing) =>
      database.all(sql`select id, code as name from ${wantedNames(missing)} join company on code = wanted.name`),
    create: (missing) =>
      database.run(
        sql`insert into company (code, shown) select name, name from ${wantedNames(missing)} where true on conflict do nothing`,
      ),
  })
}

/** The ids of brands by their names. Missing brands are created. */
export function ensureBrands(database: Statements, names: readonly string[]): Promise<Map<string, number>> {
  return findOrCreateIds(names, {
    find: (missing) =>
      database.all(
        sql`select brand.id, brand.name from ${wantedNames(missing)} join brand on brand.name = wanted.name`,
      ),
    create: (missing) =>
      database.run(
        sql`insert into brand (name) select name from ${wantedNames(missing)} where true on conflict do nothing`,
      ),
  })
}

/** The ids of stores, in the order in which they are given. Missing stores are created. */
export async function ensureStores(
  database: Statements,
  stores: readonly StoreNames[],
  companies: ReadonlyMap<string, number>,
): Promise<number[]> {
  const keys = stores.map(({ company, code, name }) => JSON.stringify([companies.get(company)!, code, name]))
  const ids = await findOrCreateIds(keys, {
    find: async (missing) => {
      const found = await database.all<{ place: number; id: number }>(
        sql`select wanted.place, store.id from ${wantedStores(missing)}
          join store on store.company_id = wanted.company_id and store.code = wanted.code`,
      )
      return found.map(({ place, id }) => ({ id, name: missing[place]! }))
    },
    create: (missing) =>
      database.run(
        sql`insert into store (company_id, code, shown, name) select company_id, code, code, name from ${wantedStores(missing)}
          where true on conflict do nothing`,
      ),
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
  const wanted = (missing: readonly string[]) => {
    const ends = missing.map((key) => key.indexOf(' '))
    return records('wanted', { place: 'integer', parent: 'integer', name: 'text' }, [
      missing.map((_, place) => place),
      missing.map((key, place) => Number(key.slice(0, ends[place]))),
      missing.map((key, place) => key.slice(ends[place]! + 1)),
    ])
  }
  return findOrCreateIds(keys, {
    find: async (missing) => {
      const found = await database.all<{ place: number; id: number }>(
        sql`select wanted.place, category.id from ${wanted(missing)}
          join category on coalesce(category.parent_id, 0) = wanted.parent and category.name = wanted.name`,
      )
      return found.map(({ place, id }) => ({ id, name: missing[place]! }))
    },
    create: (missing) =>
      database.run(
        sql`insert into category (parent_id, name) select nullif(parent, 0), name from ${wanted(missing)}
          where true on conflict do nothing`,
      ),
  })
}

type NamedId = Readonly<{ id: number; name: string }>
type IdTable = Readonly<{
  find: (missing: readonly string[]) => NamedId[] | Promise<NamedId[]>
  create: (missing: readonly string[]) => number | Promise<number>
}>

/** Finds ids by name and creates the missing ones. If another loader creates the same meanwhile, its ids are found. */
async function findOrCreateIds(names: readonly string[], { find, create }: IdTable): Promise<Map<string, number>> {
  const ids = new Map<string, number>()
  const findIds = async (wanted: readonly string[]) => {
    if (wanted.length > 0) for (const { id, name } of await find(wanted)) ids.set(name, id)
    return wanted.filter((name) => !ids.has(name))
  }
  const missing = await findIds([...new Set(names)])
  if (missing.length === 0) return ids
  await create(missing.toSorted((one, other) => (one < other ? -1 : 1)))
  await findIds(missing)
  return ids
}

function wantedNames(names: readonly string[]) {
  return records('wanted', { name: 'text' }, [names])
}

function wantedStores(keys: readonly string[]) {
  const stores = keys.map((key) => JSON.parse(key) as [companyId: number, code: string, name: string])
  return records('wanted', { place: 'integer', company_id: 'integer', code: 'text', name: 'text' }, [
    stores.map((_, place) => place),
    stores.map(([companyId]) => companyId),
    stores.map(([, code]) => code),
    stores.map(([, , name]) => name),
  ])
}
