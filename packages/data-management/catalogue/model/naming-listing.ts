/**
 * Which listing a product takes its name from: the one that has had a key in common with another company the longest.
 * So no later sender renames a product, whatever dates and codes its files have: only their receipt counts. Pure.
 */
import { type IdentityClaims, type IdentityKey, identityKeysOf, keyText } from './identity.ts'
import { compareTexts } from './partition.ts'

/** A listing of a product. `name`: its natural key, for ordering; `keys` join it; `since`: when it got each, by `keyText`. */
export type NamingCandidate = Readonly<{
  name: string
  company: string
  keys: readonly IdentityKey[]
  since: ReadonlyMap<string, number>
}>

/** What a file has said of a listing, and when the first file that said so was received. */
export type ClaimsSince = Pick<IdentityClaims, 'key' | 'barcode'> & Readonly<{ since: number }>

/** Since when a listing of a company has had each key that it ever had. */
export function keysSince(company: string, claims: readonly ClaimsSince[]): Map<string, number> {
  const since = new Map<string, number>()
  for (const each of claims)
    for (const key of identityKeysOf({ company, name: '', size: null, ...each })) {
      const text = keyText(key)
      since.set(text, Math.min(since.get(text) ?? Number.POSITIVE_INFINITY, each.since))
    }
  return since
}

/** The listing that a product takes its name from. On a tie, and if no key joins companies, the first by `name`. */
export function namingListingOf<T extends NamingCandidate>(listings: readonly T[]): T {
  const companies = new Map<string, Set<string>>()
  for (const { company, keys } of listings)
    for (const key of keys) companies.set(keyText(key), (companies.get(keyText(key)) ?? new Set()).add(company))
  const joinedSince = ({ keys, since }: T) =>
    Math.min(
      ...keys
        .map(keyText)
        .filter((text) => companies.get(text)!.size > 1)
        .map((text) => since.get(text) ?? Number.POSITIVE_INFINITY),
    )
  const ranked = listings.map((listing) => ({ listing, since: joinedSince(listing) }))
  return ranked.reduce((first, other) => (isBefore(other, first) ? other : first)).listing
}

type JoinedSince = Readonly<{ listing: NamingCandidate; since: number }>

function isBefore(one: JoinedSince, other: JoinedSince): boolean {
  if (one.since !== other.since) return one.since < other.since
  return compareTexts(one.listing.name, other.listing.name) < 0
}
