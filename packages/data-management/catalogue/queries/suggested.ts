/** The suggested pairs that the catalogue keeps, page by page, the likeliest first: for a person to judge. */
import type { Sql } from '../../database/sql.ts'
import type { ListingName } from '../catalogue.ts'
import type { Level } from '../model/suggest.ts'
import type { Current } from './current.ts'
import {
  type KeptSuggestion,
  nameOf,
  PAIRED_COLUMNS,
  PAIRED_JOINS,
  type PairedListing,
  type PairedListingRow,
  pairedListing,
  suggestionOf,
} from './paired-listing.ts'
import { pairText } from './suggestions.ts'

/** A stored pair. */
export type KeptPair = Readonly<{
  a: PairedListing
  b: PairedListing
  level: Level
  score: number
  reasons: string[]
}>

/** Where a page ended. */
export type PairCursor = readonly [score: number, listing: number, other: number]

const BATCH = 200

type Pair = KeptSuggestion & Readonly<{ listing_id: number; other_id: number }>

type Page = Readonly<{ after: PairCursor; limit: number }>

/** A page of the pairs without a verdict. A pair counts while both listings still have the labels it was found from. */
export async function pairsToJudge(
  database: Sql,
  { after, limit }: Page,
  judged: readonly (readonly [ListingName, ListingName])[],
  current: Current,
): Promise<Readonly<{ pairs: KeptPair[]; next: PairCursor | null }>> {
  const said = new Set(judged.flatMap(([one, other]) => [pairText(one, other), pairText(other, one)]))
  const pairs: KeptPair[] = []
  for (let place = after; ; ) {
    const batch = await pairsBehind(database, place)
    for (const pair of batch) {
      if (pairs.length === limit) return { pairs, next: place }
      place = [pair.score, pair.listing_id, pair.other_id]
      const [one, other] = [await toldOf(database, pair.listing_id), await toldOf(database, pair.other_id)]
      if (said.has(pairText(nameOf(one), nameOf(other)))) continue
      pairs.push(await keptPair(database, [one, other], pair, current))
    }
    if (batch.length < BATCH) return { pairs, next: null }
  }
}

async function pairsBehind(database: Sql, place: PairCursor): Promise<Pair[]> {
  return await database.all<Pair>(
    `select suggestion.listing_id, suggestion.other_id, is_identical, score, reasons
      from suggestion
      join listing as one on one.id = suggestion.listing_id and one.label_id = suggestion.label_id
      join listing as other on other.id = suggestion.other_id and other.label_id = suggestion.other_label_id
      where score <= ?1 and (score < ?1 or suggestion.listing_id > ?2 or (suggestion.listing_id = ?2 and suggestion.other_id > ?3))
        and one.product_id <> other.product_id
      order by score desc, suggestion.listing_id, suggestion.other_id limit ${BATCH}`,
    ...place,
  )
}

async function toldOf(database: Sql, id: number): Promise<PairedListingRow> {
  return (await database.get<PairedListingRow>(
    `select ${PAIRED_COLUMNS} from listing ${PAIRED_JOINS} where listing.id = ?`,
    id,
  ))!
}

async function keptPair(
  database: Sql,
  [one, other]: readonly [PairedListingRow, PairedListingRow],
  pair: Pair,
  current: Current,
): Promise<KeptPair> {
  const [a, b] = [await pairedListing(database, one, current), await pairedListing(database, other, current)]
  return { a, b, ...suggestionOf(pair) }
}
