/** Comparable listings in other shops: suggested pairs, and verdicts of people. They do not count in prices. */
import type { Sql } from '../../database/sql.ts'
import type { VerdictRecord } from '../../ledger/verdicts.ts'
import type { ListingName } from '../catalogue.ts'
import type { PairLevel } from '../model/suggest.ts'
import type { LiveStores } from './current.ts'
import {
  listingNameOf,
  PAIRED_COLUMNS,
  PAIRED_JOINS,
  type PairedListing,
  type PairedListingRow,
  parseSuggestion,
  pricedListing,
  readPairedListingRows,
  type StoredSuggestion,
} from './paired-listing.ts'
import { listingPairKey, listingPairKeys } from './suggestions.ts'

/** A listing of another product. `score` is null for a person's verdict, `said_by` for a suggestion. */
export type ComparableListing = Omit<PairedListing, 'brand' | 'url'> &
  Readonly<{ level: PairLevel; score: number | null; reasons: string[]; said_by: string | null }>

/** Finds the verdicts in force on pairs that contain one of these listings. */
export type VerdictsAbout = (listings: readonly ListingName[]) => Promise<readonly VerdictRecord[]>

const LISTINGS_MAX = 50
const SUGGESTED_MAX = 60
const SHOWN_MAX = 12

type SuggestedRow = PairedListingRow & StoredSuggestion & Readonly<{ mine: number }>
type ComparableRow = Pick<ComparableListing, 'level' | 'score' | 'reasons' | 'said_by'> &
  Readonly<{ other: PairedListingRow }>

/** The comparable listings of a product: first those of verdicts, then the likeliest suggestions. */
export async function findComparableListings(
  database: Sql,
  productId: number,
  current: LiveStores,
  verdictsAbout: VerdictsAbout,
): Promise<ComparableListing[]> {
  const mine = await readPairedListingRows(
    database,
    `listing.product_id = ? order by listing.id limit ${LISTINGS_MAX}`,
    productId,
  )
  const verdicts = await verdictsAbout(mine.map(listingNameOf))
  const judged = listingPairKeys(verdicts.map(({ one, other }) => [one, other]))
  const names = new Map(mine.map((listing) => [listing.id, listingNameOf(listing)]))
  const suggested = (await suggestionsFor(database, productId)).filter((each) => {
    const own = names.get(each.mine)
    return own === undefined || !judged.has(listingPairKey(own, listingNameOf(each)))
  })
  const byVerdict = await comparableByVerdict(database, productId, mine, verdicts)
  const candidates = [...byVerdict, ...suggested.map(comparableRow)]
  const shown = [...new Map(candidates.toReversed().map((each) => [each.other.id, each])).values()].toReversed()
  return await Promise.all(shown.slice(0, SHOWN_MAX).map((each) => comparableView(database, each, current)))
}

/** The suggestions for a product. A pair counts while both listings still have the labels it was found from. */
async function suggestionsFor(database: Sql, productId: number): Promise<SuggestedRow[]> {
  return await database.all<SuggestedRow>(
    `select pair.mine, pair.is_identical, pair.score, pair.reasons, ${PAIRED_COLUMNS}
      from (
        select own.id as mine, other_id, other_label_id, is_identical, score, reasons
        from listing as own join suggestion on suggestion.listing_id = own.id and suggestion.label_id = own.label_id
        where own.product_id = ?1
        union all
        select own.id as mine, suggestion.listing_id as other_id, suggestion.label_id as other_label_id, is_identical, score, reasons
        from listing as own join suggestion on suggestion.other_id = own.id and suggestion.other_label_id = own.label_id
        where own.product_id = ?1
      ) as pair join listing on listing.id = pair.other_id and listing.label_id = pair.other_label_id ${PAIRED_JOINS}
      where listing.product_id <> ?1
      order by pair.is_identical desc, pair.score desc, company.code, listing.by_name, listing.code limit ${SUGGESTED_MAX}`,
    productId,
  )
}

function comparableRow({ mine: _, is_identical, score, reasons, ...other }: SuggestedRow): ComparableRow {
  return { other, ...parseSuggestion({ is_identical, score, reasons }), said_by: null }
}

/** The listings of other products that people have called comparable. */
async function comparableByVerdict(
  database: Sql,
  productId: number,
  mine: readonly PairedListingRow[],
  verdicts: readonly VerdictRecord[],
): Promise<ComparableRow[]> {
  const own = new Set(mine.map((listing) => JSON.stringify(listingNameOf(listing))))
  const found: ComparableRow[] = []
  for (const { one, other, verdict, who, reason } of verdicts) {
    if (verdict !== 'comparable') continue
    const { company, byName, code } = own.has(JSON.stringify(one)) ? other : one
    const condition = 'company.code = ? and listing.by_name = ? and listing.code = ?'
    const [row] = await readPairedListingRows(database, condition, company, byName, code)
    if (row === undefined || row.product_id === productId) continue
    found.push({
      other: row,
      level: 'comparable',
      score: null,
      reasons: reason === null ? [] : [reason],
      said_by: who,
    })
  }
  return found
}

async function comparableView(
  database: Sql,
  { other, ...how }: ComparableRow,
  current: LiveStores,
): Promise<ComparableListing> {
  const { brand: _, url: __, ...shown } = await pricedListing(database, other, current)
  return { ...shown, ...how }
}
