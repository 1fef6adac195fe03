/** Further product fields of a row ("details"): stored as sent, under the names they are sent with. */
import { dropField, optionalText, type ReadContext } from './fields.ts'
import { numberOfMark } from './python-numbers.ts'
import { faultOfText, isAbsent, isBlankText } from './text.ts'

/** The type of a detail: a text with this maximum length, a number, or a list of texts. */
type DetailType = number | 'number' | 'list'

type ValueOf<Of extends DetailType> = Of extends number ? string : Of extends 'number' ? number : string[]

/** Every detail and its type. */
export const DETAILS = {
  per_unit_price_string: 200,
  per_unit_price_value: 'number',
  per_unit_price_measure: 200,
  unit_price: 'number',
  unit_of_measure: 200,
  price_save_amount: 'number',
  sizes: 'list',
  average_user_rating: 'number',
  rating_count: 'number',
  health_star_rating: 'number',
  country_of_origin: 500,
  allergens: 5_000,
  ingredients: 10_000,
  description: 10_000,
} as const satisfies Readonly<Record<string, DetailType>>

export type DetailName = keyof typeof DETAILS

/** The details that a row has, in the order of `DETAILS`. */
export type Details = Readonly<{ [Name in DetailName]?: ValueOf<(typeof DETAILS)[Name]> }>

export const DETAIL_NAMES = Object.keys(DETAILS) as readonly DetailName[]

const LIST_MAX = 16
const LIST_ITEM_CHARACTERS_MAX = 200
const NUMBER_BELOW = 1e9
const DECIMAL = /^\d{1,9}(\.\d{1,9})?$/
const TEMPLATE_WIDTH = '500'

/** The details of a product; null if it has none. An invalid one is left out with a warning. */
export function readDetails(context: ReadContext): Details | null {
  let found: Record<string, unknown> | null = null
  for (const name of DETAIL_NAMES) {
    const value = readDetail(context, name, DETAILS[name])
    if (value === null) continue
    found ??= {}
    found[name] = value
  }
  return found
}

function readDetail(context: ReadContext, name: DetailName, kind: DetailType): unknown {
  if (kind === 'number') return optionalNumber(context, name)
  return kind === 'list' ? optionalList(context, name) : optionalText(context, name, kind)
}

/** A number of at least 0; some scrapers write it as a text. */
function optionalNumber(context: ReadContext, name: DetailName): number | null {
  const value = context.fields[name]
  if (isAbsent(value)) return null
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value
  if (typeof number === 'number' && number >= 0 && number < NUMBER_BELOW) return number === 0 ? 0 : number
  if (typeof number === 'number') return dropField(context, name, 'is below 0 or too large')
  const mark = numberOfMark(value)
  return dropField(context, name, mark === undefined ? 'is not a number' : `is ${mark}`)
}

function optionalList(context: ReadContext, name: DetailName): readonly string[] | null {
  const value = context.fields[name]
  if (isAbsent(value)) return null
  if (!Array.isArray(value) || value.length > LIST_MAX || !value.every(isListItem))
    return dropField(context, name, `is not a list of at most ${LIST_MAX} texts`)
  return value.length === 0 ? null : value
}

function isListItem(text: unknown): boolean {
  return typeof text === 'string' && !isBlankText(text) && faultOfText(text, LIST_ITEM_CHARACTERS_MAX) === undefined
}

/**
 * The URL of a picture. Some shops give a template: `{width}` is filled in with 500, and the optional `{slug}` (a name)
 * is removed.
 */
export function fillUrlTemplate(imageUrl: string | null): string | null {
  if (imageUrl === null || !imageUrl.includes('{')) return imageUrl
  return imageUrl.replaceAll('{width}', TEMPLATE_WIDTH).replaceAll('/{slug}', '').replaceAll('{slug}', '')
}
