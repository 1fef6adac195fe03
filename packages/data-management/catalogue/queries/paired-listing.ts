/** One listing of a pair, as it is shown beside the other: its name and what it costs now. */
import type { Sql } from '../../database/sql.ts'
import type { ListingName } from '../catalogue.ts'
import type { PairLevel } from '../model/suggest.ts'
import { unitPriceOfGoods, unitPriceView } from '../model/unit-price.ts'
import type { LiveStores } from './current.ts'
import { readLowestPrice } from './price-range.ts'

/** A listing, and the lowest price at which it can be bought now. */
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

/** A record of the columns `PAIRED_COLUMNS`, selected from `listing` and the joins `PAIRED_JOINS`. */
export type PairedListingRow = Omit<PairedListing, 'sku' | 'lowest_cents' | 'unit_price_cents' | 'unit_price_per'> &
  Readonly<{ id: number; company_code: string; by_name: 0 | 1; code: string }>

export const PAIRED_COLUMNS = `listing.id, listing.product_id, company.shown as company, company.code as company_code, listing.by_name, listing.code,
  label.key, label.name, brand.name as brand, label.size, label.url, label.image_url`
export const PAIRED_JOINS = `join company on company.id = listing.company_id join label on label.id = listing.label_id
  left join brand on brand.id = label.brand_id`

/** The listings that meet a condition. */
export async function readPairedListingRows(
  database: Sql,
  condition: string,
  ...values: (string | number)[]
): Promise<PairedListingRow[]> {
  return await database.all<PairedListingRow>(
    `select ${PAIRED_COLUMNS} from listing ${PAIRED_JOINS} where ${condition}`,
    ...values,
  )
}

/** A suggestion as stored: the score in thousandths, the reasons as JSON. */
export type StoredSuggestion = Readonly<{ is_identical: 0 | 1; score: number; reasons: string }>

/** The fields of a stored suggestion; its score from 0 to 1. */
export function parseSuggestion({ is_identical, score, reasons }: StoredSuggestion) {
  const level: PairLevel = is_identical === 1 ? 'identical' : 'comparable'
  return { level, score: score / 1000, reasons: JSON.parse(reasons) as string[] }
}

/** A listing with its lowest price. */
export async function pricedListing(database: Sql, row: PairedListingRow, current: LiveStores): Promise<PairedListing> {
  const { id, company_code: _, by_name, code, ...shown } = row
  const lowest_cents = await readLowestPrice(database, id, current)
  const unit = unitPriceView(unitPriceOfGoods({ name: row.name, size: row.size, priceCents: lowest_cents }))
  return { ...shown, sku: by_name === 1 ? null : code, lowest_cents, ...unit }
}

/** The natural key of the listing, as in verdicts. */
export function listingNameOf({ company_code, by_name, code }: NameRow): ListingName {
  return { company: company_code, byName: by_name, code }
}

type NameRow = Pick<PairedListingRow, 'company_code' | 'by_name' | 'code'>
