/** What else a shop tells of a thing on the shelf: kept as it is sent, by the names it is sent under. */
import { dropped, optionalText, type Reading } from './fields.ts'
import { numberOfMark } from './python-numbers.ts'
import { faultOfText, isAbsent, isBlankText } from './text.ts'

/** What a field may be: a text of so many characters, a number, or a list of texts. */
type Kind = number | 'number' | 'list'

type ValueOf<Of extends Kind> = Of extends number ? string : Of extends 'number' ? number : string[]

/** Every field that is kept so. */
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
} as const satisfies Readonly<Record<string, Kind>>

export type DetailName = keyof typeof DETAILS

/** The fields that a row has of `DETAILS`, in the order that they have there. */
export type Details = Readonly<{ [Name in DetailName]?: ValueOf<(typeof DETAILS)[Name]> }>

export const DETAIL_NAMES = Object.keys(DETAILS) as readonly DetailName[]

const LIST_MAX = 16
const LISTED_CHARACTERS_MAX = 200
const NUMBER_BELOW = 1e9
const DECIMAL = /^\d{1,9}(\.\d{1,9})?$/
const TEMPLATE_WIDTH = '500'

/** The details of a product; null: it has none. One that is wrong is left out, with a warning. */
export function detailsOf(reading: Reading): Details | null {
  let found: Record<string, unknown> | null = null
  for (const name of DETAIL_NAMES) {
    const value = detailOf(reading, name, DETAILS[name])
    if (value === null) continue
    found ??= {}
    found[name] = value
  }
  return found
}

function detailOf(reading: Reading, name: DetailName, kind: Kind): unknown {
  if (kind === 'number') return optionalNumber(reading, name)
  return kind === 'list' ? optionalList(reading, name) : optionalText(reading, name, kind)
}

/** A number that is not below 0, which some scrapers write as a text. */
function optionalNumber(reading: Reading, name: DetailName): number | null {
  const value = reading.fields[name]
  if (isAbsent(value)) return null
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value
  if (typeof number === 'number' && number >= 0 && number < NUMBER_BELOW) return number === 0 ? 0 : number
  if (typeof number === 'number') return dropped(reading, name, 'is below 0 or too large')
  const mark = numberOfMark(value)
  return dropped(reading, name, mark === undefined ? 'is not a number' : `is ${mark}`)
}

function optionalList(reading: Reading, name: DetailName): readonly string[] | null {
  const value = reading.fields[name]
  if (isAbsent(value)) return null
  if (!Array.isArray(value) || value.length > LIST_MAX || !value.every(isListed))
    return dropped(reading, name, `is not a list of at most ${LIST_MAX} texts`)
  return value.length === 0 ? null : value
}

function isListed(text: unknown): boolean {
  return typeof text === 'string' && !isBlankText(text) && faultOfText(text, LISTED_CHARACTERS_MAX) === undefined
}

/**
 * The address that a picture has by what is told of it. Some shops tell a template, with places for a width and for a name that may be
 * left out.
 */
export function filledIn(imageUrl: string | null): string | null {
  if (imageUrl === null || !imageUrl.includes('{')) return imageUrl
  return imageUrl.replaceAll('{width}', TEMPLATE_WIDTH).replaceAll('/{slug}', '').replaceAll('{slug}', '')
}
