/** The fields of a label that the figures need. Computed once per label, not per row. */
import type { RowProduct } from '../row.ts'
import { textHash, wordsHash } from './text-hash.ts'

/** The fields for which the figures count how many rows have a value. */
export const FIELDS = [
  'sku',
  'brand',
  'barcode',
  'size',
  'url',
  'image_url',
  'category_path',
  'price_was',
  'is_on_special',
  'is_available',
] as const

export type Field = (typeof FIELDS)[number]

/** Faults of texts, each a bit in `Traits.textFaults`. */
export const TEXT_FAULTS = { mojibake: 1, html: 2, template: 4, foreignBrand: 8, urlTemplate: 16 } as const

/**
 * Properties that many labels share; rows are counted by these. `top`, `second`: category names; `textFaults`: bits of
 * `TEXT_FAULTS`; `presentFields`: a bit for each of `COUNTED_LABEL_FIELDS` that has a value.
 */
export type Traits = Readonly<{
  brand: string | null
  top: string
  second: string
  textFaults: number
  presentFields: number
}>

/** The fields of a label whose presence is counted; the index is the bit in `Traits.presentFields`. */
export const COUNTED_LABEL_FIELDS = ['brand', 'barcode', 'size', 'url', 'image_url', 'category_path'] as const

/** A reduced label. Texts other than the barcode are cut to 160 characters; of `url` a 16-bit hash is kept, 0 if absent. */
export type LabelFields = Readonly<{
  name: string
  barcode: string | null
  size: string | null
  imageUrl: string | null
  url: number
  traits: Traits
}>

/** Hashes by which labels are compared; computed on demand, as few labels need them. */
export type LabelHashes = Readonly<{
  name: number
  brand: number
  barcode: number
  size: number
  top: number
  second: number
  url: number
  image: number
}>

const hashes = new WeakMap<LabelFields, LabelHashes>()

/** The hashes of a label, cached. */
export function hashesOf(label: LabelFields): LabelHashes {
  const known = hashes.get(label)
  if (known !== undefined) return known
  const { name, barcode, size, imageUrl, url, traits } = label
  const made = {
    name: wordsHash(name),
    brand: wordsHash(traits.brand),
    barcode: wordsHash(barcode),
    size: wordsHash(size),
    top: wordsHash(traits.top),
    second: wordsHash(traits.second),
    url,
    image: textHash(imageUrl),
  }
  hashes.set(label, made)
  return made
}

// A shop has far fewer distinct traits.
const TRAITS_MAX = 10_000

/** Caches traits, so that equal ones share one object; cleared at `TRAITS_MAX` entries. */
export class TraitsCache {
  readonly #known = new Map<string, Traits>()

  /** The reduced label of a row. */
  labelFieldsOf(product: RowProduct): LabelFields {
    const { name, barcode, size, imageUrl, url } = product
    return {
      name: beginningOf(name),
      barcode,
      size: size && beginningOf(size),
      imageUrl: imageUrl && beginningOf(imageUrl),
      url: textHash(url),
      traits: this.#same(traitsOf(product)),
    }
  }

  #same(traits: Traits): Traits {
    const { brand, top, second, textFaults, presentFields } = traits
    const text = `${textFaults} ${presentFields} ${top.length} ${second.length} ${top}${second}${brand}`
    const known = this.#known.get(text)
    if (known !== undefined) return known
    if (this.#known.size >= TRAITS_MAX) this.#known.clear()
    this.#known.set(text, traits)
    return traits
  }
}

function traitsOf(product: RowProduct): Traits {
  const { brand, barcode, size, url, imageUrl, categoryPath } = product
  const [top = '', next] = categoryPath
  const path = next === undefined ? top : `${top} > ${next}`
  return {
    brand: brand && beginningOf(brand),
    top: beginningOf(top),
    second: beginningOf(path),
    textFaults: textFaultsOf(product),
    presentFields:
      bit(brand, 0) | bit(barcode, 1) | bit(size, 2) | bit(url, 3) | bit(imageUrl, 4) | bit(top === '' ? null : top, 5),
  }
}

function bit(value: string | null, place: number): number {
  return value === null ? 0 : 1 << place
}

// Bounds memory: hundreds of labels are kept per scrape.
const CHARACTERS_MAX = 160

/** The first characters of a text, copied so that the whole text can be freed. */
function beginningOf(text: string): string {
  return text.length <= CHARACTERS_MAX ? text : Buffer.from(text.slice(0, CHARACTERS_MAX)).toString()
}

// UTF-8 that was decoded as Latin-1 or Windows-1252, and replacement characters.
const MOJIBAKE = /Ã[\u0080-\u00bf\u0152-\u0178‘-›€™]|Â[\u0080-\u00bf]|â[\u0080-\u00bf€][\u0080-\u00bf™œ“”˜¦]|\ufffd|ï¿½/
const HTML = /<\/?[a-z][^<>]*>|&(?:[a-z]{2,8}|#\d{1,6}|#x[\da-f]{1,5});/i
const TEMPLATE = /\{[^{}]*\}|%7B[^%]*%7D/i

function textFaultsOf({ name, brand, url, imageUrl }: RowProduct): number {
  let faults = 0
  if (!isAscii(name) && MOJIBAKE.test(name)) faults |= TEXT_FAULTS.mojibake
  if ((name.includes('<') || name.includes('&')) && HTML.test(name)) faults |= TEXT_FAULTS.html
  if (isTemplate(imageUrl)) faults |= TEXT_FAULTS.template
  if (isTemplate(url)) faults |= TEXT_FAULTS.urlTemplate
  if (brand !== null && !isAscii(brand) && isForeignTo(brand, name)) faults |= TEXT_FAULTS.foreignBrand
  return faults
}

function isTemplate(address: string | null): boolean {
  return address !== null && (address.includes('{') || address.includes('%7')) && TEMPLATE.test(address)
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}

const SCRIPTS = [/\p{sc=Latin}/u, /\p{sc=Han}|\p{sc=Hira}|\p{sc=Kana}/u, /\p{sc=Cyrl}/u, /\p{sc=Arab}/u, /\p{sc=Grek}/u]
SCRIPTS.push(/\p{sc=Hang}/u, /\p{sc=Thai}/u, /\p{sc=Hebr}/u, /\p{sc=Deva}/u)

/** Whether two texts both have letters of known scripts, but share no script. */
function isForeignTo(text: string, other: string): boolean {
  const scripts = SCRIPTS.filter((script) => script.test(text))
  return scripts.length > 0 && SCRIPTS.some((script) => script.test(other)) && !scripts.some((each) => each.test(other))
}
