/**
 * A row: one line of a scrape, read once into the only shape the rest of the program knows, or refused with a reason.
 *
 *   {"product": {"sku", "name", "price_current", …}, "metadata": {"company", "store_id", "scraped_date", …}}
 *
 * What must be right is refused when it is not (`REJECT_CODES`); any other field that is wrong is dropped and counted as a
 * warning. Unknown fields are ignored, of a key that stands twice the last counts. Docs: docs/rows.md, held true by a test.
 */
import { isUtf8 } from 'node:buffer'
import { isDate } from './date.ts'
import { measure, NESTING_MAX, openings } from './nesting.ts'
import { centsOf } from './price.ts'
import { faultOfText, isAbsent, isBlankText } from './text.ts'
import { unitOf } from './truth/unit-price.ts'

/** What a row says about its scrape. Dates are ISO text, times are milliseconds since 1970. */
export type RowMetadata = Readonly<{
  company: string
  companyName: string | null
  storeCode: string
  storeName: string
  state: string | null
  date: string
  scrapedAt: number | null
}>

/** What a row says about a thing on the shelf. Money is whole cents. */
export type RowProduct = Readonly<{
  sku: string | null
  key: string
  name: string
  brand: string | null
  barcode: string | null
  size: string | null
  url: string | null
  imageUrl: string | null
  categoryPath: readonly string[]
  priceCents: number
  wasPriceCents: number | null
  isOnSpecial: boolean | null
  isAvailable: boolean | null
  /** How its unit price fits the rest: what `unitOf` says. */
  unit: number
}>

/** The names of the fields that were dropped because they were wrong. */
export type Warnings = Readonly<{ warnings: readonly string[] }>

/** One row, read. */
export type Row = RowMetadata & RowProduct & Warnings

/** Why a line is not a row. `field` is the path of what is wrong, where it is one field. */
export type Rejection = Readonly<{ code: RejectCode; field: string | null; reason: string }>

export type RejectCode = keyof typeof REJECT_CODES

/** Every reason a line can be rejected for. */
export const REJECT_CODES = {
  line_too_long: 'the line is longer than the limit',
  not_utf8: 'the line is not UTF-8',
  not_json: 'the line is not JSON',
  too_nested: `the line nests deeper than ${NESTING_MAX} levels`,
  too_many_keys: 'the line has more than 1,000 keys',
  not_a_row: 'the line is not an object with the objects product and metadata',
  key_forbidden: 'the row, its product or its metadata has a key named __proto__',
  field_missing: 'a field that must be there is missing, null or empty',
  field_type: 'a field that must be right has another type',
  field_value: 'a field that must be right has a value that is not allowed',
  store_not_permitted: 'the key that sent the file may not write for this company or store',
} as const

export const TEXT_CHARACTERS_MAX = 500
const CODE_CHARACTERS_MAX = 200
const URL_CHARACTERS_MAX = 2000
const CATEGORY_DEPTH_MAX = 16

export const KEYS_MAX = 1000
// A shorter line cannot hold more keys: even "":1, takes five bytes.
const KEYS_CHECKED_FROM_BYTES = 5 * KEYS_MAX

/** Reads a line's bytes. Never throws for what is in them. */
export function readRow(bytes: Buffer): Row | Rejection {
  if (!isUtf8(bytes)) return reject('not_utf8')
  const text = bytes.toString('utf8')
  if (bytes.length > KEYS_CHECKED_FROM_BYTES || openings(text) > NESTING_MAX) {
    const { depth, keys } = measure(text)
    if (depth > NESTING_MAX) return reject('too_nested')
    if (keys > KEYS_MAX) return reject('too_many_keys')
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return reject('not_json')
  }
  return rowOf(value)
}

/** Whether a line, or a part of one, was refused. */
export function isRejection<Read extends object>(result: Read | Rejection): result is Rejection {
  return 'code' in result
}

