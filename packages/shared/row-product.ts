/** The object `product` of a row: an article and its price. */
import { isNoBarcode, isPlaceholder } from './codes.ts'
import {
  dropped,
  type FieldFault,
  type Fields,
  optionalCode,
  optionalFlag,
  optionalPrice,
  optionalText,
  orFault,
  type Reading,
  requiredPrice,
  requiredText,
} from './fields.ts'
import { hasMark } from './python-numbers.ts'
import { DETAIL_NAMES, type Details, detailsOf, filledIn } from './row-details.ts'
import { type Remarks, unknownIn } from './row-metadata.ts'
import { faultOfText, isAbsent, isBlankText } from './text.ts'
import { unitOf } from './truth/unit-price.ts'

/** What a row says about an article. Money is whole cents; only an article that is not available may have no price. */
export type RowProduct = Readonly<{
  sku: string | null
  key: string
  name: string
  brand: string | null
  barcode: string | null
  size: string | null
  url: string | null
  /** The image URL as sent; may be a template. */
  imageUrl: string | null
  /** The URL of the picture, with a template filled in. */
  pictureUrl: string | null
  categoryPath: readonly string[]
  priceCents: number | null
  wasPriceCents: number | null
  isOnSpecial: boolean | null
  isAvailable: boolean | null
  /** Further fields; null if there are none. */
  details: Details | null
  /** How its unit price agrees with the price: the result of `unitOf`. */
  unit: number
}>

export const TEXT_CHARACTERS_MAX = 500
const CODE_CHARACTERS_MAX = 200
const URL_CHARACTERS_MAX = 2000
const CATEGORY_DEPTH_MAX = 16

const KNOWN: ReadonlySet<string> = new Set([
  'sku',
  'name',
  'normalized_name_brand_size',
  'brand',
  'barcode',
  'size',
  'url',
  'image_url',
  'aldi_image_url',
  'category_path',
  'price_current',
  'price_was',
  'is_on_special',
  'is_available',
  ...DETAIL_NAMES,
])

/** Reads the object `product` of a row, which has no forbidden key. */
export function readProduct(fields: Fields): (RowProduct & Remarks) | FieldFault {
  const reading: Reading = { parent: 'product', fields, warnings: [] }
  return orFault(() => {
    const { warnings } = reading
    const isAvailable = optionalFlag(reading, 'is_available')
    const priceCents = priceOf(reading, isAvailable)
    const imageUrl = optionalText(reading, 'image_url', URL_CHARACTERS_MAX)
    return {
      sku: optionalSku(reading),
      key: requiredText(reading, 'normalized_name_brand_size', TEXT_CHARACTERS_MAX),
      name: requiredText(reading, 'name', TEXT_CHARACTERS_MAX),
      brand: optionalText(reading, 'brand', CODE_CHARACTERS_MAX),
      barcode: optionalBarcode(reading),
      size: optionalText(reading, 'size', CODE_CHARACTERS_MAX),
      url: optionalText(reading, 'url', URL_CHARACTERS_MAX),
      imageUrl,
      pictureUrl: optionalText(reading, 'aldi_image_url', URL_CHARACTERS_MAX) ?? filledIn(imageUrl),
      categoryPath: optionalPath(reading),
      priceCents,
      wasPriceCents: optionalPrice(reading, 'price_was'),
      isOnSpecial: optionalFlag(reading, 'is_on_special'),
      isAvailable,
      details: detailsOf(reading),
      unit: unitOf(fields, priceCents ?? -1),
      warnings,
      ignored: unknownIn(fields, KNOWN),
    }
  })
}

/** Adds warnings for unknown fields of a product that contain NaN or Infinity. */
export function warnOfMarks(fields: Fields, { ignored, warnings }: Remarks): Remarks {
  const marked = ignored.filter((name) => hasMark(fields[name]))
  const reason = 'holds NaN or Infinity, which JSON does not have'
  return { ignored, warnings: [...warnings, ...marked.map((name) => ({ field: `product.${name}`, reason }))] }
}

/** The price; null for an article that is not available, which many shops show without one. */
function priceOf(reading: Reading, isAvailable: boolean | null): number | null {
  return isAvailable === false && isAbsent(reading.fields.price_current)
    ? null
    : requiredPrice(reading, 'price_current')
}

function optionalSku(reading: Reading): string | null {
  const sku = optionalCode(reading, 'sku', CODE_CHARACTERS_MAX)
  return sku !== null && isPlaceholder(sku) ? dropped(reading, 'sku', 'stands for none') : sku
}

function optionalBarcode(reading: Reading): string | null {
  const code = optionalCode(reading, 'barcode', CODE_CHARACTERS_MAX)
  return code !== null && isNoBarcode(code) ? dropped(reading, 'barcode', 'stands for none') : code
}

function optionalPath(reading: Reading): readonly string[] {
  const value = reading.fields.category_path
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.length <= CATEGORY_DEPTH_MAX && value.every(isCategory)) return value
  return dropped(reading, 'category_path', `is not a list of at most ${CATEGORY_DEPTH_MAX} names`) ?? []
}

function isCategory(name: unknown): boolean {
  return typeof name === 'string' && !isBlankText(name) && faultOfText(name, CODE_CHARACTERS_MAX) === undefined
}
