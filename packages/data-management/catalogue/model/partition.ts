/**
 * Decides which listings are one product. From the strongest evidence down (a person's *same*, a GTIN, name and size),
 * two that share it are joined, unless a person has said *not the same* of two that would meet, or two whose sizes
 * contradict each other would meet by a key. Evidence of one strength is taken in the order of its text, listings in
 * the order of their names: so the result does not depend on the order of the input. Pure.
 */
import { type IdentityKey, keyText, type Sizes, sizesContradict } from './identity.ts'

/** A listing with the keys that join it. `name`: its natural key, by which it is ordered. */
export type Member = Readonly<{ name: string; keys: readonly IdentityKey[]; sizes: Sizes }>

/** What a person has said of two listings, by their names. */
export type ListingVerdict = Readonly<{ one: string; other: string; isSame: boolean }>

/** Listings that are one product. */
type Group = { members: number[]; sizes: Map<string, number | null>; apart: Set<number> }

/** The groups of listings that are one product each, in the order of their names. */
export function partitionOf(given: readonly Member[], verdicts: readonly ListingVerdict[]): Member[][] {
  const members = given.toSorted((one, other) => compareTexts(one.name, other.name))
  const groups = new Grouping(members)
  const indexes = new Map(members.map(({ name }, index) => [name, index]))
  const same: (readonly [number, number])[] = []
  for (const { one, other, isSame } of verdicts) {
    const [first, second] = [indexes.get(one), indexes.get(other)]
    if (first === undefined || second === undefined || first === second) continue
    if (isSame) same.push(first < second ? [first, second] : [second, first])
    else groups.keepApart(first, second)
  }
  same.sort(([a, b], [c, d]) => a - c || b - d)
  for (const [one, other] of same) groups.join(one, other, true)
  for (const listings of sharedKeys(members)) for (const some of splitUnsized(members, listings)) groups.joinAll(some)
  return groups.all().map((indexes) => indexes.map((index) => members[index]!))
}

/** The listings of each key that several have, the strongest key first. */
function sharedKeys(members: readonly Member[]): number[][] {
  const byKey = new Map<string, number[]>()
  for (const [index, { keys }] of members.entries())
    for (const key of keys) {
      const text = keyText(key)
      const listings = byKey.get(text)
      if (listings === undefined) byKey.set(text, [index])
      else if (listings.at(-1) !== index) listings.push(index)
    }
  const shared = [...byKey].filter(([, listings]) => listings.length > 1)
  return shared.toSorted(([one], [other]) => compareTexts(one, other)).map(([, listings]) => listings)
}

/** If the sizes of a key's listings contradict each other, splits off those without a size: they may belong to any. */
function splitUnsized(members: readonly Member[], listings: readonly number[]): readonly (readonly number[])[] {
  const sized = listings.filter((index) => members[index]!.sizes.size > 0)
  if (sized.length === listings.length || !contradictEachOther(sized.map((index) => members[index]!.sizes)))
    return [listings]
  return [sized, listings.filter((index) => members[index]!.sizes.size === 0)]
}

function contradictEachOther(all: readonly Sizes[]): boolean {
  const known = new Map<string, number>()
  for (const sizes of all) {
    if (sizesContradict(sizes, known)) return true
    for (const [unit, amount] of sizes) known.set(unit, amount)
  }
  return false
}

/** The groups made so far. The smaller group is merged into the larger one. */
class Grouping {
  readonly #groups: Group[]

  constructor(members: readonly Member[]) {
    this.#groups = members.map(({ sizes }, index) => ({
      members: [index],
      sizes: new Map(sizes),
      apart: new Set(),
    }))
  }

  keepApart(one: number, other: number): void {
    this.#groups[one]!.apart.add(other)
    this.#groups[other]!.apart.add(one)
  }

  /** Joins what may be joined, in the order of all pairs. What a group has refused once, it always refuses. */
  joinAll(listings: readonly number[]): void {
    for (let left = listings; left.length > 1; ) {
      const [first, ...others] = left as [number, ...number[]]
      left = others.filter((other) => !this.join(first, other, false))
    }
  }

  /** Joins the groups of two listings if that is allowed; returns whether both are one product now. */
  join(one: number, other: number, isByVerdict: boolean): boolean {
    const [first, second] = [this.#groups[one]!, this.#groups[other]!]
    if (first === second) return true
    if (this.#areApart(first, second) || (!isByVerdict && contradictGroups(first.sizes, second.sizes))) return false
    const [into, from] = first.members.length < second.members.length ? [second, first] : [first, second]
    for (const member of from.members) {
      into.members.push(member)
      this.#groups[member] = into
    }
    for (const member of from.apart) into.apart.add(member)
    for (const [unit, amount] of from.sizes)
      into.sizes.set(unit, !into.sizes.has(unit) || into.sizes.get(unit) === amount ? amount : null)
    return true
  }

  all(): number[][] {
    const sorted = [...new Set(this.#groups)].map(({ members }) => members.sort((one, other) => one - other))
    return sorted.sort(([one], [other]) => one! - other!)
  }

  #areApart(one: Group, other: Group): boolean {
    const [fewer, group] = one.apart.size < other.apart.size ? [one, other] : [other, one]
    for (const member of fewer.apart) if (this.#groups[member] === group) return true
    return false
  }
}

/** An amount is null if the listings of a group have several, because a person has joined them. */
function contradictGroups(one: Group['sizes'], other: Group['sizes']): boolean {
  for (const [unit, amount] of one) if (other.has(unit) && (amount === null || other.get(unit) !== amount)) return true
  return false
}

/** Compares by UTF-16 units: only this process compares these texts, no database does. */
export function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
