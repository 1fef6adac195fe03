/** Ids of companies, stores, brands and categories by name. New ones are created in an order common to all loaders. */
import { records, type Statements, sql } from './statement.ts'

/** A store by its names. */
export type StoreNames = Readonly<{ company: string; code: string; name: string }>

/** The ids of companies by their codes. */
export function companyIds(database: Statements, codes: readonly string[]): Promise<Map<string, number>> {
  return idsOf(codes, {
    find: (missing) =>
      database.all(sql`select id, code as name from ${named(missing)} join company on code = wanted.name`),
    make: (missing) =>
      database.run(
        sql`insert into company (code, shown) select name, name from ${named(missing)} where true on conflict do nothing`,
      ),
  })
}

/** The ids of brands by their names. */
export function brandIds(database: Statements, names: readonly string[]): Promise<Map<string, number>> {
  return idsOf(names, {
    find: (missing) =>
      database.all(sql`select brand.id, brand.name from ${named(missing)} join brand on brand.name = wanted.name`),
    make: (missing) =>
      database.run(sql`insert into brand (name) select name from ${named(missing)} where true on conflict do nothing`),
  })
}

/** The ids of stores, in the order in which they are given. */
export async function storeIds(
  database: Statements,
  stores: readonly StoreNames[],
  companies: ReadonlyMap<string, number>,
): Promise<number[]> {
  const keys = stores.map(({ company, code, name }) => JSON.stringify([companies.get(company)!, code, name]))
  const ids = await idsOf(keys, {
    find: async (missing) => {
      const found = await database.all<{ place: number; id: number }>(
        sql`select wanted.place, store.id from ${storesNamed(missing)}
          join store on store.company_id = wanted.company_id and store.code = wanted.code`,
      )
      return found.map(({ place, id }) => ({ id, name: missing[place]! }))
    },
    make: (missing) =>
      database.run(
        sql`insert into store (company_id, code, shown, name) select company_id, code, code, name from ${storesNamed(missing)}
          where true on conflict do nothing`,
      ),
  })
  return keys.map((key) => ids.get(key)!)
}

/** The ids of categories in the order of their paths; null for an empty path. Parent categories are created too. */
export async function categoryIds(
  database: Statements,
  paths: readonly (readonly string[])[],
): Promise<(number | null)[]> {
  const ids: (number | null)[] = paths.map(() => null)
  const depth = Math.max(0, ...paths.map((path) => path.length))
  for (let step = 0; step < depth; step++) {
    const keys = paths.map((path, place) => (path.length > step ? stepKey(ids[place] ?? 0, path[step]!) : undefined))
    const found = await stepIds(
      database,
      keys.filter((key) => key !== undefined),
    )
    for (const [place, key] of keys.entries()) if (key !== undefined) ids[place] = found.get(key)!
  }
  return ids
}

/** The key of a category: the id of its parent (0: none) and its name. */
function stepKey(parent: number, name: string): string {
  return `${parent} ${name}`
}

/** The ids of categories of one depth. */
function stepIds(database: Statements, keys: readonly string[]): Promise<Map<string, number>> {
  const wanted = (missing: readonly string[]) => {
    const ends = missing.map((key) => key.indexOf(' '))
    return records('wanted', { place: 'integer', parent: 'integer', name: 'text' }, [
      missing.map((_, place) => place),
      missing.map((key, place) => Number(key.slice(0, ends[place]))),
      missing.map((key, place) => key.slice(ends[place]! + 1)),
    ])
  }
  return idsOf(keys, {
    find: async (missing) => {
      const found = await database.all<{ place: number; id: number }>(
        sql`select wanted.place, category.id from ${wanted(missing)}
          join category on coalesce(category.parent_id, 0) = wanted.parent and category.name = wanted.name`,
      )
      return found.map(({ place, id }) => ({ id, name: missing[place]! }))
    },
    make: (missing) =>
      database.run(
        sql`insert into category (parent_id, name) select nullif(parent, 0), name from ${wanted(missing)}
          where true on conflict do nothing`,
      ),
  })
}

type Found = Readonly<{ id: number; name: string }>
type Finding = Readonly<{
  find: (missing: readonly string[]) => Found[] | Promise<Found[]>
  make: (missing: readonly string[]) => number | Promise<number>
}>

/** Finds ids by name and creates the missing ones. If another loader creates the same meanwhile, its ids are found. */
async function idsOf(names: readonly string[], { find, make }: Finding): Promise<Map<string, number>> {
  const ids = new Map<string, number>()
  const look = async (wanted: readonly string[]) => {
    if (wanted.length > 0) for (const { id, name } of await find(wanted)) ids.set(name, id)
    return wanted.filter((name) => !ids.has(name))
  }
  const missing = await look([...new Set(names)])
  if (missing.length === 0) return ids
  await make(missing.toSorted((one, other) => (one < other ? -1 : 1)))
  await look(missing)
  return ids
}

function named(names: readonly string[]) {
  return records('wanted', { name: 'text' }, [names])
}

function storesNamed(keys: readonly string[]) {
  const stores = keys.map((key) => JSON.parse(key) as [companyId: number, code: string, name: string])
  return records('wanted', { place: 'integer', company_id: 'integer', code: 'text', name: 'text' }, [
    stores.map((_, place) => place),
    stores.map(([companyId]) => companyId),
    stores.map(([, code]) => code),
    stores.map(([, , name]) => name),
  ])
}
