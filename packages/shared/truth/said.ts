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

/** What a label says. `odd`: bits of `ODD`. */
export type Said = Readonly<{
  name: string
  brand: string | null
  barcode: string | null
  size: string | null
  hasUrl: boolean
  imageUrl: string | null
  top: string
  second: string
  odd: number
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

/** Those of a label. */
export function hashesOf({ name, brand, barcode, size, top, second }: Said): SaidHashes {
  return {
    name: wordsHash(name),
    brand: wordsHash(brand),
    barcode: wordsHash(barcode),
    size: wordsHash(size),
    top: wordsHash(top),
    second: wordsHash(second),
  }
}

/** What the product of a row says. */
export function saidOf(product: RowProduct): Said {
  const { name, brand, barcode, size, url, imageUrl, categoryPath } = product
  const [top = '', next] = categoryPath
  const path = next === undefined ? top : `${top} > ${next}`
  return {
    name: beginningOf(name),
    brand: brand && beginningOf(brand),
    barcode,
    size: size && beginningOf(size),
    hasUrl: url !== null,
    imageUrl: imageUrl && beginningOf(imageUrl),
    top: beginningOf(top),
    second: beginningOf(path),
    odd: oddOf(product),
  }
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
