/** The object `product` of a row: an article and its price. */
import { isPlaceholderBarcode, isPlaceholderSku } from './codes.ts'
import {
  dropField,
  type FieldFault,
  type Fields,
  optionalCode,
  optionalFlag,
  optionalPrice,
  optionalText,
  type ReadContext,
  requiredPrice,
  requiredText,
  resultOrFault,
} from './fields.ts'
import { hasMark } from './python-numbers.ts'
import { DETAIL_NAMES, type Details, fillUrlTemplate, readDetails } from './row-details.ts'
import { type Remarks, unknownFields } from './row-metadata.ts'
import { faultOfText, isAbsent, isBlankText } from './text.ts'
import { checkUnitPrice } from './truth/unit-price.ts'

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
  /** How its unit price agrees with the price: the result of `checkUnitPrice`. */
  unit: number
}>

export const TEXT_CHARACTERS_MAX = 500
const CODE_CHARACTERS_MAX = 200
const URL_CHARACTERS_MAX = 2000
const CATEGORY_DEPTH_MAX = 16

const KNOWN_FIELDS: ReadonlySet<string> = new Set([
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
  const context: ReadContext = { parent: 'product', fields, warnings: [] }
  return resultOrFault(() => {
    const { warnings } = context
    const isAvailable = optionalFlag(context, 'is_available')
    const priceCents = readPrice(context, isAvailable)
    const imageUrl = optionalText(context, 'image_url', URL_CHARACTERS_MAX)
    return {
      sku: optionalSku(context),
      key: requiredText(context, 'normalized_name_brand_size', TEXT_CHARACTERS_MAX),
      name: requiredText(context, 'name', TEXT_CHARACTERS_MAX),
      brand: optionalText(context, 'brand', CODE_CHARACTERS_MAX),
      barcode: optionalBarcode(context),
      size: optionalText(context, 'size', CODE_CHARACTERS_MAX),
      url: optionalText(context, 'url', URL_CHARACTERS_MAX),
      imageUrl,
      pictureUrl: optionalText(context, 'aldi_image_url', URL_CHARACTERS_MAX) ?? fillUrlTemplate(imageUrl),
      categoryPath: optionalPath(context),
      priceCents,
      wasPriceCents: optionalPrice(context, 'price_was'),
      isOnSpecial: optionalFlag(context, 'is_on_special'),
      isAvailable,
      details: readDetails(context),
      unit: checkUnitPrice(fields, priceCents ?? -1),
      warnings,
      ignored: unknownFields(fields, KNOWN_FIELDS),
    }
  })
}

/** Adds warnings for unknown fields of a product that contain NaN or Infinity. */
export function warnOfPythonNumbers(fields: Fields, { ignored, warnings }: Remarks): Remarks {
  const marked = ignored.filter((name) => hasMark(fields[name]))
  const reason = 'holds NaN or Infinity, which JSON does not have'
  return { ignored, warnings: [...warnings, ...marked.map((name) => ({ field: `product.${name}`, reason }))] }
}

/** The price; null for an article that is not available, which many shops show without one. */
function readPrice(context: ReadContext, isAvailable: boolean | null): number | null {
  return isAvailable === false && isAbsent(context.fields.price_current)
    ? null
    : requiredPrice(context, 'price_current')
}

function optionalSku(context: ReadContext): string | null {
  const sku = optionalCode(context, 'sku', CODE_CHARACTERS_MAX)
  return sku !== null && isPlaceholderSku(sku) ? dropField(context, 'sku', 'stands for none') : sku
}

function optionalBarcode(context: ReadContext): string | null {
  const code = optionalCode(context, 'barcode', CODE_CHARACTERS_MAX)
  return code !== null && isPlaceholderBarcode(code) ? dropField(context, 'barcode', 'stands for none') : code
}

function optionalPath(context: ReadContext): readonly string[] {
  const value = context.fields.category_path
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.length <= CATEGORY_DEPTH_MAX && value.every(isCategory)) return value
  return dropField(context, 'category_path', `is not a list of at most ${CATEGORY_DEPTH_MAX} names`) ?? []
}

function isCategory(name: unknown): boolean {
  return typeof name === 'string' && !isBlankText(name) && faultOfText(name, CODE_CHARACTERS_MAX) === undefined
}
