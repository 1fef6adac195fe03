/** The suggested pairs that the catalogue keeps, page by page, the likeliest first: for a person to judge. */
import type { Sql } from '../../database/sql.ts'
import type { ListingName } from '../catalogue.ts'
import type { PairLevel } from '../model/suggest.ts'
import type { LiveStores } from './current.ts'
import {
  listingNameOf,
  type PairedListing,
  parseSuggestion,
  pricedListing,
  readPairedListingRows,
  type StoredSuggestion,
} from './paired-listing.ts'
import { listingPairKey, listingPairKeys } from './suggestions.ts'

/** A stored pair, with what its listings cost now. */
export type SuggestedPair = Readonly<{
  a: PairedListing
  b: PairedListing
  level: PairLevel
  score: number
  reasons: string[]
}>

/** Where a page ended: the last pair that was read. */
export type PairCursor = readonly [score: number, listing: number, other: number]

const BATCH = 200

type StoredPair = StoredSuggestion & Readonly<{ listing_id: number; other_id: number }>

type PairPageRequest = Readonly<{ after: PairCursor; limit: number }>

/** A page of the pairs without a verdict. A pair counts while both listings still have the labels it was found from. */
export async function pairsToJudge(
  database: Sql,
  { after, limit }: PairPageRequest,
  judged: readonly (readonly [ListingName, ListingName])[],
  current: LiveStores,
): Promise<Readonly<{ pairs: SuggestedPair[]; next: PairCursor | null }>> {
  const texts = listingPairKeys(judged)
  const pairs: SuggestedPair[] = []
  for (let place = after; ; ) {
    const batch = await readPairsAfter(database, place)
    for (const pair of batch) {
      if (pairs.length === limit) return { pairs, next: place }
      place = [pair.score, pair.listing_id, pair.other_id]
      const [one] = await readPairedListingRows(database, 'listing.id = ?', pair.listing_id)
      const [other] = await readPairedListingRows(database, 'listing.id = ?', pair.other_id)
      if (texts.has(listingPairKey(listingNameOf(one!), listingNameOf(other!)))) continue
      const [a, b] = [await pricedListing(database, one!, current), await pricedListing(database, other!, current)]
      pairs.push({ a, b, ...parseSuggestion(pair) })
    }
    if (batch.length < BATCH) return { pairs, next: null }
  }
}

async function readPairsAfter(database: Sql, place: PairCursor): Promise<StoredPair[]> {
  return await database.all<StoredPair>(
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
