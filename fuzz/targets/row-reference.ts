/** A row read slowly and plainly from a parsed line, by the words of docs/rows.md: a table of fields and what each may be. */
import { DETAIL_NAMES } from '@splitcart/shared/row-details.ts'

/** `NaN` and its like stand in the parsed line as texts that begin with a NUL. */
export type PlainRow = Readonly<{ code: string } | { fields: Record<string, unknown>; warnings: string[] }>

type Json = Record<string, unknown>

/** What a value means: a value, nothing (absent), or wrong. */
type Meaning = Readonly<{ value: unknown } | 'absent' | 'type' | 'value'>

/** Reads what `JSON.parse` made of a line. */
export function plainRow(line: unknown): PlainRow {
  const { product, metadata } = isPlain(line) ? line : ({} as Json)
  if (!isPlain(product) || !isPlain(metadata)) return { code: 'not_a_row' }
  for (const each of [line as Json, product, metadata])
    if (Object.keys(each).includes('__proto__')) return { code: 'key_forbidden' }
  const about = plainMetadata(metadata)
  const shown = plainProduct(product)
  const wrong = [...about.required, ...shown.required].filter(([, meaning]) => typeof meaning === 'string')
  if (about.isStoreUnknown) return { code: 'field_any' }
  if (wrong.length > 0) return { code: `field_${wrong.length > 1 ? 'any' : nameOf(wrong[0]![1])}` }
  const found = [...about.required, ...shown.required].map(([name, meaning]) => [name, meant(meaning)])
  const { companyKey, ...rest } = about.fields()
  const ignored = [...unknown(product, PRODUCT), ...unknown(metadata, METADATA).map((name) => `metadata.${name}`)]
  const marked = unknown(product, PRODUCT).filter((name) => hasNumber(product[name]))
  return {
    fields: { ...Object.fromEntries(found), companyKey, ...rest, ...shown.fields, ignored },
    warnings: [...about.warnings, ...shown.warnings, ...marked.map((name) => `product.${name}`)].sort(),
  }
}

/** Reads fields of one of the two objects; what is wrong is noted and counts as nothing. */
function readerOf(parent: string, object: Json) {
  const warnings: string[] = []
  const optional = (name: string, meaning: (value: unknown) => Meaning, nothing: unknown = null): unknown => {
    const found = meaning(object[name])
    if (typeof found !== 'string') return found.value
    if (found !== 'absent') warnings.push(`${parent}.${name}`)
    return nothing
  }
  return { warnings, optional }
}

type Required = readonly (readonly [name: string, meaning: Meaning])[]

function plainMetadata(metadata: Json) {
  const { warnings, optional } = readerOf('metadata', metadata)
  const companyName = optional('company_name', text(200))
  const isNamed = companyName !== null && isNothing(metadata.company)
  const said = isNamed ? ({ value: companyName } as Meaning) : text(200)(metadata.company)
  const company = typeof said === 'string' ? said : { value: codeShown(said.value) }
  const storeName = optional('store_name', text(200))
  const isWrong = ['store_id', 'store_name'].some((name) => !isNothing(metadata[name]))
  const named = optional('store_id', code) ?? storeName
  const store = codeShown(named ?? meant(company))
  const required: Required = [
    ['company', company],
    ['date', date(metadata.scraped_date)],
  ]
  const rest = { state: optional('state', text(200)), scrapedAt: optional('scraped_at', time) }
  const fields = () => ({
    ...rest,
    companyName,
    companyKey: keyOf(String(meant(company))),
    storeCode: store,
    storeKey: keyOf(store),
    storeName: storeName ?? store,
  })
  return { required, fields, warnings, isStoreUnknown: named === null && isWrong }
}

