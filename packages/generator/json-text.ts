/** Rows as Python's `json.dumps` writes them: a space after every colon and comma. */
import type { Fields, Value } from './listings.ts'

const BEYOND_ASCII = /[\u0080-\uffff]/g
const HAS_BEYOND_ASCII = /[\u0080-\uffff]/

/** The fields of an object, without its braces. With `escapes` every character beyond ASCII is written as \uXXXX. */
export function fieldsText(fields: Fields, escapes: boolean): string {
  let text = ''
  for (const name in fields) text += `${text === '' ? '' : ', '}"${name}": ${valueText(fields[name] as Value, escapes)}`
  return text
}

function valueText(value: Value, escapes: boolean): string {
  if (typeof value === 'string') return jsonString(value, escapes)
  if (typeof value !== 'object' || value === null) return String(value)
  return `[${value.map((item) => jsonString(item, escapes)).join(', ')}]`
}

function jsonString(text: string, escapes: boolean): string {
  const json = JSON.stringify(text)
  return escapes && HAS_BEYOND_ASCII.test(json) ? json.replace(BEYOND_ASCII, unicodeEscape) : json
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
