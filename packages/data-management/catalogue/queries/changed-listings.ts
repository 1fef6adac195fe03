/** Adds the names of listings to changes, for answers of the API. */
import type { Sql } from '../../database/sql.ts'
import { unitPriceOfGoods, unitPriceView } from '../model/unit-price.ts'
import type { ChangeLine } from './changes.ts'

type ListingRecord = Readonly<{
  id: number
  product_id: number
  company: string
  by_name: number
  code: string
  key: string
  name: string
  size: string | null
}>

/** A change in an answer. `key`: the normalized name, which identifies a listing without `sku`. Price null: none. */
export type ChangeView = Readonly<{
  kind: ChangeLine['kind']
  product_id: number
  company: string
  sku: string | null
  key: string
  name: string
  size: string | null
  from_cents: number | null
  to_cents: number | null
  /** The change of price in cents and as a share, below 0 if cheaper; null for other kinds. */
  change_cents: number | null
  change_share: number | null
  /** The unit price after the change; before it, if there is no price after it. */
  unit_price_cents: number | null
  unit_price_per: string | null
  stores: number
  first_date: string
  last_date: string
}>

const MILLION = 1_000_000

/** Looks up the listings of changes. Changes of listings that were deleted meanwhile are left out. */
export async function changeViews(database: Sql, lines: readonly ChangeLine[]): Promise<ChangeView[]> {
  if (lines.length === 0) return []
  const ids = [...new Set(lines.map(({ listing_id }) => listing_id))]
  const records = await database.all<ListingRecord>(
    `select listing.id, listing.product_id, company.shown as company, by_name, listing.code, label.key, label.name, label.size
      from listing join company on company.id = listing.company_id join label on label.id = listing.label_id
      where listing.id in (${ids.map(() => '?').join(', ')})`,
    ...ids,
  )
  const listings = new Map(records.map((record) => [record.id, record]))
  return lines.flatMap((line) => {
    const listing = listings.get(line.listing_id)
    return listing === undefined ? [] : [changeView(line, listing)]
  })
}

function changeView(line: ChangeLine, { id: _, by_name, code, ...listing }: ListingRecord): ChangeView {
  const { kind, by_share, stores, first_date, last_date } = line
  const [from, to] = [knownPrice(line.from_cents), knownPrice(line.to_cents)]
  const isPriceChange = (kind === 'cheaper' || kind === 'dearer') && from !== null && to !== null
  return {
    kind,
    ...listing,
    sku: by_name === 1 ? null : code,
    from_cents: from,
    to_cents: to,
    change_cents: isPriceChange ? to - from : null,
    change_share: isPriceChange ? (Math.sign(to - from) * -by_share) / MILLION : null,
    ...unitPriceView(unitPriceOfGoods({ name: listing.name, size: listing.size, priceCents: to ?? from })),
    stores,
    first_date,
    last_date,
  }
}

function knownPrice(cents: number): number | null {
  return cents < 0 ? null : cents
}
