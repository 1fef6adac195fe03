/** What went in and what came out, in a form that can be compared. */
import type { Observation } from '@splitcart/data-management/catalogue/export.ts'
import type { Row } from '@splitcart/shared/row.ts'

/** What `export observations` must print of a row. */
export function observationOf(row: Row): Observation {
  return {
    company: row.company,
    store_id: row.storeCode,
    ...(row.sku === null ? { sku: null, key: row.key } : { sku: row.sku }),
    scraped_date: row.date,
    price_cents: row.priceCents,
    was_price_cents: row.wasPriceCents,
    is_on_special: row.isOnSpecial,
    is_available: row.isAvailable,
  }
}

/** Records as text, so that two lists can be compared whatever their order. */
export function asText(records: readonly object[]): string[] {
  return records.map((record) => JSON.stringify(Object.entries(record).sort())).sort()
}
