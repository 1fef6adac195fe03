/** Reads single fields of a row: one that must be right is refused when it is not, any other is left out with a warning. */
import { centsOf, faultOfPrice } from './price.ts'
import { numberOfMark } from './python-numbers.ts'
import { faultOfText, isAbsent } from './text.ts'

/** Read by names of a fixed list, none of which Object.prototype has: what is there is the row's own. */
export type Fields = Readonly<Record<string, unknown>>

/** A field that was left out because it is wrong: its path, and why, as the end of a sentence. */
export type Warning = Readonly<{ field: string; reason: string }>

/** One of the two objects of a row while it is read. */
export type Reading = Readonly<{ parent: 'product' | 'metadata'; fields: Fields; warnings: Warning[] }>

/** Why a field refuses its row. `seen`: the part of the reason that repeats what stands in the line. */
export type FieldFault = Readonly<{
  code: 'field_missing' | 'field_type' | 'field_value'
  field: string
  reason: string
  seen?: string
}>

/** A row is refused for a field. */
export class Refusal extends Error {
  readonly fault: FieldFault
  constructor(fault: FieldFault) {
    super(fault.reason)
    this.fault = fault
  }
}

/** What a reader gives, or why it refused. */
export function orFault<Read>(read: () => Read): Read | FieldFault {
  try {
    return read()
  } catch (error) {
    if (error instanceof Refusal) return error.fault
    throw error
  }
}

/** A text that must be right. */
export function requiredText(reading: Reading, name: string, charactersMax: number): string {
  const value = reading.fields[name]
  if (isAbsent(value)) throw missing(reading, name)
  if (typeof value !== 'string') throw refusal(reading, name, 'field_type', 'is not a text')
  const fault = faultOf(value, charactersMax)
  if (fault !== undefined) throw refusal(reading, name, 'field_value', fault)
  return value
}

/** Cents of a price that must be right. */
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

/** Cents of a price, if it is right. */
export function optionalPrice(reading: Reading, name: string): number | null {
  const value = reading.fields[name]
  if (isAbsent(value)) return null
  if (typeof value !== 'number' && typeof value !== 'string')
    return dropped(reading, name, 'is neither a number nor a text')
  const number = numberOfMark(value)
  if (number !== undefined) return dropped(reading, name, `is ${number}`)
  return centsOf(value) ?? dropped(reading, name, faultOfPrice(value))
}

/** A text, if it is right. */
export function optionalText(reading: Reading, name: string, charactersMax: number): string | null {
  const value = reading.fields[name]
  if (isAbsent(value)) return null
  if (typeof value !== 'string') return dropped(reading, name, 'is not a text')
  const fault = faultOf(value, charactersMax)
  return fault === undefined ? value : dropped(reading, name, fault)
}

/** A code that some scrapers write as a number. */
export function optionalCode(reading: Reading, name: string, charactersMax: number): string | null {
  const value = reading.fields[name]
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && value >= 0) return String(value)
    return dropped(reading, name, 'is a number that is no code')
  }
  return optionalText(reading, name, charactersMax)
}

/** True or false, if it is one of them. */
export function optionalFlag(reading: Reading, name: string): boolean | null {
  const value = reading.fields[name]
  if (value === undefined || value === null) return null
  if (typeof value === 'boolean') return value
  const number = numberOfMark(value)
  return dropped(reading, name, number === undefined ? 'is neither true nor false' : `is ${number}`)
}

/** Leaves a field out. */
export function dropped({ parent, warnings }: Reading, name: string, reason: string): null {
  warnings.push({ field: `${parent}.${name}`, reason })
  return null
}

/** What is wrong with a text, as the end of a sentence, or undefined. */
export function faultOf(text: string, charactersMax: number): string | undefined {
  const fault = faultOfText(text, charactersMax)
  if (fault === undefined) return undefined
  const number = numberOfMark(text)
  return number === undefined ? fault : `is ${number}`
}

/** The refusal for a field that is not there. */
export function missing(reading: Reading, name: string): Refusal {
  return refusal(reading, name, 'field_missing', 'is missing or empty')
}

/** The refusal for a field. `seen`: what stands in the line, to be named before the fault. */
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

/** The beginning of what stands in the line, as JSON. */
export function seenIn(value: number | string): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return text.length <= SEEN_CHARACTERS_MAX ? text : `${text.slice(0, SEEN_CHARACTERS_MAX - 1).toWellFormed()}…`
}
