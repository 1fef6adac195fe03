/** Files that are valid and cost more than others: made of what a loader keeps, copies or splits. None of them is a scrape of a shop. */
import { open } from 'node:fs/promises'

/**
 * A file, line by line. `isRejected`: its lines are no rows. `isHeld`: it is never loaded. `share`: how much of the bytes that others are given is enough of it, because
 * it has very many lines.
 */
export type HeavyFile = Readonly<{
  name: string
  line: (index: number) => string
  isRejected?: true
  isHeld?: true
  share?: number
}>

const LINE_BYTES = 2 ** 20
const WRITTEN_AT_ONCE = 2 ** 20
const LETTERS = 'абвгдежзийклмнопрстуфхцчшщъыьэюя'

/** All of them. */
export const HEAVY_FILES: readonly HeavyFile[] = [
  { name: 'long texts in Cyrillic', line: (index) => rowLine(longTexts(index, cyrillic)) },
  { name: 'long texts in Latin', line: (index) => rowLine(longTexts(index, latin)) },
  { name: 'long texts with letters beyond the first plane', line: (index) => rowLine(longTexts(index, emoji)) },
  {
    name: 'distinct long names without SKUs',
    line: (index) => rowLine({ sku: null, normalized_name_brand_size: cyrillic(index, 500) }),
  },
  {
    name: 'names that grow when words are made of them',
    line: (index) => rowLine({ sku: String(index), name: `${index} ${'ﷺ '.repeat(240)}`, brand: cyrillic(index, 200) }),
  },
  { name: 'a name of Han letters', line: (index) => rowLine({ sku: String(index), name: han(index, 500) }) },
  {
    name: 'the same listings under ever other names',
    line: (index) =>
      rowLine({ ...longTexts(index, cyrillic), sku: String(index % 100) }, { store_id: `s${Math.floor(index / 100)}` }),
  },
  {
    name: 'unknown fields of a MiB',
    line: (index) => rowLine({ sku: String(index), unknown: 'ж'.repeat(LINE_BYTES / 2 - 1_000) }),
  },
  {
    name: 'unknown lists of a MiB',
    line: (index) => rowLine({ sku: String(index), unknown: Array(LINE_BYTES / 4).fill([]) }),
  },
  {
    name: 'unknown numbers of a MiB',
    line: (index) => rowLine({ sku: String(index), unknown: Array(LINE_BYTES / 2 - 1_000).fill(0) }),
  },
  {
    name: 'a thousand keys in a line',
    line: (index) => rowLine({ ...keys(index), sku: String(index) }),
  },
  {
    name: 'ten thousand stores with long names',
    line: (index) => rowLine({ sku: String(index % 7) }, longStore(index % 9_999)),
  },
  { name: 'tiny lines that are no rows', line: () => '1', isRejected: true, share: 0.02 },
  { name: 'very many tiny lines that are no rows', line: () => '1', isRejected: true, share: 0.3 },
  { name: 'lines of 4 KiB that are no rows', line: () => '1'.repeat(4_096), isRejected: true },
  { name: 'lines over the limit', line: () => '1'.repeat(LINE_BYTES + 1), isRejected: true },
  {
    name: 'empty lines',
    line: (index) => (index % 1_000_000 === 0 ? rowLine({ sku: String(index) }) : ''),
    share: 0.2,
  },
  { name: 'the same row again and again', line: () => rowLine({ sku: '1' }) },
  { name: 'listings of two companies in one chain', line: chained, isHeld: true },
]

/** Writes one, until it is so large. */
export async function writeHeavyFile(path: string, { line }: HeavyFile, bytesMin: number): Promise<void> {
  await using file = await open(path, 'wx')
  let waiting = ''
  let bytes = 0
  for (let index = 0; bytes < bytesMin; index++) {
    waiting += `${line(index)}\n`
    if (waiting.length < WRITTEN_AT_ONCE && index % 1024 !== 0) continue
    const written = Buffer.from(waiting)
    await file.appendFile(written)
    bytes += written.length
    waiting = ''
  }
}

/** Each listing of one company shares its barcode with one of the other, and this its name with the next one of the first. */
function chained(index: number): string {
  const [link, place] = [index >> 1, index & 1]
  const digits = `93${String(link).padStart(10, '0')}`
  const name = `Milk no ${link + place}`
  const product = {
    sku: String(link),
    name,
    normalized_name_brand_size: name.toLowerCase(),
    barcode: withCheckDigit(digits),
  }
  return rowLine(product, { company: place === 0 ? 'heavy' : 'heavier' })
}

function withCheckDigit(digits: string): string {
  const sum = [...digits].reduce((total, digit, place) => total + Number(digit) * (place % 2 === 0 ? 1 : 3), 0)
  return `${digits}${(10 - (sum % 10)) % 10}`
}

type Fields = Readonly<Record<string, unknown>>

function rowLine(product: Fields, metadata: Fields = {}): string {
  const shown = { name: 'Milk 2 L', normalized_name_brand_size: 'milk 2 l', price_current: 3.1, ...product }
  const about = { company: 'heavy', store_id: 's', scraped_date: '2026-06-29', ...metadata }
  return JSON.stringify({ product: shown, metadata: about })
}

/** Every text of a row as long as it may be. */
function longTexts(index: number, text: (index: number, characters: number) => string): Fields {
  return {
    sku: text(index, 200),
    name: text(index, 500),
    normalized_name_brand_size: text(index, 500),
    brand: text(index, 200),
    size: text(index, 200),
    url: text(index, 2_000),
    image_url: text(index, 2_000),
    category_path: Array.from({ length: 16 }, (_, step) => text(index * 16 + step, 200)),
  }
}

function longStore(number: number): Fields {
  const name = cyrillic(number, 200)
  return { company: 'heavy', store_id: name, store_name: name, state: name, company_name: cyrillic(number, 190) }
}

function keys(index: number): Fields {
  return Object.fromEntries(Array.from({ length: 980 }, (_, key) => [cyrillic(index * 1_000 + key, 500), 0]))
}

function cyrillic(index: number, characters: number): string {
  return `${index} ${LETTERS.repeat(Math.ceil(characters / LETTERS.length))}`.slice(0, characters)
}

function latin(index: number, characters: number): string {
  return `${index} ${'abcdefgh '.repeat(characters)}`.slice(0, characters).trimEnd()
}

function emoji(index: number, characters: number): string {
  return `${index} ${'𝔞'.repeat(Math.floor((characters - 12) / 2))}`
}

function han(index: number, characters: number): string {
  return `${index} ${Array.from({ length: characters - 12 }, (_, at) => String.fromCodePoint(0x4e00 + ((at * 7 + index) % 20_000))).join('')}`
}
