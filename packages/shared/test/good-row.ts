/**
 * A row with nothing odd in it, and the same row with one field odd. A value is the JSON text that stands in the line, so
 * that what JavaScript would read or write differently can be said.
 */
import type { RejectCode, Row } from '../row.ts'

/** Loaded, as it is or as these fields say; loaded without the field and with a warning (`marked`: of one that is not known); or rejected. */
export type Answer = Readonly<{ loads: Partial<Row> }> | 'dropped' | 'marked' | RejectCode

/** JSON text, `undefined` where the field is missing, or a text too long or odd to print and what to print for it. */
export type Value = string | undefined | Readonly<{ text: string; shown: string }>

export const PRODUCT: Readonly<Record<string, string>> = {
  sku: '"1234"',
  name: '"Rolled Oats"',
  brand: '"Mill"',
  barcode: '"9300601234567"',
  size: '"1 kg"',
  url: '"https://shop.example/oats"',
  image_url: '"https://shop.example/oats.png"',
  category_path: '["Pantry", "Cereal"]',
  price_current: '5.99',
  price_was: '6.49',
  is_on_special: 'true',
  is_available: 'true',
  normalized_name_brand_size: '"rolled oats mill 1 kg"',
}

export const METADATA: Readonly<Record<string, string>> = {
  company: '"aldi"',
  company_name: '"ALDI"',
  store_id: '"G700"',
  store_name: '"aldi store g700"',
  state: '"qld"',
  scraped_date: '"2025-09-23"',
  scraped_at: '"2025-09-23T04:05:06.789Z"',
}

/** What the row without anything odd in it is read as. */
export const GOOD_ROW: Row = {
  company: 'aldi',
  companyKey: 'aldi',
  companyName: 'ALDI',
  storeCode: 'G700',
  storeKey: 'g700',
  storeName: 'aldi store g700',
  state: 'qld',
  date: '2025-09-23',
  scrapedAt: Date.UTC(2025, 8, 23, 4, 5, 6, 789),
  sku: '1234',
  key: 'rolled oats mill 1 kg',
  name: 'Rolled Oats',
  brand: 'Mill',
  barcode: '9300601234567',
  size: '1 kg',
  url: 'https://shop.example/oats',
  imageUrl: 'https://shop.example/oats.png',
  pictureUrl: 'https://shop.example/oats.png',
  categoryPath: ['Pantry', 'Cereal'],
  priceCents: 599,
  wasPriceCents: 649,
  isOnSpecial: true,
  isAvailable: true,
  details: null,
  unit: 0,
  warnings: [],
  ignored: [],
}

/** The good row with one field (`product.name`) missing or holding another JSON text. */
export function lineWith(field: string, value: Value): string {
  const text = typeof value === 'object' ? value.text : value
  const [parent, name = ''] = field.split('.')
  const product = parent === 'product' ? { ...PRODUCT, [name]: text } : PRODUCT
  const metadata = parent === 'metadata' ? { ...METADATA, [name]: text } : METADATA
  return `{"product": ${objectOf(product)}, "metadata": ${objectOf(metadata)}}`
}

function objectOf(fields: Readonly<Record<string, string | undefined>>): string {
  const members = Object.entries(fields).filter(([, text]) => text !== undefined)
  return `{${members.map(([name, text]) => `"${name}": ${text}`).join(', ')}}`
}

/** The row without anything odd in it. */
export const GOOD_LINE = lineWith('', undefined)