function plainProduct(product: Json) {
  const { warnings, optional } = readerOf('product', product)
  const required: Required = [
    ['key', text(500)(product.normalized_name_brand_size)],
    ['name', text(500)(product.name)],
    ['priceCents', priceUnlessSoldOut(product)],
  ]
  const imageUrl = optional('image_url', text(2000))
  const fields = {
    sku: optional('sku', sku),
    brand: optional('brand', text(200)),
    barcode: optional('barcode', barcode),
    size: optional('size', text(200)),
    url: optional('url', text(2000)),
    imageUrl,
    pictureUrl: optional('aldi_image_url', text(2000)) ?? withoutPlaces(imageUrl),
    categoryPath: optional('category_path', path, []),
    wasPriceCents: optional('price_was', price),
    isOnSpecial: optional('is_on_special', flag),
    isAvailable: optional('is_available', flag),
    details: plainDetails(optional),
  }
  return { required, fields, warnings }
}

const TEXTS = { per_unit_price_string: 200, per_unit_price_measure: 200, unit_of_measure: 200, country_of_origin: 500 }
const LONG_TEXTS = { allergens: 5000, ingredients: 10_000, description: 10_000 }
const NUMBERS = 'per_unit_price_value unit_price price_save_amount average_user_rating rating_count health_star_rating'

/** What is kept as it is sent, in the order in which it is kept. */
function plainDetails(optional: (name: string, meaning: (value: unknown) => Meaning) => unknown): unknown {
  const texts = Object.entries({ ...TEXTS, ...LONG_TEXTS }).map(([name, most]) => [name, optional(name, text(most))])
  const numbers = NUMBERS.split(' ').map((name) => [name, optional(name, positive)])
  const found = Object.fromEntries([...texts, ...numbers, ['sizes', optional('sizes', sizes)]])
  const told = DETAIL_NAMES.filter((name) => found[name] !== null)
  return told.length === 0 ? null : Object.fromEntries(told.map((name) => [name, found[name]]))
}

function positive(value: unknown): Meaning {
  if (isNothing(value)) return 'absent'
  if (typeof value !== 'number' && typeof value !== 'string') return 'type'
  if (typeof value === 'string' && !/^[0-9]{1,9}(\.[0-9]{1,9})?$/.test(value)) return 'value'
  return Number(value) >= 0 && Number(value) < 1e9 ? { value: Math.abs(Number(value)) } : 'value'
}

function sizes(value: unknown): Meaning {
  const meaning = isNothing(value) ? 'absent' : path(value)
  return typeof meaning === 'object' && Array.from(value as string[]).length === 0 ? 'absent' : meaning
}

function withoutPlaces(address: unknown): unknown {
  if (typeof address !== 'string') return address
  return address.split('{width}').join('500').split('/{slug}').join('').split('{slug}').join('')
}

function meant(meaning: Meaning): unknown {
  return typeof meaning === 'string' ? undefined : meaning.value
}

function unknown(object: Json, known: ReadonlySet<string>): string[] {
  return Object.keys(object).filter((name) => !known.has(name))
}

const PRODUCT = new Set(
  'sku name brand barcode size url image_url category_path price_current price_was is_on_special is_available'.split(
    ' ',
  ),
).add('normalized_name_brand_size')
for (const name of [...DETAIL_NAMES, 'aldi_image_url']) PRODUCT.add(name)
const METADATA = new Set('company company_name store_id store_name state scraped_date scraped_at'.split(' '))

function hasNumber(value: unknown): boolean {
  return /"\\u0000(NaN|-?Infinity)"/.test(JSON.stringify(value) ?? '')
}

function codeShown(value: unknown): string {
  return String(value).normalize('NFC').trim()
}

function keyOf(shown: string): string {
  return shown.toUpperCase().toLowerCase().normalize('NFC')
}

/** What is known to be sold out needs no price. */
function priceUnlessSoldOut(product: Json): Meaning {
  const meaning = price(product.price_current)
  return meaning === 'absent' && product.is_available === false ? { value: null } : meaning
}

/** A SKU, unless it is one of the words for none, or nothing but zeros or dashes. */
function sku(value: unknown): Meaning {
  const meaning = code(value)
  if (typeof meaning === 'string') return meaning
  const text = String(meaning.value).trim().toLowerCase()
  const words = ['n/a', 'na', '#n/a', 'null', 'undefined', 'none', 'nil', 'nan', 'unknown']
  const isShort = String(meaning.value).length <= 20
  return isShort && (words.includes(text) || /^0+(\.0+)?$/.test(text) || /^[-–—_.?]+$/.test(text)) ? 'value' : meaning
}

