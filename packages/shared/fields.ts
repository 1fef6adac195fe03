/** Reads fields of a row: an invalid required field refuses the row, an optional one is left out with a warning. */
import { centsOf, faultOfPrice } from './price.ts'
import { numberOfMark } from './python-numbers.ts'
import { faultOfText, isAbsent } from './text.ts'

/** Fields by name. Only names of a fixed list are read, none on Object.prototype: so each value is the row's own. */
export type Fields = Readonly<Record<string, unknown>>

/** An invalid field that was left out: its path, and the reason, as the end of a sentence. */
export type Warning = Readonly<{ field: string; reason: string }>

/** The state of reading one of the two objects of a row; warnings are collected. */
export type Reading = Readonly<{ parent: 'product' | 'metadata'; fields: Fields; warnings: Warning[] }>

/** Why a row is refused because of a field. `seen`: the part of the reason that quotes the line. */
export type FieldFault = Readonly<{
  code: 'field_missing' | 'field_type' | 'field_value'
  field: string
  reason: string
  seen?: string
}>

/** Thrown to refuse a row because of a field. */
export class Refusal extends Error {
  readonly fault: FieldFault
  constructor(fault: FieldFault) {
    super(fault.reason)
    this.fault = fault
  }
}

/** The result of `read`, or the fault of the `Refusal` that it threw. Rethrows other errors. */
export function orFault<Read>(read: () => Read): Read | FieldFault {
  try {
    return read()
  } catch (error) {
    if (error instanceof Refusal) return error.fault
    throw error
  }
}

/** A required text. Throws a `Refusal`. */
export function requiredText(reading: Reading, name: string, charactersMax: number): string {
  const value = reading.fields[name]
  if (isAbsent(value)) throw missing(reading, name)
  if (typeof value !== 'string') throw refusal(reading, name, 'field_type', 'is not a text')
  const fault = faultOf(value, charactersMax)
  if (fault !== undefined) throw refusal(reading, name, 'field_value', fault)
  return value
}

/** A required price, in cents. Throws a `Refusal`. */
export function requiredPrice(reading: Reading, name: string): number {
  const value = reading.fields[name]
  if (isAbsent(value)) throw missing(reading, name)
  if (typeof value !== 'number' && typeof value !== 'string')
    throw refusal(reading, name, 'field_type', 'is neither a number nor a text')
  const cents = centsOf(value)
  if (cents !== undefined) return cents
  const number = numberOfMark(value)
  if (number !== undefined) throw refusal(reading, name, 'field_value', `is ${number}`)
  throw refusal(reading, name, 'field_value', { fault: faultOfPrice(value), seen: seenIn(value) })
}

/** An optional price, in cents; null if absent or invalid. */
export function optionalPrice(reading: Reading, name: string): number | null {
  const value = reading.fields[name]
  if (isAbsent(value)) return null
  if (typeof value !== 'number' && typeof value !== 'string')
    return dropped(reading, name, 'is neither a number nor a text')
  const number = numberOfMark(value)
  if (number !== undefined) return dropped(reading, name, `is ${number}`)
  return centsOf(value) ?? dropped(reading, name, faultOfPrice(value))
}

/** An optional text; null if absent or invalid. */
export function optionalText(reading: Reading, name: string, charactersMax: number): string | null {
  const value = reading.fields[name]
  if (isAbsent(value)) return null
  if (typeof value !== 'string') return dropped(reading, name, 'is not a text')
  const fault = faultOf(value, charactersMax)
  return fault === undefined ? value : dropped(reading, name, fault)
}

/** An optional code, which some scrapers write as a number; null if absent or invalid. */
export function optionalCode(reading: Reading, name: string, charactersMax: number): string | null {
  const value = reading.fields[name]
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && value >= 0) return String(value)
    return dropped(reading, name, 'is a number that is no code')
  }
  return optionalText(reading, name, charactersMax)
}

/** An optional boolean; null if absent or invalid. */
export function optionalFlag(reading: Reading, name: string): boolean | null {
  const value = reading.fields[name]
  if (value === undefined || value === null) return null
  if (typeof value === 'boolean') return value
  const number = numberOfMark(value)
  return dropped(reading, name, number === undefined ? 'is neither true nor false' : `is ${number}`)
}

/** Adds a warning for a field that is left out. */
export function dropped({ parent, warnings }: Reading, name: string, reason: string): null {
  warnings.push({ field: `${parent}.${name}`, reason })
  return null
}

/** The fault of a text, as the end of a sentence; undefined if it is valid. */
export function faultOf(text: string, charactersMax: number): string | undefined {
  const fault = faultOfText(text, charactersMax)
  if (fault === undefined) return undefined
  const number = numberOfMark(text)
  return number === undefined ? fault : `is ${number}`
}

/** The refusal for a required field that is absent. */
export function missing(reading: Reading, name: string): Refusal {
  return refusal(reading, name, 'field_missing', 'is missing or empty')
}

/** The refusal for a field. `seen`: a quote from the line, written before the fault. */
export function refusal(
  { parent }: Reading,
  name: string,
  code: FieldFault['code'],
  what: string | Readonly<{ fault: string; seen: string }>,
): Refusal {
  const field = `${parent}.${name}`
  if (typeof what === 'string') return new Refusal({ code, field, reason: `${field} ${what}` })
  const { fault, seen } = what
  return new Refusal({ code, field, reason: `${field} ${seen} ${fault}`, seen })
}

const SEEN_CHARACTERS_MAX = 40

/** A value from the line as JSON, cut to 40 characters. */
export function seenIn(value: number | string): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return text.length <= SEEN_CHARACTERS_MAX ? text : `${text.slice(0, SEEN_CHARACTERS_MAX - 1).toWellFormed()}…`
}
