/** What a load does to products that are there, and to those of companies and stores that its sender may not write for. */
import { permissionOf, storesOf } from '../../permission.ts'
import type { Regrouped } from '../loads.ts'
import { textOfKey } from '../model/heading.ts'
import { type IdentityKey, KEY_LISTINGS_MAX } from '../model/identity.ts'
import { type LoadDatabase, records, sql } from './statement.ts'

/** What the sender may write (null: everything), how many listings may hang together, and what became of products. */
export type Watch = Readonly<{ onlyFor: readonly string[] | null; listingsMax: number; regrouped: Regrouped }>

/** A listing as far as its product is concerned. `is_new` 1: it said nothing before this load. */
export type Listing = Readonly<{
  id: number
  product_id: number
  head_id: number | null
  company: string
  by_name: number
  code: string
  name: string | null
  size: string | null
  is_new: number
}>

type Groups = Readonly<{
  groups: readonly (readonly Listing[])[]
  /** What each of them is called by. */
  heads: readonly { id: number }[]
  keysOf: (listing: Listing) => readonly IdentityKey[]
  /** The ids of the listings that are not the sender's. */
  theirs: ReadonlySet<number>
}>

/** Counts products of one company that became one, and what a sender does to listings that are not his. */
export function noteRegrouped({ regrouped }: Watch, products: Groups): void {
  for (const group of products.groups) {
    const merged = mergedOfOneCompany(group)
    if (merged === 0) continue
    regrouped.merged += merged
    regrouped.example ??= group[0]!.name
  }
  if (products.theirs.size === 0) return
  regrouped.foreign += foreignRegrouped(products) + foreignRenamed(products) + foreignCrowded(products)
}

/** Counts listings of others that a load words anew, or gives another barcode: of the sender's companies those that other stores show, too. */
export async function noteRenamed(database: LoadDatabase, watch: Watch): Promise<void> {
  if (storesOf(watch.onlyFor).length === 0) return
  const renamed = await database.all<Named>(
    sql`select listing.id, company.code as company, 0 as is_new, old.name
      from renamed join label as old on old.id = renamed.label_id join listing on listing.id = renamed.listing_id
      join label as now on now.id = listing.label_id join company on company.id = listing.company_id
      where now.name is distinct from old.name or now.key is distinct from old.key
        or (now.barcode is not null and now.barcode is distinct from old.barcode)`,
  )
  const theirs = await theirsAmong(database, watch, renamed)
  watch.regrouped.foreign += theirs.size
  watch.regrouped.example ??= renamed.find(({ id }) => theirs.has(id))?.name ?? null
}

type Named = Pick<Listing, 'id' | 'company' | 'is_new' | 'name'>

/**
 * The listings that were there and are not the sender's: those of other companies, and of a company of which he may write some stores those
 * that others of its stores have shown.
 */
export async function theirsAmong(
  database: LoadDatabase,
  { onlyFor }: Watch,
  listings: readonly Named[],
): Promise<Set<number>> {
  const mayWrite = permissionOf(onlyFor)
  const stores = storesOf(onlyFor)
  const companies = new Set(stores.map(({ company }) => company))
  const others = listings.filter(({ is_new, company }) => is_new === 0 && !mayWrite(company))
  const theirs = new Set(others.filter(({ company }) => !companies.has(company)).map(({ id }) => id))
  const shared = others.filter(({ company }) => companies.has(company)).map(({ id }) => id)
  if (shared.length === 0) return theirs
  const own = records('own', { company: 'text', store: 'text' }, [
    stores.map(({ company }) => company),
    stores.map(({ store }) => store),
  ])
  const shownElsewhere = await database.all<{ id: number }>(
    sql`select wanted.id from ${records('wanted', { id: 'integer' }, [shared])}
      join listing on listing.id = wanted.id join company on company.id = listing.company_id
      where exists (
        select 1 from store join label_run on label_run.store_id = store.id and label_run.listing_id = listing.id
        where store.company_id = company.id
          and not exists (select 1 from ${own} where own.company = company.code and own.store = store.code))`,
  )
  for (const { id } of shownElsewhere) theirs.add(id)
  return theirs
}

/**
 * How many products of one company became one product with another of the same; the most of any company. One product of each company is what
 * an honest chain joins whose articles others sell too.
 */
function mergedOfOneCompany(group: readonly Listing[]): number {
  const before = new Map<string, Set<number>>()
  for (const { company, product_id, is_new } of group)
    if (is_new === 0) before.set(company, (before.get(company) ?? new Set()).add(product_id))
  return Math.max(0, ...[...before.values()].map(({ size }) => size - 1))
}

/** How many products of others became one, or fell apart. */
function foreignRegrouped({ groups, theirs: foreign }: Groups): number {
  let count = 0
  const seen = new Set<number>()
  for (const group of groups) {
    const theirs = new Set(group.filter(({ id }) => foreign.has(id)).map(({ product_id }) => product_id))
    if (theirs.size > 1) count += theirs.size - 1
    for (const id of theirs) if (seen.has(id)) count++
    for (const id of theirs) seen.add(id)
  }
  return count
}

/** How many products were called by a listing of somebody else's, and are now by one that the sender may write for. */
function foreignRenamed({ groups, heads, theirs }: Groups): number {
  const headOf = new Map(groups.flat().map(({ id, head_id }) => [id, head_id ?? id]))
  return groups.filter((group, index) => {
    if (theirs.has(heads[index]!.id)) return false
    const before = new Set(group.map(({ product_id }) => headOf.get(product_id)))
    return group.some(({ id }) => theirs.has(id) && before.has(id))
  }).length
}

/**
 * How many listings of others hang together with more of the sender's than one company has of a thing: with enough of them nobody else could
 * load what belongs there.
 */
function foreignCrowded({ groups, keysOf, theirs: foreign }: Groups): number {
  let count = 0
  for (const together of hangingTogether(groups.flat(), keysOf)) {
    const theirs = together.filter(({ id }) => foreign.has(id)).length
    if (theirs > 0 && together.length - theirs > KEY_LISTINGS_MAX) count += theirs
  }
  return count
}

function hangingTogether(all: readonly Listing[], keysOf: Groups['keysOf']): Listing[][] {
  const byKey = new Map<string, Listing[]>()
  for (const listing of all)
    for (const key of keysOf(listing).map(textOfKey)) (byKey.get(key) ?? byKey.set(key, []).get(key)!).push(listing)
  const found: Listing[][] = []
  const seen = new Set<Listing>()
  for (const listing of all) {
    const together = [listing]
    if (seen.has(listing)) continue
    seen.add(listing)
    // What is found is looked at in turn.
    for (const each of together)
      for (const key of keysOf(each).map(textOfKey)) {
        const fresh = byKey.get(key)?.filter((other) => !seen.has(other)) ?? []
        byKey.delete(key)
        for (const other of fresh) seen.add(other)
        together.push(...fresh)
      }
    found.push(together)
  }
  return found
}
