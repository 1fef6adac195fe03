/** Comparable listings in other shops: suggested pairs, and verdicts of people. They do not count in prices. */
import type { Sql } from '../../database/sql.ts'
import type { VerdictRecord } from '../../ledger/verdicts.ts'
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

/** A listing of another product. `score` is null for a person's verdict, `said_by` for a suggestion. */
export type Comparable = Omit<PairedListing, 'brand' | 'url'> &
  Readonly<{ level: Level; score: number | null; reasons: string[]; said_by: string | null }>

/** Finds the verdicts in force on pairs that contain one of these listings. */
export type VerdictsAbout = (listings: readonly ListingName[]) => Promise<readonly VerdictRecord[]>

const LISTINGS_MAX = 50
const SUGGESTED_MAX = 60
const SHOWN_MAX = 12

type Suggested = PairedListingRow & KeptSuggestion & Readonly<{ mine: number }>
type Beside = Pick<Comparable, 'level' | 'score' | 'reasons' | 'said_by'> & Readonly<{ other: PairedListingRow }>

/** The comparable listings of a product: first those of verdicts, then the likeliest suggestions. */
export async function comparableWith(
  database: Sql,
  productId: number,
  current: Current,
  verdictsAbout: VerdictsAbout,
): Promise<Comparable[]> {
  const mine = await toldWhere(database, `listing.product_id = ? order by listing.id limit ${LISTINGS_MAX}`, productId)
  const verdicts = await verdictsAbout(mine.map(nameOf))
  const judged = new Set(verdicts.flatMap(({ one, other }) => [pairText(one, other), pairText(other, one)]))
  const names = new Map(mine.map((listing) => [listing.id, nameOf(listing)]))
  const suggested = (await suggestedFor(database, productId)).filter((each) => {
    const own = names.get(each.mine)
    return own === undefined || !judged.has(pairText(own, nameOf(each)))
  })
  const said = await saidBeside(database, productId, mine, verdicts)
  const beside = [...said, ...suggested.map(besideOf)]
  const shown = [...new Map(beside.toReversed().map((each) => [each.other.id, each])).values()].toReversed()
  return await Promise.all(shown.slice(0, SHOWN_MAX).map((each) => comparable(database, each, current)))
}

async function toldWhere(
  database: Sql,
  condition: string,
  ...values: (string | number)[]
): Promise<PairedListingRow[]> {
  return await database.all<PairedListingRow>(
    `select ${PAIRED_COLUMNS} from listing ${PAIRED_JOINS} where ${condition}`,
    ...values,
  )
}

/** The suggestions for a product. A pair counts while both listings still have the labels it was found from. */
async function suggestedFor(database: Sql, productId: number): Promise<Suggested[]> {
  return await database.all<Suggested>(
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

function besideOf({ mine: _, is_identical, score, reasons, ...other }: Suggested): Beside {
  return { other, ...suggestionOf({ is_identical, score, reasons }), said_by: null }
}

/** The listings of other products that people have called comparable. */
async function saidBeside(
  database: Sql,
  productId: number,
  mine: readonly PairedListingRow[],
  verdicts: readonly VerdictRecord[],
): Promise<Beside[]> {
  const own = new Set(mine.map((listing) => JSON.stringify(nameOf(listing))))
  const found: Beside[] = []
  for (const { one, other, verdict, who, reason } of verdicts) {
    if (verdict !== 'comparable') continue
    const { company, byName, code } = own.has(JSON.stringify(one)) ? other : one
    const condition = 'company.code = ? and listing.by_name = ? and listing.code = ?'
    const [beside] = await toldWhere(database, condition, company, byName, code)
    if (beside === undefined || beside.product_id === productId) continue
    found.push({
      other: beside,
      level: 'comparable',
      score: null,
      reasons: reason === null ? [] : [reason],
      said_by: who,
    })
  }
  return found
}

async function comparable(database: Sql, { other, ...how }: Beside, current: Current): Promise<Comparable> {
  const { brand: _, url: __, ...shown } = await pairedListing(database, other, current)
  return { ...shown, ...how }
}
