/** The invented articles, independent of shops. Everything about an article is derived from its number. */
import { chance, hash, hexOf, PURPOSE } from './random.ts'
import { type GoodsKind, type Language, languages } from './words.ts'

/** How much is in a packet: `text` as printed, `tokens` as a scraper normalises it, `amount` in g, ml or pieces. */
export type Size = Readonly<{ text: string; tokens: readonly string[]; amount: number; unit: GoodsKind['unit'] }>

export type Article = Readonly<{
  /** Seeds all that is random about this article. */
  seed: number
  name: string
  brand: string
  path: readonly string[]
  size: Size
  barcode: string | null
  /** Where its picture is: a UUID. */
  image: string
  /** The base price in cents, before the price zones and price steps of shelf.ts. */
  cents: number
}>

/** A series of articles: their words (for a chain's own articles, with its own brands), seed, and first number. */
export type ArticleRange = Readonly<{ languages: readonly Language[]; seed: number; firstNumber: number }>

const AMOUNTS = {
  g: [100, 125, 150, 200, 250, 300, 375, 400, 450, 500, 600, 750, 1000, 1500, 2000],
  ml: [200, 250, 330, 375, 500, 750, 1000, 1250, 1500, 2000, 3000, 4000],
  ea: [1, 2, 4, 6, 8, 10, 12, 18, 24, 36, 48, 72],
}
const SIZES = 12

// Of every hundred articles, the last nine are in the nine other languages, one each.
const LANGUAGE_ROUND = 100
// A prime that divides none of the counts of words, so that multiplying by it visits every combination once.
const STRIDE = 1_000_003
// An offset per maker, so that the makers of a kind do not all have the same varieties.
const MAKER_STRIDE = 8161
const SAME_KIND_IN_A_ROW = 8
const BRANDS_OF_A_KIND = 4
const WITHOUT_BARCODE_SHARE = 0.08

/** The articles that every chain may sell. */
export function sharedRange(seed: number): ArticleRange {
  return { languages: languages(), seed: hash(seed, PURPOSE.words), firstNumber: 0 }
}

/** The articles that only one chain sells, under its own brands. */
export function ownBrandRange(seed: number, chain: number, brands: readonly string[]): ArticleRange {
  const english = { ...(languages()[0] as Language), brands }
  return { languages: [english], seed: hash(seed, PURPOSE.words), firstNumber: (chain + 1) * 1_000_000 }
}

/** The article at a place of a range. Different places have different names. */
export function articleOf(range: ArticleRange, place: number): Article {
  const { language, rank } = languageOf(range, place)
  const { brand, kind, size, name } = articleWords(language, rank, range.seed)
  const number = range.firstNumber + place
  const seed = hash(hash(range.seed, PURPOSE.numbers), number)
  return {
    seed,
    name,
    brand,
    path: kind.path,
    size: sizeOf(kind.unit, size),
    barcode: chance(seed, PURPOSE.numbers) < WITHOUT_BARCODE_SHARE ? null : barcodeOf(number),
    image: uuidOf(hash(seed, PURPOSE.image)),
    cents: centsOf(seed),
  }
}

/** A valid EAN-13 of a number, under 952: the prefix that GS1 keeps for examples. */
export function barcodeOf(number: number): string {
  const digits = `952${String((number * 7_654_321 + 1234) % 1_000_000_000).padStart(9, '0')}`
  let sum = 0
  for (let at = 0; at < digits.length; at++) sum += Number(digits[at]) * (at % 2 === 0 ? 1 : 3)
  return `${digits}${(10 - (sum % 10)) % 10}`
}

function uuidOf(key: number): string {
  const digits = hexOf(key, 4)
  const groups = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)]
  return groups.join('-')
}

function languageOf({ languages }: ArticleRange, place: number): { language: Language; rank: number } {
  const others = languages.length - 1
  const round = Math.floor(place / LANGUAGE_ROUND)
  const other = (place % LANGUAGE_ROUND) - (LANGUAGE_ROUND - others)
  if (other >= 0) return { language: languages[other + 1] as Language, rank: round }
  return { language: languages[0] as Language, rank: place - round * others }
}

// Every rank has its own combination of kind, brand, variety and size. Shelves are sorted, so a few articles in a row are of
// one kind, and a kind comes from a few brands.
function articleWords({ brands, varieties, kinds }: Language, rank: number, seed: number) {
  const turn = Math.floor(rank / SAME_KIND_IN_A_ROW)
  const kindIndex = (turn * STRIDE + seed) % kinds.length
  const within = (rank % SAME_KIND_IN_A_ROW) + SAME_KIND_IN_A_ROW * Math.floor(turn / kinds.length)
  const brandsAtOnce = Math.min(BRANDS_OF_A_KIND, brands.length)
  const combination = Math.floor(within / brandsAtOnce)
  const combinations = varieties.length * SIZES
  const maker = within % brandsAtOnce
  const mixed = (combination * STRIDE + seed + kindIndex + maker * MAKER_STRIDE) % combinations
  const brandRound = Math.floor(combination / combinations)
  const brandRounds = Math.floor(brands.length / brandsAtOnce)
  const brandIndex = maker + brandsAtOnce * ((brandRound + kindIndex) % brandRounds)
  // Past the last combination names get a number.
  const series = Math.floor(brandRound / brandRounds)
  const kind = kinds[kindIndex] as GoodsKind
  const name = `${varieties[Math.floor(mixed / SIZES)]} ${kind.noun}${series === 0 ? '' : ` No${series + 1}`}`
  return { brand: brands[brandIndex] as string, kind, size: mixed % SIZES, name }
}

function sizeOf(unit: GoodsKind['unit'], index: number): Size {
  const amount = AMOUNTS[unit][index] as number
  if (unit === 'ea') return { text: `${amount} pack`, tokens: [`${amount}ea`, 'pk'], amount, unit }
  const [big, small] = unit === 'g' ? ['kg', 'g'] : ['l', 'ml']
  const text = amount < 1000 ? `${amount} ${small}` : `${amount / 1000} ${big}`
  return { text, tokens: [text.replace(' ', '')], amount, unit }
}

// Most goods cost a few dollars, a few cost much; nearly all prices end in 49 or 99.
function centsOf(key: number): number {
  const share = chance(key, PURPOSE.price)
  return (2 + Math.floor(14 * share + 40 * share ** 8)) * 50 - (key % 16 === 0 ? 5 : 1)
}
