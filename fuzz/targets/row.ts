/** The row reader, against one written slowly and plainly, and against Python: is it JSON at all, and what is the price? */

import { isUtf8 } from 'node:buffer'
import { isRejection, KEYS_MAX, type Rejection, type Row, readRow } from '@splitcart/shared/row.ts'
import { jsonOrUndefined } from '@splitcart/shared/text.ts'
import { PYTHON_MISSING, Python } from '../python.ts'
import type { Target } from '../target.ts'
import { unlessEqual } from './problem-answer.ts'
import { plainRow } from './row-reference.ts'

const DEPTH_MAX = 64
const WORDS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  'null',
  'true',
  '1e400',
  '-0',
  '0.005',
  '1.005',
  '999999.995',
  '"__proto__":{},',
  '\\u0000',
  '\\ud800',
  '\\ud83e\\uddc0',
  '"product":',
  '"metadata":',
  '"price_current":',
  '"price_current":1.005,',
  ',"price_current":0.125',
  ',"price_current":"2.019"}',
  '"2024-02-29"',
  '"scraped_at":"2025-09-23T10:00:00Z",',
  '"barcode":"09300605"',
  '[[[[[[[[',
  '"a":1,',
  'NaN',
  '-Infinity',
  '"sku":0,',
  '"is_available":false,',
  '"store_id":" g1 ",',
  '"scraped_date":"2024-02-29T23:59:00+10:00",',
  '\u00e2\u0080\u00a8',
  '\u00ef\u00bb\u00bf',
  '\t',
  '9007199254740993',
  '"sizes":["500g"],',
  '"unit_price":"4.5",',
  '"image_url":"{width}/{slug}",',
]

const JSON_READER = `
from decimal import Decimal, ROUND_HALF_UP
sys.setrecursionlimit(20000)
def no(name): return name
def cents(value):
    if isinstance(value, bool) or not isinstance(value, (float, str)): return None
    try: number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except Exception: return None
    if not (number.is_finite() and 0 <= number < 1000000): return None
    return int((number * 100).quantize(Decimal(1), ROUND_HALF_UP))
def answer(frame):
    try: value = json.loads(frame.decode('utf-8'), parse_constant=no, parse_int=float)
    except Exception: return [False, None]
    product = value.get('product') if isinstance(value, dict) else None
    return [True, cents(product.get('price_current')) if isinstance(product, dict) else None]
`

function answer(input: Buffer): string {
  const row = readRow(input)
  return JSON.stringify(isRejection(row) ? { code: row.code } : row)
}

function expected(input: Buffer, given: Rejection | Row): string {
  if (!isUtf8(input)) return 'not_utf8'
  const line = input.toString('utf8')
  const { depth, keys } = measured(line)
  const value = jsonOrUndefined(line) ?? jsonOrUndefined(withoutNumbers(line))
  // What is too much is refused before it is known whether it is JSON.
  if (value === undefined) return 'code' in given && /^too_/.test(given.code) ? given.code : 'not_json'
  if (depth > DEPTH_MAX) return 'too_nested'
  if (keys > KEYS_MAX) return 'too_many_keys'
  const row = plainRow(value)
  if (!('code' in row)) return JSON.stringify([sorted(row.fields), row.warnings])
  return row.code === 'field_any' && 'code' in given && given.code.startsWith('field_') ? given.code : row.code
}

/** NaN and its like as texts that no row may have, found character by character. */
function withoutNumbers(line: string): string {
  let [found, at] = ['', 0]
  while (at < line.length) {
    const text = /^"(?:[^"\\]|\\[^\n\r\u2028\u2029])*"/.exec(line.slice(at))?.[0]
    const number = /^(?:NaN|-?Infinity)(?![\w])(?!\s*:)/.exec(line.slice(at))?.[0]
    const isAlone = number !== undefined && !/[\w.+-]/.test(line[at - 1] ?? '')
    if (isAlone) found += `"\\u0000${number}"`
    else found += text ?? line[at]
    at += isAlone ? number.length : (text?.length ?? 1)
  }
  return found
}

/** How deep a line of JSON nests and how many keys it has, with its texts left out first. */
function measured(line: string): { depth: number; keys: number } {
  const bare = line.replace(/"(?:[^"\\]|\\[\s\S])*(?:"|$)/g, '')
  let [open, depth, keys] = [0, 0, 0]
  for (const one of bare) {
    if (one === ':') keys++
    if (one === '{' || one === '[') depth = Math.max(depth, ++open)
    if (one === '}' || one === ']') open--
  }
  return { depth, keys }
}

function sorted(fields: Readonly<Record<string, unknown>>): unknown {
  return Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1))
}

function faultOf(input: Buffer, given: string): string | undefined {
  const row = JSON.parse(given) as Rejection | Row
  if ('code' in row) return unlessEqual(row.code, expected(input, row))
  // How the unit price fits is judged elsewhere.
  const { warnings, unit: _, ...fields } = row
  const warned = warnings.map(({ field }) => field).toSorted()
  return unlessEqual(JSON.stringify([sorted(fields), warned]), expected(input, row))
}

async function faultByPython(python: Python, input: Buffer, given: string): Promise<string | undefined> {
  const result = JSON.parse(given) as Rejection | Row
  const code = 'code' in result ? result.code : undefined
  if (code === 'too_nested' || code === 'too_many_keys') return undefined
  const [isJson, cents] = (await python.ask(input)) as [boolean, number | null]
  const says = code !== 'not_json' && code !== 'not_utf8'
  if (says !== isJson) return `Python says ${isJson ? 'it is JSON' : 'it is no JSON'}, the program ${code}`
  return 'code' in result || result.priceCents === cents
    ? undefined
    : `Python says ${cents} cents, the program ${result.priceCents}`
}

/** The third place of a price is cut off, not rounded. */
function withMistake(input: Buffer, given: string): string {
  const row = JSON.parse(given) as Rejection | Row
  if ('code' in row) return given
  const price = JSON.parse(input.toString('utf8')).product.price_current
  const cut = Number(String(price).replace(/(\.\d\d)\d+$/, '$1'))
  return JSON.stringify({ ...row, priceCents: Math.round(cut * 100) })
}

export function row(): Target {
  const python = PYTHON_MISSING === false ? new Python(JSON_READER) : undefined
  return {
    about: 'the row reader, against one written slowly and plainly, and against Python',
    bytesMax: 8192,
    words: WORDS,
    answer,
    faultOf,
    slowEvery: 50,
    ...(python === undefined
      ? {}
      : { slowFaultOf: (input: Buffer, given: string) => faultByPython(python, input, given) }),
    kindOf: (given) => {
      const row = JSON.parse(given) as Rejection | Row
      return 'code' in row ? row.code : row.warnings.map(({ field }) => field).join()
    },
    withMistake,
    msMax: 500,
    close: async () => python?.close(),
  }
}
