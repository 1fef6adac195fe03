/**
 * A row: one line of a scrape, parsed once into the only shape the rest of the program uses, or rejected with a reason.
 *
 *   {"product": {"sku", "name", "price_current", …}, "metadata": {"company", "store_id", "scraped_date", …}}
 *
 * An invalid required field rejects the row (`REJECT_CODES`); an invalid optional field is left out with a warning.
 * Unknown fields are counted by name; of a duplicate key the last value counts. Docs: docs/rows.md, checked by a test.
 */
import { isUtf8 } from 'node:buffer'
import type { Fields } from './fields.ts'
import { countOpeningBrackets, measureNesting, NESTING_MAX } from './nesting.ts'
import { markPythonNumbers } from './python-numbers.ts'
import { type Remarks, type RowMetadata, readMetadata } from './row-metadata.ts'
import { type RowProduct, readProduct, warnOfPythonNumbers } from './row-product.ts'
import { jsonOrUndefined } from './text.ts'

export type { Fields, Warning } from './fields.ts'
export type { Remarks, RowMetadata } from './row-metadata.ts'
export type { RowProduct } from './row-product.ts'

/** A row that was read. */
export type Row = RowMetadata & RowProduct & Remarks

/**
 * Why a line is not a row. `field`: the path of the invalid field, if it is a single one; `seen`: its value in the
 * line, as quoted in `reason`.
 */
export type Rejection = Readonly<{ code: RejectCode; field: string | null; reason: string; seen?: string }>

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
  duplicate_differs: 'the scrape has shown this listing before, with another name, size, price or special',
  store_not_permitted: 'the key that sent the file may not write for this company or store',
} as const

/**
 * The version of the row reader, for files of every kind; each load records it. Raise it with every change that keeps
 * more of a row or reads it differently: `splitcart loads replay --older` then repeats the loads of earlier versions.
 */
export const READER_VERSION = 1

export const KEYS_MAX = 1000
// A shorter line cannot hold more keys: even "":1, takes five bytes.
const KEYS_CHECKED_FROM_BYTES = 5 * KEYS_MAX

/** Parses the bytes of a line. Never throws, whatever they hold. */
export function readRow(bytes: Buffer): Row | Rejection {
  return readJsonLine(bytes, readParsedRow)
}

/** Parses the bytes of a line as JSON and passes the value to `read`; a rejection if they are not valid JSON. */
export function readJsonLine<Read extends object>(
  bytes: Buffer,
  read: (value: unknown) => Read | Rejection,
): Read | Rejection {
  if (!isUtf8(bytes)) return reject('not_utf8')
  const text = bytes.toString('utf8')
  if (bytes.length > KEYS_CHECKED_FROM_BYTES || countOpeningBrackets(text) > NESTING_MAX) {
    const { depth, keys } = measureNesting(text)
    if (depth > NESTING_MAX) return reject('too_nested')
    if (keys > KEYS_MAX) return reject('too_many_keys')
  }
  const value = jsonOrUndefined(text)
  if (value !== undefined) return read(value)
  const marked = markPythonNumbers(text)
  const withNumbers = marked === undefined ? undefined : jsonOrUndefined(marked)
  return withNumbers === undefined ? reject('not_json') : read(withNumbers)
}

/** Whether a line, or a part of one, was rejected. */
export function isRejection<Read extends object>(result: Read | Rejection): result is Rejection {
  return 'code' in result
}

/** Reads a row that is already parsed from JSON, as `JsonlWriter` gets it. */
export function readParsedRow(value: unknown): Row | Rejection {
  if (!isObject(value)) return reject('not_a_row')
  const { product, metadata } = value
  if (!isObject(product) || !isObject(metadata)) return reject('not_a_row')
  if (hasForbiddenKey(value) || hasForbiddenKey(product)) return reject('key_forbidden')
  const about = readMetadataObject(metadata)
  if (isRejection(about)) return about
  const shown = readProductObject(product)
  if (isRejection(shown)) return shown
  const { warnings, ignored } = shown.ignored.length === 0 ? shown : warnOfPythonNumbers(product, shown)
  return {
    ...about,
    ...shown,
    warnings: [...about.warnings, ...warnings],
    ignored: [...ignored, ...about.ignored],
  }
}

/** Reads the object `metadata` of a row. */
export function readMetadataObject(metadata: Fields): (RowMetadata & Remarks) | Rejection {
  return hasForbiddenKey(metadata) ? reject('key_forbidden') : readMetadata(metadata)
}

/** Reads the object `product` of a row. */
export function readProductObject(product: Fields): (RowProduct & Remarks) | Rejection {
  return hasForbiddenKey(product) ? reject('key_forbidden') : readProduct(product)
}

/** The key by which duplicate rows are found: store, date, and listing (the SKU, else the normalized name). */
export function duplicateKeyOf(row: Row): string {
  return JSON.stringify([row.companyKey, row.storeKey, row.date, row.sku, row.sku === null ? row.key : null])
}

/**
 * The first field in which two rows of one listing and scrape differ; undefined if `again` is a duplicate. Compares
 * only fields that come from the shop, not those a scraper derives. A missing value counts as equal, but not a missing
 * price.
 */
export function differingField(first: ComparedFields, again: ComparedFields): string | undefined {
  if (first.name !== again.name) return 'name'
  if (differ(first.size, again.size)) return 'size'
  if (first.priceCents !== again.priceCents) return 'price_current'
  if (differ(first.wasPriceCents, again.wasPriceCents)) return 'price_was'
  return differ(first.isOnSpecial, again.isOnSpecial) ? 'is_on_special' : undefined
}

/** The fields that decide whether a repeated row is a duplicate. */
export type ComparedFields = Pick<RowProduct, 'name' | 'size' | 'priceCents' | 'wasPriceCents'> &
  Readonly<{ isOnSpecial: boolean | number | null }>

function differ(one: unknown, other: unknown): boolean {
  return one !== null && other !== null && one !== other
}

/** The rejection of a row that repeats a listing with a different value of `field`. */
export function duplicateDiffers(field: string): Rejection {
  const path = `product.${field}`
  return {
    code: 'duplicate_differs',
    field: path,
    reason: `${path} is another one than in the first row of this listing`,
  }
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
