/** The suggested pairs that the catalogue keeps, page by page, the likeliest first: for a person to judge. */
import type { Sql } from '../../database/sql.ts'
import type { ListingName } from '../catalogue.ts'
import type { Level } from '../model/suggest.ts'
import type { Current } from './current.ts'
import { lowestPriceOf } from './price-range.ts'
import { unitPriceView } from './products.ts'
import { pairText } from './suggestions.ts'

/** One of the two. */
export type PairedListing = Readonly<{
  product_id: number
  company: string
  sku: string | null
  key: string
  name: string
  brand: string | null
  size: string | null
  url: string | null
  image_url: string | null
  lowest_cents: number | null
  unit_price_cents: number | null
  unit_price_per: string | null
}>

/** A pair that is kept. */
export type KeptPair = Readonly<{
  a: PairedListing
  b: PairedListing
  level: Level
  score: number
  reasons: string[]
}>

/** Where a page ended. */
export type PairPlace = readonly [score: number, listing: number, other: number]

const PORTION = 200

type Pair = Readonly<{ listing_id: number; other_id: number; is_identical: 0 | 1; score: number; reasons: string }>

type Told = Readonly<{
  id: number
  product_id: number
  company: string
  company_code: string
  by_name: 0 | 1
  code: string
  key: string
  name: string
  brand: string | null
  size: string | null
  url: string | null
  image_url: string | null
}>

type Page = Readonly<{ after: PairPlace; limit: number }>

/** A page of the pairs of which nobody has said anything. A pair counts while both of its listings say what it was found from. */
export async function pairsToJudge(
  database: Sql,
  { after, limit }: Page,
  judged: readonly (readonly [ListingName, ListingName])[],
  current: Current,
): Promise<Readonly<{ pairs: KeptPair[]; next: PairPlace | null }>> {
  const said = new Set(judged.flatMap(([one, other]) => [pairText(one, other), pairText(other, one)]))
  const pairs: KeptPair[] = []
  for (let place = after; ; ) {
    const portion = await pairsBehind(database, place)
    for (const pair of portion) {
      if (pairs.length === limit) return { pairs, next: place }
      place = [pair.score, pair.listing_id, pair.other_id]
      const [one, other] = [await toldOf(database, pair.listing_id), await toldOf(database, pair.other_id)]
      if (said.has(pairText(nameOf(one), nameOf(other)))) continue
      pairs.push(await keptPair(database, [one, other], pair, current))
    }
    if (portion.length < PORTION) return { pairs, next: null }
  }
}

async function pairsBehind(database: Sql, place: PairPlace): Promise<Pair[]> {
  return await database.all<Pair>(
    `select suggestion.listing_id, suggestion.other_id, is_identical, score, reasons
      from suggestion
      join listing as one on one.id = suggestion.listing_id and one.label_id = suggestion.label_id
      join listing as other on other.id = suggestion.other_id and other.label_id = suggestion.other_label_id
      where score <= ?1 and (score < ?1 or suggestion.listing_id > ?2 or (suggestion.listing_id = ?2 and suggestion.other_id > ?3))
        and one.product_id <> other.product_id
      order by score desc, suggestion.listing_id, suggestion.other_id limit ${PORTION}`,
    ...place,
  )
}

async function toldOf(database: Sql, id: number): Promise<Told> {
  const told = await database.get<Told>(
    `select listing.id, product_id, company.shown as company, company.code as company_code, by_name, listing.code, label.key, label.name,
        brand.name as brand, label.size, label.url, label.image_url
      from listing join company on company.id = listing.company_id join label on label.id = listing.label_id
      left join brand on brand.id = label.brand_id where listing.id = ?`,
    id,
  )
  return told!
}

async function keptPair(
  database: Sql,
  [one, other]: readonly [Told, Told],
  { is_identical, score, reasons }: Pair,
  current: Current,
): Promise<KeptPair> {
  const [a, b] = [await pairedListing(database, one, current), await pairedListing(database, other, current)]
  const level = is_identical === 1 ? 'identical' : 'comparable'
  return { a, b, level, score: score / 1000, reasons: JSON.parse(reasons) as string[] }
}

async function pairedListing(database: Sql, told: Told, current: Current): Promise<PairedListing> {
  const { id, company_code: _, by_name, code, ...shown } = told
  const lowest_cents = await lowestPriceOf(database, id, current)
  const unit = unitPriceView({ name: told.name, size: told.size, priceCents: lowest_cents, told: null })
  return { ...shown, sku: by_name === 1 ? null : code, lowest_cents, ...unit }
}

function nameOf({ company_code, by_name, code }: Told): ListingName {
  return { company: company_code, byName: by_name, code }
}
