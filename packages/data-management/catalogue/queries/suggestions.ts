/** Pairs that are likely one article, or comparable, of what the catalogue has now. */
import type { Sql } from '../../database/sql.ts'
import type { ListingName } from '../catalogue.ts'
import { type Article, type Level, pairsOf } from '../model/suggest.ts'

/** A listing as it is told to others. */
export type ListingTold = Readonly<{
  company: string
  sku: string | null
  key: string
  name: string
  size: string | null
}>

/** A suggested pair. */
export type Suggestion = Readonly<{
  a: ListingTold
  b: ListingTold
  level: Level
  score: number
  reasons: readonly string[]
}>

type Stored = Readonly<{
  id: number
  product_id: number
  company: string
  by_name: 0 | 1
  code: string
  key: string
  name: string
  size: string | null
  brand: string | null
  path: string | null
}>

/** The pairs of listings that are not one product and of which nobody has said anything, the likeliest first. */
export async function suggestions(
  database: Sql,
  judged: readonly (readonly [ListingName, ListingName])[],
): Promise<Suggestion[]> {
  const listings = new Map((await storedListings(database)).map((listing) => [listing.id, listing]))
  const said = new Set(judged.flatMap(([one, other]) => [pairText(one, other), pairText(other, one)]))
  return pairsOf([...listings.values()].map(articleOf)).flatMap(({ a, b, ...rest }) => {
    const [one, other] = [listings.get(a)!, listings.get(b)!]
    if (one.product_id === other.product_id || said.has(pairText(nameOf(one), nameOf(other)))) return []
    return [{ a: toldOf(one), b: toldOf(other), ...rest }]
  })
}

async function storedListings(database: Sql): Promise<Stored[]> {
  return await database.all<Stored>(
    `with recursive path (id, names) as (
        select id, name from category where parent_id is null
        union all select category.id, names || ' / ' || category.name from category join path on path.id = category.parent_id)
      select listing.id, listing.product_id, company.code as company, listing.by_name, listing.code,
        label.key, label.name, label.size, brand.name as brand, path.names as path
      from listing join company on company.id = listing.company_id join label on label.id = listing.label_id
      left join brand on brand.id = label.brand_id left join path on path.id = label.category_id
      order by company.code, listing.by_name, listing.code`,
  )
}

function articleOf({ id, company, name, brand, size, path }: Stored): Article {
  return { id, company, name, brand, size, category: path ?? '' }
}

function nameOf({ company, by_name, code }: Stored): ListingName {
  return { company, byName: by_name, code }
}

function pairText(one: ListingName, other: ListingName): string {
  return JSON.stringify([one.company, one.byName, one.code, other.company, other.byName, other.code])
}

function toldOf({ company, by_name, code, key, name, size }: Stored): ListingTold {
  return { company, sku: by_name === 1 ? null : code, key, name, size }
}

/** The listing that a person means by company/SKU, or company/key where it has no SKU; undefined when there is none. */
export async function listingCalled(database: Sql, text: string): Promise<ListingName | undefined> {
  const [company = '', ...rest] = text.split('/')
  const code = rest.join('/')
  const found = await database.get<{ by_name: 0 | 1 }>(
    `select by_name from listing join company on company.id = listing.company_id
      where company.code = ? and listing.code = ? and by_name in (0, 1) order by by_name limit 1`,
    company,
    code,
  )
  return found === undefined ? undefined : { company, byName: found.by_name, code }
}
