/** Reads fields of a row: an invalid required field refuses the row, an optional one is left out with a warning. */
import { centsOf, faultOfPrice } from './price.ts'
import { numberOfMark } from './python-numbers.ts'
import { faultOfText, isAbsent } from './text.ts'

/** Fields by name. Only names of a fixed list are read, and none of these is on Object.prototype. */
export type Fields = Readonly<Record<string, unknown>>

/** An invalid field that was left out: its path, and the reason, as the end of a sentence. */
export type Warning = Readonly<{ field: string; reason: string }>

/** The state of reading one of the two objects of a row; warnings are collected. */
export type ReadContext = Readonly<{ parent: 'product' | 'metadata'; fields: Fields; warnings: Warning[] }>

/** Why a row is refused because of a field. `seen`: the value in the line, as quoted in `reason`. */
export type FieldFault = Readonly<{
  code: 'field_missing' | 'field_type' | 'field_value'
  field: string
  reason: string
  seen?: string
}>

/** Thrown to refuse a row because of a field. */
export class FieldRefusal extends Error {
  readonly fault: FieldFault
  constructor(fault: FieldFault) {
    super(fault.reason)
    this.fault = fault
  }
}

/** The result of `read`, or the fault of the `FieldRefusal` that it threw. Rethrows other errors. */
export function resultOrFault<Read>(read: () => Read): Read | FieldFault {
  try {
    return read()
  } catch (error) {
    if (error instanceof FieldRefusal) return error.fault
    throw error
  }
}

/** A required text. Throws a `FieldRefusal`. */
export function requiredText(context: ReadContext, name: string, charactersMax: number): string {
  const value = context.fields[name]
  if (isAbsent(value)) throw missingField(context, name)
  if (typeof value !== 'string') throw refusedField(context, name, 'field_type', 'is not a text')
  const fault = faultOfFieldText(value, charactersMax)
  if (fault !== undefined) throw refusedField(context, name, 'field_value', fault)
  return value
}

/** A required price, in cents. Throws a `FieldRefusal`. */
export function requiredPrice(context: ReadContext, name: string): number {
  const value = context.fields[name]
  if (isAbsent(value)) throw missingField(context, name)
  if (typeof value !== 'number' && typeof value !== 'string')
    throw refusedField(context, name, 'field_type', 'is neither a number nor a text')
  const cents = centsOf(value)
  if (cents !== undefined) return cents
  const number = numberOfMark(value)
  if (number !== undefined) throw refusedField(context, name, 'field_value', `is ${number}`)
  throw refusedField(context, name, 'field_value', { fault: faultOfPrice(value), seen: quoteOf(value) })
}

/** An optional price, in cents; null if absent or invalid. */
export function optionalPrice(context: ReadContext, name: string): number | null {
  const value = context.fields[name]
  if (isAbsent(value)) return null
  if (typeof value !== 'number' && typeof value !== 'string')
    return dropField(context, name, 'is neither a number nor a text')
  const number = numberOfMark(value)
  if (number !== undefined) return dropField(context, name, `is ${number}`)
  return centsOf(value) ?? dropField(context, name, faultOfPrice(value))
}

/** An optional text; null if absent or invalid. */
export function optionalText(context: ReadContext, name: string, charactersMax: number): string | null {
  const value = context.fields[name]
  if (isAbsent(value)) return null
  if (typeof value !== 'string') return dropField(context, name, 'is not a text')
  const fault = faultOfFieldText(value, charactersMax)
  return fault === undefined ? value : dropField(context, name, fault)
}

/** An optional code, which some scrapers write as a number; null if absent or invalid. */
export function optionalCode(context: ReadContext, name: string, charactersMax: number): string | null {
  const value = context.fields[name]
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && value >= 0) return String(value)
    return dropField(context, name, 'is a number that is no code')
  }
  return optionalText(context, name, charactersMax)
}

/** An optional boolean; null if absent or invalid. */
export function optionalFlag(context: ReadContext, name: string): boolean | null {
  const value = context.fields[name]
  if (value === undefined || value === null) return null
  if (typeof value === 'boolean') return value
  const number = numberOfMark(value)
  return dropField(context, name, number === undefined ? 'is neither true nor false' : `is ${number}`)
}

/** Adds a warning for a field that is left out. */
export function dropField({ parent, warnings }: ReadContext, name: string, reason: string): null {
  warnings.push({ field: `${parent}.${name}`, reason })
  return null
}

/** The fault of a text, as the end of a sentence; undefined if it is valid. */
export function faultOfFieldText(text: string, charactersMax: number): string | undefined {
  const fault = faultOfText(text, charactersMax)
  if (fault === undefined) return undefined
  const number = numberOfMark(text)
  return number === undefined ? fault : `is ${number}`
}

/** The refusal for a required field that is absent. */
export function missingField(context: ReadContext, name: string): FieldRefusal {
  return refusedField(context, name, 'field_missing', 'is missing or empty')
}

/** The refusal for a field. `seen`: a quote from the line, written before the fault. */
export function refusedField(
  { parent }: ReadContext,
  name: string,
  code: FieldFault['code'],
  what: string | Readonly<{ fault: string; seen: string }>,
): FieldRefusal {
  const field = `${parent}.${name}`
  if (typeof what === 'string') return new FieldRefusal({ code, field, reason: `${field} ${what}` })
  const { fault, seen } = what
  return new FieldRefusal({ code, field, reason: `${field} ${seen} ${fault}`, seen })
}

const QUOTE_CHARACTERS_MAX = 40

/** A value from the line as JSON, cut to 40 characters. */
export function quoteOf(value: number | string): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return text.length <= QUOTE_CHARACTERS_MAX ? text : `${text.slice(0, QUOTE_CHARACTERS_MAX - 1).toWellFormed()}…`
}