/** Reads a row that is already parsed, as `JsonlWriter` is handed it. */
export function rowOf(value: unknown): Row | Rejection {
  if (!isObject(value)) return reject('not_a_row')
  const { product, metadata } = value
  if (!isObject(product) || !isObject(metadata)) return reject('not_a_row')
  if (hasForbiddenKey(value) || hasForbiddenKey(product)) return reject('key_forbidden')
  const about = metadataOf(metadata)
  if (isRejection(about)) return about
  const shown = productOf(product)
  if (isRejection(shown)) return shown
  return { ...about, ...shown, warnings: [...about.warnings, ...shown.warnings] }
}

/** Reads the object `metadata` of a row. */
export function metadataOf(metadata: Fields): (RowMetadata & Warnings) | Rejection {
  return hasForbiddenKey(metadata) ? reject('key_forbidden') : orRejection(readMetadata, metadata)
}

/** Reads the object `product` of a row. */
export function productOf(product: Fields): (RowProduct & Warnings) | Rejection {
  return hasForbiddenKey(product) ? reject('key_forbidden') : orRejection(readProduct, product)
}

/** What tells a row apart from the others of its scrape: the listing it shows (design 6.2), in this store on this date. */
export function identityOf(row: Row): string {
  return JSON.stringify([row.company, row.storeCode, row.date, row.sku, row.sku === null ? row.key : null])
}

/** Read by names of a fixed list, none of which Object.prototype has: what is there is the row's own. */
export type Fields = Readonly<Record<string, unknown>>

class Refusal extends Error {
  readonly rejection: Rejection
  constructor(rejection: Rejection) {
    super(rejection.reason)
    this.rejection = rejection
  }
}

function orRejection<Read>(read: (fields: Fields) => Read, fields: Fields): Read | Rejection {
  try {
    return read(fields)
  } catch (error) {
    if (error instanceof Refusal) return error.rejection
    throw error
  }
}

function readMetadata(metadata: Fields): RowMetadata & Warnings {
  const warnings: string[] = []
  const storeName = optionalText(metadata, 'store_name', CODE_CHARACTERS_MAX, warnings)
  const storeId = optionalCode(metadata, 'store_id', warnings)
  const storeCode = storeId ?? storeName
  if (storeCode === null)
    throw refusal('field_missing', 'metadata.store_id', 'neither metadata.store_id nor metadata.store_name is there')
  return {
    company: requiredText(metadata, 'metadata', 'company', CODE_CHARACTERS_MAX),
    companyName: optionalText(metadata, 'company_name', CODE_CHARACTERS_MAX, warnings),
    storeCode,
    storeName: storeName ?? storeCode,
    state: optionalText(metadata, 'state', CODE_CHARACTERS_MAX, warnings),
    date: requiredDate(metadata),
    scrapedAt: optionalTime(metadata, warnings),
    warnings,
  }
}

function readProduct(product: Fields): RowProduct & Warnings {
  const warnings: string[] = []
  const priceCents = requiredPrice(product)
  return {
    sku: optionalCode(product, 'sku', warnings),
    key: requiredText(product, 'product', 'normalized_name_brand_size', TEXT_CHARACTERS_MAX),
    name: requiredText(product, 'product', 'name', TEXT_CHARACTERS_MAX),
    brand: optionalText(product, 'brand', CODE_CHARACTERS_MAX, warnings),
    barcode: optionalBarcode(product, warnings),
    size: optionalText(product, 'size', CODE_CHARACTERS_MAX, warnings),
    url: optionalText(product, 'url', URL_CHARACTERS_MAX, warnings),
    imageUrl: optionalText(product, 'image_url', URL_CHARACTERS_MAX, warnings),
    categoryPath: optionalPath(product, warnings),
    priceCents,
    wasPriceCents: optionalPrice(product, warnings),
    isOnSpecial: optionalFlag(product, 'is_on_special', warnings),
    isAvailable: optionalFlag(product, 'is_available', warnings),
    unit: unitOf(product, priceCents),
    warnings,
  }
}

