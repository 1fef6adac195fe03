/**
 * The evidence for which listings are one product: a listing's own words, its size, and the keys it shares with others,
 * all of it from what the listing says now. Pure.
 */
import { gtinOf, reachOf } from './gtin.ts'
import { type PackSize, packSizeOf } from './pack-size.ts'

/** What a listing says now. `company`: its code. */
export type IdentityClaims = Readonly<{
  company: string
  name: string
  key: string
  size: string | null
  barcode: string | null
}>

/** The kinds of keys, the strongest first: a GTIN, a name with its size, and a barcode that joins nothing (`text`). */
export const KEY_KINDS = { gtin: 1, name: 2, text: 3 } as const
export type KeyKind = (typeof KEY_KINDS)[keyof typeof KEY_KINDS]
export type IdentityKey = Readonly<{ kind: KeyKind; value: string }>

/** A key as one text. */
export function keyText({ kind, value }: IdentityKey): string {
  return `${kind} ${value}`
}

/** Amounts by unit. Two listings contradict each other if they have a unit in common but not its amount. */
export type Sizes = ReadonlyMap<string, number>

/** The most listings of one company under one key: with more, the key does not identify an article. */
export const KEY_LISTINGS_MAX = 50

/** Why a company's key joins none of its listings (0: it does join them). `always`: keys of this kind never join. */
export const SILENT = { no: 0, names: 1, sizes: 2, many: 3, always: 4 } as const
export type Silence = (typeof SILENT)[keyof typeof SILENT]

/** The keys of a listing. The key of a GTIN of restricted circulation includes the company. */
export function identityKeysOf({ company, key, barcode }: IdentityClaims): IdentityKey[] {
  const keys: IdentityKey[] = []
  const gtin = barcode === null ? undefined : gtinOf(barcode)
  const reach = gtin === undefined ? 'none' : reachOf(gtin)
  if (reach !== 'none') keys.push({ kind: KEY_KINDS.gtin, value: reach === 'all' ? gtin! : `${gtin!} ${company}` })
  else if (barcode !== null) keys.push({ kind: KEY_KINDS.text, value: gtin ?? barcode })
  if (hasIdentifyingWord(key)) keys.push({ kind: KEY_KINDS.name, value: key })
  return keys
}

const UNIT_WORDS = new Set(
  'g gm gr kg mg ml cl dl l lt ltr m cm mm oz lb x ea each pk pkt pack packs pc pcs ct s per approx sheets'.split(' '),
)

/** Whether there is more in a key than digits and units. */
function hasIdentifyingWord(key: string): boolean {
  return (key.toLowerCase().match(/\p{L}+/gu) ?? []).some((word) => !UNIT_WORDS.has(word))
}

/** The exact amounts of a listing, from its size, else its name; none if these disagree or are approximate. */
export function sizesOf({ name, size }: Pick<IdentityClaims, 'name' | 'size'>): Sizes {
  const [own, named] = [size === null ? undefined : packSizeOf(size), packSizeOf(name)].map(amountsOf)
  if (own!.size === 0) return named!
  return sizesContradict(own!, named!) ? new Map() : own!
}

function amountsOf(size: PackSize | undefined): Map<string, number> {
  const amounts = new Map<string, number>()
  if (size === undefined || !size.isExact) return amounts
  if (size.unit !== 'each') amounts.set(size.unit, size.amount)
  if (size.count > 1) amounts.set('each', size.count)
  return amounts
}

/** Whether two sizes cannot be of one article. */
export function sizesContradict(one: Sizes, other: Sizes): boolean {
  for (const [unit, amount] of one) if ((other.get(unit) ?? amount) !== amount) return true
  return false
}

/** Why a company's listings with a common key are not joined by it. */
export function silenceOf(listings: readonly Pick<IdentityClaims, 'name' | 'size'>[]): Silence {
  if (listings.length > KEY_LISTINGS_MAX) return SILENT.many
  if (listings.length < 2) return SILENT.no
  if (new Set(listings.map(({ name }) => lettersAndDigits(name))).size > 1) return SILENT.names
  const sizes = listings.map(sizeTextOf).filter((text) => text !== '')
  return new Set(sizes).size > 1 ? SILENT.sizes : SILENT.no
}

function sizeTextOf(listing: Pick<IdentityClaims, 'name' | 'size'>): string {
  const amounts = [...sizesOf(listing)].sort().flat()
  return amounts.length > 0 ? amounts.join(' ') : lettersAndDigits(listing.size ?? '')
}

/** The letters and digits of a text, without case, accents, spaces and signs. */
function lettersAndDigits(text: string): string {
  const folded = text.normalize('NFKD').toUpperCase().toLowerCase()
  return folded.replace(/[^\p{L}\p{N}.]|[\u0300-\u036f]/gu, '')
}
