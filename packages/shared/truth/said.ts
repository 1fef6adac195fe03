/** What a row says apart from its price, reduced to what figures need. Made once for a label, however many rows have it. */
import type { RowProduct } from '../row.ts'
import { wordsHash } from './text-hash.ts'

/** The fields of which it is counted how many rows tell them. */
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

/** What is odd about a text, each with its bit in `Said.odd`. */
export const ODD = { mojibake: 1, html: 2, template: 4, foreignBrand: 8 } as const

/** What labels say alike: rows are counted by it. `odd`: bits of `ODD`; `told`: the bits of those of `TOLD` that are told. */
export type Traits = Readonly<{ brand: string | null; top: string; second: string; odd: number; told: number }>

/** The fields of a label of which it is counted how many rows tell them. */
export const TOLD = ['brand', 'barcode', 'size', 'url', 'image_url', 'category_path'] as const

/** What a label says. */
export type Said = Readonly<{
  name: string
  barcode: string | null
  size: string | null
  imageUrl: string | null
  traits: Traits
}>

/** The numbers by which labels are compared; they are needed of few, so they are made when they are asked for. */
export type SaidHashes = Readonly<{
  name: number
  brand: number
  barcode: number
  size: number
  top: number
  second: number
}>

const hashes = new WeakMap<Said, SaidHashes>()

/** Those of a label; they are made once. */
export function hashesOf(said: Said): SaidHashes {
  const known = hashes.get(said)
  if (known !== undefined) return known
  const { name, barcode, size, traits } = said
  const made = {
    name: wordsHash(name),
    brand: wordsHash(traits.brand),
    barcode: wordsHash(barcode),
    size: wordsHash(size),
    top: wordsHash(traits.top),
    second: wordsHash(traits.second),
  }
  hashes.set(said, made)
  return made
}

// The labels of a shop have few.
const TRAITS_MAX = 10_000

/** The traits of labels: the same object for those that are alike, as long as not too many others come between. */
export class KnownTraits {
  readonly #known = new Map<string, Traits>()

  /** What the product of a row says. */
  saidOf(product: RowProduct): Said {
    const { name, barcode, size, imageUrl } = product
    return {
      name: beginningOf(name),
      barcode,
      size: size && beginningOf(size),
      imageUrl: imageUrl && beginningOf(imageUrl),
      traits: this.#same(traitsOf(product)),
    }
  }

  #same(traits: Traits): Traits {
    const { brand, top, second, odd, told } = traits
    const text = `${odd} ${told} ${top.length} ${second.length} ${top}${second}${brand}`
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
    odd: oddOf(product),
    told:
      bit(brand, 0) | bit(barcode, 1) | bit(size, 2) | bit(url, 3) | bit(imageUrl, 4) | bit(top === '' ? null : top, 5),
  }
}

function bit(value: string | null, place: number): number {
  return value === null ? 0 : 1 << place
}

// Hundreds of them are kept of each scrape, in bounded memory.
const CHARACTERS_MAX = 160

/** The beginning of a text, without the rest of it in memory. */
function beginningOf(text: string): string {
  return text.length <= CHARACTERS_MAX ? text : Buffer.from(text.slice(0, CHARACTERS_MAX)).toString()
}

// UTF-8 that was read as Latin-1 or Windows-1252, and characters that were lost before.
const MOJIBAKE = /Ã[\u0080-\u00bf\u0152-\u0178‘-›€™]|Â[\u0080-\u00bf]|â[\u0080-\u00bf€][\u0080-\u00bf™œ“”˜¦]|\ufffd|ï¿½/
const HTML = /<\/?[a-z][^<>]*>|&(?:[a-z]{2,8}|#\d{1,6}|#x[\da-f]{1,5});/i
const TEMPLATE = /\{[^{}]*\}|%7B[^%]*%7D/i

function oddOf({ name, brand, url, imageUrl }: RowProduct): number {
  let odd = 0
  if (!isAscii(name) && MOJIBAKE.test(name)) odd |= ODD.mojibake
  if ((name.includes('<') || name.includes('&')) && HTML.test(name)) odd |= ODD.html
  if (isTemplate(imageUrl) || isTemplate(url)) odd |= ODD.template
  if (brand !== null && !isAscii(brand) && isForeignTo(brand, name)) odd |= ODD.foreignBrand
  return odd
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

/** Whether a text has letters, and none of a script that another text is written in. */
function isForeignTo(text: string, other: string): boolean {
  const scripts = SCRIPTS.filter((script) => script.test(text))
  return scripts.length > 0 && SCRIPTS.some((script) => script.test(other)) && !scripts.some((each) => each.test(other))
}
