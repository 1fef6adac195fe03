/** The ids of companies, stores, brands and categories by their names; made where they are new, in an order that is the same for all. */
import type { PostgresTransaction } from '../../database/postgres-queries.ts'

/** A store by its names. */
export type StoreNames = Readonly<{ company: string; code: string; name: string }>

/** The ids of companies by their codes. */
export function companyIds(transaction: PostgresTransaction, codes: readonly string[]): Promise<Map<string, number>> {
  return idsOf(transaction, { table: 'company', column: 'code' }, codes)
}

/** The ids of brands by their names. */
export function brandIds(transaction: PostgresTransaction, names: readonly string[]): Promise<Map<string, number>> {
  return idsOf(transaction, { table: 'brand', column: 'name' }, names)
}

async function idsOf(
  transaction: PostgresTransaction,
  { table, column }: Readonly<{ table: string; column: string }>,
  names: readonly string[],
): Promise<Map<string, number>> {
  const ids = new Map<string, number>()
  const find = async () => {
    const missing = [...new Set(names)].filter((name) => !ids.has(name))
    if (missing.length === 0) return []
    const sql = `select id, ${column} as name from ${table} where ${column} = any(?::text[])`
    for (const { id, name } of await transaction.all<{ id: number; name: string }>(sql, missing)) ids.set(name, id)
    return missing.filter((name) => !ids.has(name))
  }
  const missing = await find()
  if (missing.length === 0) return ids
  await transaction.run(
    `insert into ${table} (${column}) select name from unnest(?::text[]) as name order by name collate "C" on conflict do nothing`,
    missing,
  )
  await find()
  return ids
}

/** The ids of stores, in the order in which they are given. */
export async function storeIds(
  transaction: PostgresTransaction,
  stores: readonly StoreNames[],
  companies: ReadonlyMap<string, number>,
): Promise<number[]> {
  const keyed = stores.map(({ company, code, name }) => ({ companyId: companies.get(company)!, code, name }))
  const columns = [
    keyed.map(({ companyId }) => companyId),
    keyed.map(({ code }) => code),
    keyed.map(({ name }) => name),
  ] as const
  const find = async () => {
    const sql = `select wanted.place, store.id from unnest(?::integer[], ?::text[]) with ordinality as wanted (company_id, code, place)
      join store on store.company_id = wanted.company_id and store.code = wanted.code order by place`
    return transaction.all<{ place: number; id: number }>(sql, columns[0], columns[1])
  }
  const found = await find()
  if (found.length === stores.length) return found.map(({ id }) => id)
  await transaction.run(
    `insert into store (company_id, code, name) select * from unnest(?::integer[], ?::text[], ?::text[]) as new (company_id, code, name)
      order by company_id, code collate "C" on conflict do nothing`,
    ...columns,
  )
  return (await find()).map(({ id }) => id)
}

/** The ids of categories by their paths, as JSON; the ones above them are made too. */
export async function categoryIds(
  transaction: PostgresTransaction,
  paths: readonly (readonly string[])[],
): Promise<Map<string, number>> {
  const ids = new Map<string, number>([['[]', 0]])
  const depth = Math.max(0, ...paths.map((path) => path.length))
  for (let length = 1; length <= depth; length++) {
    const there = paths.filter((path) => path.length >= length).map((path) => path.slice(0, length))
    const steps = [...new Map(there.map((path) => [JSON.stringify(path), path])).values()]
    const parents = steps.map((path) => ids.get(JSON.stringify(path.slice(0, -1)))!)
    const found = await stepIds(
      transaction,
      parents,
      steps.map((path) => path.at(-1)!),
    )
    for (const [place, path] of steps.entries()) ids.set(JSON.stringify(path), found[place]!)
  }
  return ids
}

/** The ids of categories by the ids of those above them (0: none) and their names. */
async function stepIds(
  transaction: PostgresTransaction,
  parents: readonly number[],
  names: readonly string[],
): Promise<number[]> {
  const find = async () => {
    const sql = `select wanted.place, category.id from unnest(?::integer[], ?::text[]) with ordinality as wanted (parent, name, place)
      join category on coalesce(category.parent_id, 0) = wanted.parent and category.name = wanted.name order by place`
    return transaction.all<{ place: number; id: number }>(sql, parents, names)
  }
  const found = await find()
  if (found.length === names.length) return found.map(({ id }) => id)
  await transaction.run(
    `insert into category (parent_id, name) select nullif(parent, 0), name from unnest(?::integer[], ?::text[]) as new (parent, name)
      order by parent, name collate "C" on conflict do nothing`,
    parents,
    names,
  )
  return (await find()).map(({ id }) => id)
}
