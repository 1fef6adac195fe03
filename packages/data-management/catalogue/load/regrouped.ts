/** Records what a load does to existing products, and to those of companies that its sender may not write for. */
import type { Regrouping } from '../loads.ts'
import { type IdentityKey, KEY_LISTINGS_MAX, keyText } from '../model/identity.ts'

const COMPANIES_NAMED_MAX = 3

/** The companies the sender may write for, the limit of linked listings, and the record of what became of products. */
export type RegroupLimits = Readonly<{
  mayWrite: (company: string) => boolean
  listingsMax: number
  regrouped: Regrouping
}>

/** A listing with what its product depends on. `is_new` is 1 if it had no label before this load. */
export type GroupListing = Readonly<{
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

/** The keys of a listing that are not silent. */
type KeyLookup = Readonly<{ keysOf: (listing: GroupListing) => readonly IdentityKey[] }>

type ProductGroups = KeyLookup &
  Readonly<{
    groups: readonly (readonly GroupListing[])[]
    /** The listing that each group takes its name from. */
    heads: readonly { company: string }[]
    /** Whether a person's verdict makes it one product with another listing. */
    hasSameVerdict: (listing: GroupListing) => boolean
  }>

/** Counts products of one company that became one, and changes to listings that the sender may not write for. */
export function recordRegrouped(limits: RegroupLimits, products: ProductGroups): void {
  const { mayWrite, regrouped } = limits
  for (const group of products.groups) {
    const { count, by } = mergedOfOneCompany(group, products)
    if (count === 0) continue
    regrouped.merged += count
    if (regrouped.example === null || (regrouped.by === null && by !== null)) {
      regrouped.example = group[0]!.name
      regrouped.by = by
    }
  }
  const all = products.groups.flat()
  if (all.every(({ company }) => mayWrite(company))) return
  regrouped.foreign +=
    countForeignRegrouped(limits, products) +
    countForeignRenamed(limits, products) +
    countForeignCrowdedOut(limits, all, products)
}

/** Records that too many listings are linked, and the companies whose earlier listings alone hold the others together. */
export function recordTooManyLinked(
  { listingsMax, regrouped }: RegroupLimits,
  all: readonly GroupListing[],
  products: KeyLookup,
): void {
  const before = new Set(all.filter(({ is_new }) => is_new === 0).map(({ company }) => company))
  const fresh = new Set(all.filter(({ is_new }) => is_new === 1).map(({ company }) => company))
  const joining = [...before.difference(fresh)].filter((company) => {
    const others = all.filter((each) => each.company !== company)
    return connectedComponents(others, (each) => linkTexts(products, each)).length > 1
  })
  regrouped.chained = listingsMax
  regrouped.by = firstNames(joining)
}

type MergeCount = Readonly<{ count: number; by: string | null }>

/**
 * How many products of one company became one product with another of the same; the maximum over companies. An honest
 * chain whose articles others sell too only joins one product of each company. New listings count like existing ones if
 * only listings of another company (`by`) join them: a company that came first could have joined them beforehand.
 */
function mergedOfOneCompany(group: readonly GroupListing[], products: ProductGroups): MergeCount {
  const hasVerdict = group.some(products.hasSameVerdict)
  let most: MergeCount = { count: 0, by: null }
  for (const [company, own] of Map.groupBy(group, (each) => each.company)) {
    const before = new Set(own.filter(({ is_new }) => is_new === 0).map(({ product_id }) => product_id)).size - 1
    const bridged = hasVerdict ? 0 : connectedComponents(own, (each) => linkTexts(products, each)).length - 1
    if (Math.max(before, bridged) <= most.count) continue
    const others = new Set(group.map((each) => each.company)).difference(new Set([company]))
    most = { count: Math.max(before, bridged), by: bridged > 0 ? firstNames([...others]) : null }
  }
  return most
}

function isForeign({ mayWrite }: RegroupLimits, { is_new, company }: GroupListing): boolean {
  return is_new === 0 && !mayWrite(company)
}

/** How many products of companies that the sender may not write for became one, or fell apart. */
function countForeignRegrouped(limits: RegroupLimits, { groups }: ProductGroups): number {
  let count = 0
  const seen = new Set<number>()
  for (const group of groups) {
    const theirs = new Set(group.filter((each) => isForeign(limits, each)).map(({ product_id }) => product_id))
    if (theirs.size > 1) count += theirs.size - 1
    for (const id of theirs) if (seen.has(id)) count++
    for (const id of theirs) seen.add(id)
  }
  return count
}

/** How many products took their name from a foreign listing, and now take it from one that the sender may write for. */
function countForeignRenamed(limits: RegroupLimits, { groups, heads }: ProductGroups): number {
  const headOf = new Map(groups.flat().map(({ id, head_id }) => [id, head_id ?? id]))
  return groups.filter((group, index) => {
    if (!limits.mayWrite(heads[index]!.company)) return false
    const before = new Set(group.map(({ product_id }) => headOf.get(product_id)))
    return group.some((each) => isForeign(limits, each) && before.has(each.id))
  }).length
}

/**
 * How many foreign listings are linked with more than KEY_LISTINGS_MAX of the sender's, which is more than one company
 * has of an article: with enough of them, no other sender could load what belongs there.
 */
function countForeignCrowdedOut(limits: RegroupLimits, all: readonly GroupListing[], products: ProductGroups): number {
  let count = 0
  for (const together of connectedComponents(all, (each) => keyTexts(products, each))) {
    const theirs = together.filter((each) => isForeign(limits, each)).length
    if (theirs > 0 && together.filter(({ company }) => limits.mayWrite(company)).length > KEY_LISTINGS_MAX)
      count += theirs
  }
  return count
}

function keyTexts({ keysOf }: KeyLookup, listing: GroupListing): string[] {
  return keysOf(listing).map(keyText)
}

/** What links a listing with others: its keys, and the product that it is part of already. */
function linkTexts(products: KeyLookup, listing: GroupListing): string[] {
  return [...keyTexts(products, listing), ...(listing.is_new === 0 ? [`${listing.product_id}`] : [])]
}

function firstNames(companies: readonly string[]): string | null {
  return companies.length === 0 ? null : companies.slice(0, COMPANIES_NAMED_MAX).join(', ')
}

/** Groups listings that share texts, directly or through others (connected components). */
function connectedComponents(
  all: readonly GroupListing[],
  textsOf: (listing: GroupListing) => readonly string[],
): GroupListing[][] {
  const byKey = new Map<string, GroupListing[]>()
  for (const listing of all)
    for (const key of textsOf(listing)) (byKey.get(key) ?? byKey.set(key, []).get(key)!).push(listing)
  const found: GroupListing[][] = []
  const seen = new Set<GroupListing>()
  for (const listing of all) {
    const together = [listing]
    if (seen.has(listing)) continue
    seen.add(listing)
    // `together` grows while it is iterated.
    for (const each of together)
      for (const key of textsOf(each)) {
        const fresh = byKey.get(key)?.filter((other) => !seen.has(other)) ?? []
        byKey.delete(key)
        for (const other of fresh) seen.add(other)
        together.push(...fresh)
      }
    found.push(together)
  }
  return found
}