function nameOf(wrong: Meaning): string {
  return wrong === 'absent' ? 'missing' : String(wrong)
}

function isPlain(value: unknown): value is Json {
  return Object.prototype.toString.call(value) === '[object Object]'
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && /^\s*$/.test(value))
}

function text(charactersMax: number): (value: unknown) => Meaning {
  return (value) => {
    if (isNothing(value)) return 'absent'
    if (typeof value !== 'string') return 'type'
    const halves = [...value].some((one) => /^[\ud800-\udfff]$/.test(one))
    return value.length > charactersMax || halves || [...value].includes('\0') ? 'value' : { value }
  }
}

function code(value: unknown): Meaning {
  if (typeof value !== 'number') return text(200)(value)
  return value % 1 === 0 && value >= 0 && value <= 2 ** 53 - 1 ? { value: value.toFixed(0) } : 'type'
}

function barcode(value: unknown): Meaning {
  const meaning = code(value)
  if (typeof meaning === 'string') return meaning
  return [...String(meaning.value)].some((digit) => '123456789'.includes(digit)) ? meaning : 'value'
}

function flag(value: unknown): Meaning {
  if (value === undefined || value === null) return 'absent'
  return value === true || value === false ? { value } : 'type'
}

function path(value: unknown): Meaning {
  if (value === undefined || value === null) return 'absent'
  const isGood =
    Array.isArray(value) &&
    value.length <= 16 &&
    value.every((name) => typeof name === 'string' && typeof text(200)(name) !== 'string')
  return isGood ? { value } : 'type'
}

function date(value: unknown): Meaning {
  if (isNothing(value)) return 'absent'
  if (typeof value !== 'string') return 'type'
  const [, day, time] = /^(.{10})(?:[T ](.+))?$/s.exec(value) ?? []
  if (day === undefined || !isDay(day)) return 'value'
  const form = /^([0-9]{2}):([0-9]{2})(?::([0-9]{2})([.,][0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?$/.exec(
    time ?? '00:00',
  )
  const isTime = form !== null && Number(form[1]) <= 24 && Number(form[2]) < 60 && Number(form[3] ?? 0) < 70
  return isTime ? { value: day } : 'value'
}

// JavaScript moves a day that is not there to one that is.
function isDay(text: string): boolean {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) || text < '1900') return false
  const day = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

function time(value: unknown): Meaning {
  if (isNothing(value)) return 'absent'
  const form = /^([0-9]{4}-[0-9]{2}-[0-9]{2})T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$/
  const day = typeof value === 'string' ? form.exec(value)?.[1] : undefined
  const ms = day !== undefined && isDay(day) ? new Date(String(value)).getTime() : Number.NaN
  return Number.isNaN(ms) ? 'value' : { value: ms }
}

/** Cents by the decimal digits: the third place rounds up from 5, and what stands behind it does not matter. */
function price(value: unknown): Meaning {
  if (isNothing(value)) return 'absent'
  if (typeof value !== 'number' && typeof value !== 'string') return 'type'
  if (typeof value === 'number' && !(value >= 0 && value < 1e6)) return 'value'
  const decimal = typeof value === 'string' ? value : plainDecimal(value)
  const [, whole, places = ''] = /^([0-9]{1,20})(?:\.([0-9]{1,40}))?$/.exec(decimal) ?? []
  if (whole === undefined) return 'value'
  const thousandths = BigInt(whole + places.padEnd(3, '0').slice(0, 3))
  const cents = (thousandths + 5n) / 10n
  return cents < 100_000_000n ? { value: Number(cents) } : 'value'
}

/** The shortest decimal of a number, without an exponent: below a millionth there is none to be had, and no cent either. */
function plainDecimal(value: number): string {
  const shown = String(value)
  return shown.includes('e') ? '0' : shown.replace('-', '')
}