function requiredText(object: Fields, parent: string, name: string, charactersMax: number): string {
  const field = `${parent}.${name}`
  const value = object[name]
  if (isAbsent(value)) throw refusal('field_missing', field, `${field} is missing or empty`)
  if (typeof value !== 'string') throw refusal('field_type', field, `${field} is not a text`)
  const fault = faultOfText(value, charactersMax)
  if (fault !== undefined) throw refusal('field_value', field, `${field} ${fault}`)
  return value
}

function requiredDate(metadata: Fields): string {
  const field = 'metadata.scraped_date'
  const value = metadata.scraped_date
  if (isAbsent(value)) throw refusal('field_missing', field, `${field} is missing or empty`)
  if (typeof value !== 'string') throw refusal('field_type', field, `${field} is not a text`)
  if (!isDate(value)) throw refusal('field_value', field, `${field} is not a date of the form 2025-09-23`)
  return value
}

function requiredPrice(product: Fields): number {
  const field = 'product.price_current'
  const value = product.price_current
  if (isAbsent(value)) throw refusal('field_missing', field, `${field} is missing or empty`)
  if (typeof value !== 'number' && typeof value !== 'string')
    throw refusal('field_type', field, `${field} is neither a number nor a text`)
  const cents = centsOf(value)
  if (cents === undefined) throw refusal('field_value', field, `${field} is not a price from 0 to below 1,000,000`)
  return cents
}

function optionalPrice(product: Fields, warnings: string[]): number | null {
  const value = product.price_was
  if (isAbsent(value)) return null
  const cents = typeof value === 'number' || typeof value === 'string' ? centsOf(value) : undefined
  return cents ?? dropped(warnings, 'price_was')
}

function optionalText(object: Fields, name: string, charactersMax: number, warnings: string[]): string | null {
  const value = object[name]
  if (isAbsent(value)) return null
  if (typeof value !== 'string' || faultOfText(value, charactersMax) !== undefined) return dropped(warnings, name)
  return value
}

/** A code that some scrapers write as a number. */
function optionalCode(object: Fields, name: string, warnings: string[]): string | null {
  const value = object[name]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value)
  return optionalText(object, name, CODE_CHARACTERS_MAX, warnings)
}

// What is not a GTIN is kept as it is written, and joins nothing. Without a digit, or of zeros alone, it stands for "none".
const NO_BARCODE = /^[^1-9]*$/

function optionalBarcode(product: Fields, warnings: string[]): string | null {
  const code = optionalCode(product, 'barcode', warnings)
  if (code === null || !NO_BARCODE.test(code)) return code
  return dropped(warnings, 'barcode')
}

function optionalFlag(product: Fields, name: string, warnings: string[]): boolean | null {
  const value = product[name]
  if (value === undefined || value === null) return null
  return typeof value === 'boolean' ? value : dropped(warnings, name)
}

function optionalPath(product: Fields, warnings: string[]): readonly string[] {
  const value = product.category_path
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.length <= CATEGORY_DEPTH_MAX && value.every(isCategory)) return value
  return dropped(warnings, 'category_path') ?? []
}

function isCategory(name: unknown): boolean {
  return typeof name === 'string' && !isBlankText(name) && faultOfText(name, CODE_CHARACTERS_MAX) === undefined
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/

function optionalTime(metadata: Fields, warnings: string[]): number | null {
  const value = metadata.scraped_at
  if (isAbsent(value)) return null
  const time =
    typeof value === 'string' && TIME.test(value) && isDate(value.slice(0, 10)) ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? dropped(warnings, 'scraped_at') : time
}

function dropped(warnings: string[], name: string): null {
  warnings.push(name)
  return null
}

function hasForbiddenKey(object: Fields): boolean {
  return Object.hasOwn(object, '__proto__')
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function reject(code: RejectCode): Rejection {
  return { code, field: null, reason: REJECT_CODES[code] }
}

function refusal(code: RejectCode, field: string, reason: string): Refusal {
  return new Refusal({ code, field, reason })
}
