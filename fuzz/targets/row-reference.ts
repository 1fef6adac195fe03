/** A row read slowly and plainly from a parsed line, by the words of docs/rows.md: a table of fields and what each may be. */

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
  const warnings: string[] = []
  const optional = (
    parent: Json,
    name: string,
    meaning: (value: unknown) => Meaning,
    nothing: unknown = null,
  ): unknown => {
    const found = meaning(parent[name])
    if (typeof found !== 'string') return found.value
    if (found !== 'absent') warnings.push(name)
    return nothing
  }
  const storeName = optional(metadata, 'store_name', text(200))
  const storeCode = optional(metadata, 'store_id', code) ?? storeName
  const required = { company: text(200)(metadata.company), date: date(metadata.scraped_date) }
  const rest = { key: text(500)(product.normalized_name_brand_size), name: text(500)(product.name) }
  const all = { ...required, ...rest, priceCents: price(product.price_current) }
  const wrong = Object.values(all).filter((meaning) => typeof meaning === 'string')
  if (storeCode === null || wrong.length > 0)
    return { code: storeCode === null ? 'field_missing' : `field_${wrong.length > 1 ? 'any' : nameOf(wrong[0]!)}` }
  const found = Object.fromEntries(
    Object.entries(all).map(([name, meaning]) => [name, (meaning as { value: unknown }).value]),
  )
  const fields = {
    ...found,
    companyName: optional(metadata, 'company_name', text(200)),
    storeCode,
    storeName: storeName ?? storeCode,
    state: optional(metadata, 'state', text(200)),
    scrapedAt: optional(metadata, 'scraped_at', time),
    sku: optional(product, 'sku', code),
    brand: optional(product, 'brand', text(200)),
    barcode: optional(product, 'barcode', barcode),
    size: optional(product, 'size', text(200)),
    url: optional(product, 'url', text(2000)),
    imageUrl: optional(product, 'image_url', text(2000)),
    categoryPath: optional(product, 'category_path', path, []),
    wasPriceCents: optional(product, 'price_was', price),
    isOnSpecial: optional(product, 'is_on_special', flag),
    isAvailable: optional(product, 'is_available', flag),
  }
  return { fields, warnings: warnings.sort() }
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
  return isDay(value) ? { value } : 'value'
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
