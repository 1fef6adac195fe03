/**
 * Reads the rows of the list files `stores` and `barcodes`: flat objects, one per line. Any invalid field rejects the
 * row, unlike in scrapes, since people maintain these lists and can correct them. Docs: docs/feeds.md.
 */
import { displayCode, foldedCode, isPlaceholderBarcode, isPlaceholderSku } from '@splitcart/shared/codes.ts'
import { datePart } from '@splitcart/shared/date.ts'
import { isObject, REJECT_CODES, type RejectCode, type Rejection, readJsonLine } from '@splitcart/shared/row.ts'
import { faultOfText, isAbsent } from '@splitcart/shared/text.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { BarcodeFact, StoreFact } from '../catalogue/load/fact.ts'

const TEXT_CHARACTERS_MAX = 200
const DEGREES_MAX = { latitude: 90, longitude: 180 } as const
const UNITS_PER_DEGREE = 10_000_000

type Fields = Readonly<Record<string, unknown>>

/** Thrown while a row is read; becomes its rejection. `seen`: the part of the reason that quotes the row. */
class InvalidField extends Error {
  readonly rejection: Rejection
  constructor(code: RejectCode, field: string, what: string, seen?: string) {
    super(what)
    this.rejection = { code, field, reason: `${field} ${what}`, ...(seen !== undefined && { seen }) }
  }
}

/**
 * Makes a function that parses one line, by `read`, and returns the fact or a rejection. `receivedAt`: the time of
 * receipt, in milliseconds since 1970; rows without a date get its date.
 */
export function rowReader<Fact extends object>(read: (fields: Fields, receivedAt: number) => Fact, receivedAt: number) {
  return (bytes: Buffer): Fact | Rejection => readJsonLine(bytes, (value) => readObject(value, read, receivedAt))
}

function readObject<Fact extends object>(
  value: unknown,
  read: (fields: Fields, receivedAt: number) => Fact,
  receivedAt: number,
): Fact | Rejection {
  if (!isObject(value)) return rejection('not_a_row', 'the line is not an object')
  if (Object.hasOwn(value, '__proto__')) return rejection('key_forbidden', REJECT_CODES.key_forbidden)
  if (isObject(value.product))
    return rejection('not_a_row', 'the line is a row of products, which go into product_outbox')
  try {
    return read(value, receivedAt)
  } catch (error) {
    if (error instanceof InvalidField) return error.rejection
    throw error
  }
}

function rejection(code: RejectCode, reason: string): Rejection {
  return { code, field: null, reason }
}

/** What a row says about a store. Fields that it leaves out become unknown. Throws an `InvalidField`. */
export function storeFactOf(fields: Fields, receivedAt: number): StoreFact {
  const [latitudeE7, longitudeE7] = optionalCoordinates(fields)
  return {
    company: foldedCode(requiredText(fields, 'company')),
    store: foldedCode(requiredText(fields, 'store_id')),
    date: dateOf(fields, receivedAt),
    name: optionalText(fields, 'name'),
    address: optionalText(fields, 'address'),
    suburb: optionalText(fields, 'suburb'),
    state: optionalText(fields, 'state'),
    postcode: optionalText(fields, 'postcode'),
    latitudeE7,
    longitudeE7,
    phone: optionalText(fields, 'phone'),
    isOpen: optionalFlag(fields, 'is_open'),
  }
}

/** What a row says about the barcode of a SKU. Throws an `InvalidField`. */
export function barcodeFactOf(fields: Fields, receivedAt: number): BarcodeFact {
  const barcode = requiredText(fields, 'barcode')
  if (isPlaceholderBarcode(barcode)) throw new InvalidField('field_value', 'barcode', 'stands for none')
  const [company, sku] = [foldedCode(requiredText(fields, 'company')), requiredText(fields, 'sku')]
  if (isPlaceholderSku(sku)) throw new InvalidField('field_value', 'sku', 'stands for none')
  return { company, sku, date: dateOf(fields, receivedAt), barcode }
}

function requiredText(fields: Fields, name: string): string {
  const text = optionalText(fields, name)
  if (text === null) throw new InvalidField('field_missing', name, 'is missing or empty')
  return text
}

/** A text field, null if absent. Whole numbers are accepted, as some senders write codes as numbers. */
function optionalText(fields: Fields, name: string): string | null {
  const value = fields[name]
  if (isAbsent(value)) return null
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value)
  if (typeof value !== 'string') throw new InvalidField('field_type', name, 'is not a text')
  const fault = faultOfText(value, TEXT_CHARACTERS_MAX)
  if (fault !== undefined) throw new InvalidField('field_value', name, fault)
  return displayCode(value)
}

function optionalFlag(fields: Fields, name: string): number | null {
  const value = fields[name]
  if (value === undefined || value === null) return null
  if (typeof value !== 'boolean') throw new InvalidField('field_type', name, 'is neither true nor false')
  return value ? 1 : 0
}

function optionalCoordinates(fields: Fields): [number | null, number | null] {
  const latitude = optionalDegrees(fields, 'latitude')
  const longitude = optionalDegrees(fields, 'longitude')
  if ((latitude === null) === (longitude === null)) return [latitude, longitude]
  const [lacks, has] = latitude === null ? ['latitude', 'longitude'] : ['longitude', 'latitude']
  throw new InvalidField('field_missing', lacks, `is missing, and ${has} is there`)
}

/** An angle in ten millionths of a degree, about a centimetre on the ground; null if absent. */
function optionalDegrees(fields: Fields, name: keyof typeof DEGREES_MAX): number | null {
  const value = fields[name]
  if (isAbsent(value)) return null
  const number = typeof value === 'string' && /^-?\d{1,3}(\.\d+)?$/.test(value.trim()) ? Number(value) : value
  if (typeof number !== 'number') throw new InvalidField('field_type', name, 'is not a number')
  const max = DEGREES_MAX[name]
  if (!(Math.abs(number) <= max))
    throw new InvalidField('field_value', name, `is ${number}, and not from -${max} to ${max}`, `${number}`)
  return Math.round(number * UNITS_PER_DEGREE)
}

/**
 * The date of the row, by default the day of receipt (UTC). At most one day later than that: the sender's time zone may
 * be ahead of UTC.
 */
function dateOf(fields: Fields, receivedAt: number): string {
  const name = isAbsent(fields.scraped_date) ? 'date' : 'scraped_date'
  const value = fields[name]
  if (isAbsent(value)) return dayOf(receivedAt)
  const date = typeof value === 'string' ? datePart(value) : undefined
  if (date === undefined) throw new InvalidField('field_value', name, 'is not a date of the form 2025-09-23')
  if (date > dayOf(receivedAt + DAY_MS))
    throw new InvalidField('field_value', name, `is ${date}, after the file was received`, date)
  return date
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
