/** Validates names of companies, stores and categories. An unknown name is an error, not an empty result. */

import { findCategoryIds } from '@splitcart/data-management/catalogue/queries/find-products.ts'
import { type FoundStore, findStore } from '@splitcart/data-management/catalogue/queries/find-store.ts'
import { unknownName } from '@splitcart/data-management/catalogue/queries/findings.ts'
import type { Sql } from '@splitcart/data-management/database/sql.ts'
import { Problem } from '@splitcart/shared/problem.ts'

/** Finds a store by name. Throws `not_found`. */
export async function requireStore(database: Sql, name: string): Promise<FoundStore> {
  const found = await findStore(database, name)
  if (found === undefined) throw new Problem('not_found', `${name} is no store; expected company/code, e.g. aldi/G102`)
  return found
}

/** Throws `not_found` for the first unknown name. */
export async function requireKnownNames(
  database: Sql,
  { company, store, category }: Readonly<{ company?: string; store?: string; category?: string }>,
): Promise<void> {
  if (store !== undefined) await requireStore(database, store)
  const fault = company === undefined ? undefined : await unknownName(database, company, null)
  if (fault !== undefined) throw new Problem('not_found', fault)
  if (category !== undefined && (await findCategoryIds(database, category)).length === 0)
    throw new Problem('not_found', `no category is called ${JSON.stringify(category)}`)
}
