/** Small random stories of what listings say and what people say of them; and the rules of products, written down as they are said. */
import {
  type IdentityClaims,
  identityKeysOf,
  KEY_KINDS,
  type KeyKind,
  SILENT,
  silenceOf,
  sizesOf,
} from '../catalogue/model/identity.ts'
import { compareTexts, type ListingVerdict, type Member, partitionOf } from '../catalogue/model/partition.ts'
import { Chance } from './random.ts'

const COMPANIES = ['elmmart', 'northmart', 'oakmart']
const NAMES = ['Oats', 'Rye Bread', 'Oats 1kg']
const SIZES = [null, null, '500 g', '0.5 kg', '1 kg', '6 x 1.5 L', '1.5 L', 'Large', 'approx. 500 g', '12pk']
const KEYS = ['oats', 'bread', 'tea', '500g']
const BARCODES = [null, null, '9300600000013', '9300600000020', '2000012000004', '123456', '9999999999994']

/** A listing with its own name. */
export type NaiveListing = IdentityClaims & Readonly<{ id: string }>

/** What is wrong with the products of a seed's story, or undefined. */
export function faultOfPartition(seed: number): string | undefined {
  const chance = new Chance(seed)
  const { listings, verdicts } = storyOf(chance)
  const expected = textOf(naiveProducts(listings, verdicts))
  for (let order = 0; order < 2; order++) {
    const members = membersOf(chance.shuffled(listings))
    const found = textOf(partitionOf(members, chance.shuffled(verdicts)).map((group) => group.map(({ name }) => name)))
    if (found !== expected) return `${found} instead of ${expected}`
  }
  return undefined
}

/** Listings are shown, shown differently and taken out again; verdicts are given and taken back. What is left counts. */
function storyOf(chance: Chance): { listings: NaiveListing[]; verdicts: ListingVerdict[] } {
  const listings = new Map<string, NaiveListing>()
  const verdicts = new Map<string, ListingVerdict>()
  for (let event = chance.between(1, 30); event > 0; event--) {
    const company = chance.of(COMPANIES)
    const id = `${company} 0 ${chance.between(1, 4)}`
    const key = chance.of(KEYS)
    if (chance.is(0.1)) listings.delete(id)
    else if (chance.is(0.8))
      listings.set(id, {
        id,
        company,
        key,
        name: chance.of(NAMES),
        size: chance.of(SIZES),
        barcode: chance.of(BARCODES),
      })
    const [one, other] = chance.shuffled([...listings.keys()])
    if (one === undefined || other === undefined || chance.is(0.7)) continue
    const pair = [one, other].sort().join(' / ')
    if (chance.is(0.3)) verdicts.delete(pair)
    else verdicts.set(pair, { one, other, isSame: chance.is(0.5) })
  }
  return { listings: [...listings.values()], verdicts: [...verdicts.values()] }
}

/** Each listing with the keys of it that are not silent. */
function membersOf(listings: readonly NaiveListing[]): Member[] {
  const speaking = Map.groupBy(
    naiveKeys(listings).filter(([, , , silent]) => silent === SILENT.no),
    ([id]) => id,
  )
  return listings.map((listing) => ({
    name: listing.id,
    sizes: sizesOf(listing),
    keys: (speaking.get(listing.id) ?? []).map(([, kind, value]) => ({ kind: kind as KeyKind, value })),
  }))
}

/** The keys of each listing, with the name of the listing in front, and whether they are silent. */
export function naiveKeys(
  listings: readonly NaiveListing[],
): [id: string, kind: number, value: string, silent: number][] {
  const keys = listings.flatMap((listing) => identityKeysOf(listing).map((key) => ({ ...key, listing })))
  const byCompany = Map.groupBy(keys, ({ kind, value, listing }) => JSON.stringify([kind, value, listing.company]))
  return [...byCompany.values()].flatMap((sharing) => {
    const silent = silenceOf(sharing.map(({ listing }) => listing))
    return sharing.map(({ kind, value, listing }): [string, number, string, number] => [
      listing.id,
      kind,
      value,
      kind === KEY_KINDS.text ? SILENT.always : silent,
    ])
  })
}

/** Every pair of listings, one after the other: the strongest evidence first, then by its text, then by their names. */
export function naiveProducts(listings: readonly NaiveListing[], verdicts: readonly ListingVerdict[]): string[][] {
  const members = membersOf(listings).toSorted((one, other) => compareTexts(one.name, other.name))
  const product = new Map(members.map((member) => [member.name, [member]]))
  const isSaid = (one: Member, other: Member, isSame: boolean) =>
    verdicts.some((each) => each.isSame === isSame && pairOf(each.one, each.other) === pairOf(one.name, other.name))
  const put = (one: Member, other: Member, byWord: boolean) => {
    const [first, second] = [product.get(one.name)!, product.get(other.name)!]
    if (first === second) return
    for (const a of first) for (const b of second) if (isSaid(a, b, false) || (!byWord && haveOtherSizes(a, b))) return
    for (const member of second) product.set(member.name, first)
    first.push(...second)
  }
  if (verdicts.length > 0)
    for (const [one, other] of pairsOf(members)) if (isSaid(one, other, true)) put(one, other, true)
  const shown = members.flatMap((member) =>
    member.keys.map(({ kind, value }) => ({ text: `${kind} ${value}`, member })),
  )
  const byKey = [...Map.groupBy(shown, ({ text }) => text)].sort(([one], [other]) => compareTexts(one, other))
  for (const [, sharing] of byKey) {
    const have = sharing.map(({ member }) => member)
    const isUnclear = pairsOf(have).some(([one, other]) => haveOtherSizes(one, other))
    for (const [one, other] of pairsOf(have))
      if (!isUnclear || one.sizes.size > 0 === other.sizes.size > 0) put(one, other, false)
  }
  return [...new Set(product.values())].map((group) => group.map(({ name }) => name))
}

function haveOtherSizes(one: Member, other: Member): boolean {
  return [...one.sizes].some(([unit, amount]) => other.sizes.has(unit) && other.sizes.get(unit) !== amount)
}

function pairsOf<T>(all: readonly T[]): [T, T][] {
  return all.flatMap((one, index) => all.slice(index + 1).map((other): [T, T] => [one, other]))
}

function pairOf(one: string, other: string): string {
  return [one, other].sort().join(' / ')
}

function textOf(products: readonly (readonly string[])[]): string {
  return products
    .map((names) => names.toSorted().join(' = '))
    .sort()
    .join('; ')
}
