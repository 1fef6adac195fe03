/**
 * Finds listings of different companies that are likely the same article, or comparable. Names are compared without
 * brands and sizes, words weighted by how rare they are; deciding words must agree, sizes be of one kind and within 1.5
 * times, departments be compatible. Brands are never trusted alone: they only decide the level. Pure.
 *
 *   articles ─▶ words, weighed ─▶ those with a rare word in common ─▶ what forbids ─▶ score ─▶ the best of each
 */
import {
  areAllForms,
  articleWordsOf,
  categoryWordsOf,
  foldedText,
  isDeciding,
  isNeverImplied,
  stemsOf,
} from './article-words.ts'
import { departmentOf, mayShareArticles } from './departments.ts'
import { brandWordCounts, type NameAndBrand } from './name-brands.ts'
import { type PackSize, packSizeOf } from './pack-size.ts'
import { pricedSizeOf, SOLD_BY_WEIGHT } from './unit-price.ts'

/** A listing to be compared. */
export type Article = Readonly<{
  id: number
  company: string
  name: string
  brand: string | null
  size: string | null
  category: string
}>

export type PairLevel = 'identical' | 'comparable'

/** Two listings that are suggested, the one of the smaller id first. `score`: from 0 to 1. */
export type ArticlePair = Readonly<{ a: number; b: number; level: PairLevel; score: number; reasons: string[] }>

/** The version of these rules, to be changed when they find other pairs than before. */
export const PAIR_RULES_VERSION = 2

const SIZE_RATIO_MAX = 1.5
const SCORE_MIN = 0.55
const PAIRS_PER_ARTICLE_MAX = 3
const CANDIDATES_MAX = 400
const SAME_SIZE_TOLERANCE = 0.02
/** The ratio that is assumed if a size is unknown. */
const UNKNOWN_RATIO = 1.25
/** The factor for a word that no other company has: it is more often a name than a kind of article. */
const SOLE_USER_FACTOR = 0.6
const UNKNOWN_RATIO_SCORE_MIN = 0.9
/** Sold by weight, but in packs of a known size; pieces may be bought in any number. */
const PACKED = /\bper (?:package|pack)\b/iu

type IndexEntry = Readonly<{
  article: Article
  text: string
  brand: string
  field: string
  words: ReadonlySet<string>
  brandWords: ReadonlySet<string>
  categoryWords: ReadonlySet<string>
  department: string | undefined
  size: PackSize | undefined
  isWeighed: boolean
  isPacked: boolean
  /** "Each" of what is not sold by the piece: how much is in it is unknown. */
  isContentUnknown: boolean
}>

/** The pairs of these articles. */
export function findPairs(articles: readonly Article[]): ArticlePair[] {
  const known = indexEntries(articles)
  const weights = wordWeights(known)
  const byWord = indexByWord(known)
  const best = new Map<string, ArticlePair>()
  for (const one of known)
    for (const pair of bestPairsOf(one, candidatesOf(one, byWord, weights), weights))
      best.set(`${pair.a} ${pair.b}`, pair)
  return [...best.values()].sort((one, other) => other.score - one.score || one.a - other.a || one.b - other.b)
}

function indexEntries(articles: readonly Article[]): IndexEntry[] {
  // Made once for each text: thousands of listings have few brands and few categories.
  const brands = mapDistinct(articles, ({ brand }) => brand ?? '', wordsOf)
  const shelves = mapDistinct(articles, ({ category }) => category, categoryWordsOf)
  const named = articles.map(({ company, category, name, brand }) => ({
    company,
    category,
    name: wordsOf(name),
    brand: brands.get(brand ?? '')!,
  }))
  const leads = brandWordCounts(named)
  return articles.map((article, index) =>
    indexEntry(article, named[index]!, leads[index]!, shelves.get(article.category)!),
  )
}

function wordsOf(text: string): string[] {
  return stemsOf(foldedText(text))
}

/** Makes a value for each distinct text of the articles. */
function mapDistinct<T>(articles: readonly Article[], textOf: (article: Article) => string, make: (text: string) => T) {
  return new Map([...new Set(articles.map(textOf))].map((text) => [text, make(text)] as const))
}

const NO_WORDS: ReadonlySet<string> = new Set()

function indexEntry(article: Article, named: NameAndBrand, lead: number, shelf: ReadonlySet<string>): IndexEntry {
  const stems = named.name
  const field = named.brand.join(' ')
  const bare = articleWordsOf(stems.slice(lead))
  const department = departmentOf(article.category)
  const isPacked = article.size !== null && (department === 'meat' || PACKED.test(article.size))
  const size = isPacked ? packSizeOf(article.size!) : pricedSizeOf({ ...article, priceCents: 0, unitPriceText: null })
  return {
    article,
    text: `${stems.join(' ')} `,
    field,
    brand: lead > 0 ? stems.slice(0, lead).join(' ') : field,
    words: areAllForms(bare) ? articleWordsOf(stems) : bare,
    brandWords: lead === 0 ? NO_WORDS : articleWordsOf(stems.slice(0, lead)),
    categoryWords: shelf,
    department,
    size,
    isWeighed: article.size !== null && SOLD_BY_WEIGHT.test(article.size),
    isPacked,
    isContentUnknown: size?.unit === 'each' && size.amount === 1 && department !== 'produce',
  }
}

function wordWeights(known: readonly IndexEntry[]): Map<string, number> {
  const counts = new Map<string, number>()
  const users = new Map<string, string | undefined>()
  for (const { words, article } of known)
    for (const word of words) {
      counts.set(word, (counts.get(word) ?? 0) + 1)
      users.set(word, users.has(word) && users.get(word) !== article.company ? undefined : article.company)
    }
  return new Map(
    [...counts].map(([word, count]) => {
      const weight = Math.log(1 + known.length / count)
      return [word, users.get(word) === undefined ? weight : SOLE_USER_FACTOR * weight]
    }),
  )
}

/** Articles by word and department: those in other departments are no candidates. */
type Index = ReadonlyMap<string, ReadonlyMap<string | undefined, IndexEntry[]>>

function indexByWord(known: readonly IndexEntry[]): Index {
  const byWord = new Map<string, Map<string | undefined, IndexEntry[]>>()
  for (const each of known)
    for (const word of each.words) {
      const byDepartment = byWord.get(word) ?? new Map<string | undefined, IndexEntry[]>()
      byWord.set(word, byDepartment)
      const all = byDepartment.get(each.department)
      if (all === undefined) byDepartment.set(each.department, [each])
      else all.push(each)
    }
  return byWord
}

/** Articles of other companies that share one of the rarest words: without one, SCORE_MIN is never reached. */
function candidatesOf(one: IndexEntry, byWord: Index, weights: ReadonlyMap<string, number>): Set<IndexEntry> {
  const sorted = [...one.words].sort((a, b) => weights.get(b)! - weights.get(a)!)
  const total = sorted.reduce((sum, word) => sum + weights.get(word)!, 0)
  const found = new Set<IndexEntry>()
  let left = total
  for (const word of sorted) {
    if (left < SCORE_MIN * total) break
    for (const [department, all] of byWord.get(word)!) {
      if (all.length > CANDIDATES_MAX || !mayShareArticles(one.department, department)) continue
      for (const other of all) if (other.article.company !== one.article.company) found.add(other)
    }
    left -= weights.get(word)!
  }
  return found
}

/** Two that may be a pair, the one of the smaller id first. */
type Match = Readonly<{ one: IndexEntry; other: IndexEntry; ratio: number; score: number; total: number }>

function bestPairsOf(
  one: IndexEntry,
  candidates: Iterable<IndexEntry>,
  weights: ReadonlyMap<string, number>,
): ArticlePair[] {
  const matches: Match[] = []
  for (const other of candidates) {
    const match = matchOf(one, other, weights)
    if (match !== undefined) matches.push(match)
  }
  const idsOf = ({ one: first, other: second }: Match) => [first.article.id, second.article.id] as const
  matches.sort((a, b) => b.total - a.total || idsOf(a)[0] - idsOf(b)[0] || idsOf(a)[1] - idsOf(b)[1])
  return matches.slice(0, PAIRS_PER_ARTICLE_MAX).map(pairOf)
}

/** The match of two articles, or undefined if something forbids it. The order of the arguments does not matter. */
function matchOf(first: IndexEntry, second: IndexEntry, weights: ReadonlyMap<string, number>): Match | undefined {
  const [one, other] = first.article.id < second.article.id ? [first, second] : [second, first]
  const ratio = sizeRatio(one, other)
  if (ratio === undefined || ratio > SIZE_RATIO_MAX) return undefined
  const score = scoreOf(one, other, weights)
  if (score < (ratio === UNKNOWN_RATIO ? UNKNOWN_RATIO_SCORE_MIN : SCORE_MIN)) return undefined
  return { one, other, ratio, score, total: Math.round(score * (1 - 0.1 * (ratio - 1)) * 1000) / 1000 }
}

function pairOf({ one, other, ratio, score, total }: Match): ArticlePair {
  const isSameSize = ratio <= 1 + SAME_SIZE_TOLERANCE
  const isIdentical = score === 1 && isSameSize && haveSameBrand(one, other)
  const times = `sizes within ${(Math.ceil(ratio * 100) / 100).toFixed(2)} times`
  return {
    a: one.article.id,
    b: other.article.id,
    level: isIdentical ? 'identical' : 'comparable',
    score: total,
    reasons: [
      `words in common: ${commonWords(one, other).join(', ')}`,
      ratio === UNKNOWN_RATIO ? 'a size is not told' : isSameSize ? 'the same size' : times,
      ...(isIdentical ? [`the same brand: ${one.brand}`] : []),
    ],
  }
}

/**
 * The share of the weight of their words that is common; 0 if only one has a deciding word. What the other's category
 * says need not be in its name: "paprika" among herbs and spices is a spice.
 */
function scoreOf(one: IndexEntry, other: IndexEntry, weights: ReadonlyMap<string, number>): number {
  let [common, only] = [0, 0]
  for (const word of one.words) {
    if (hasWord(other, word)) common += weights.get(word)!
    else if (other.categoryWords.has(word)) continue
    else if (isDecidingFor(word, one)) return 0
    else only += weights.get(word)!
  }
  for (const word of other.words) {
    if (one.words.has(word)) continue
    if (one.brandWords.has(word)) common += weights.get(word)!
    else if (one.categoryWords.has(word)) continue
    else if (isDecidingFor(word, other)) return 0
    else only += weights.get(word)!
  }
  return common === 0 ? 0 : common / (common + only)
}

function hasWord({ words, brandWords }: IndexEntry, word: string): boolean {
  return words.has(word) || brandWords.has(word)
}

/** The words in common. A brand that one name begins with may stand anywhere in the other. */
function commonWords(one: IndexEntry, other: IndexEntry): string[] {
  const both = [...one.words].filter((word) => hasWord(other, word))
  return [...both, ...[...other.words].filter((word) => one.brandWords.has(word) && !one.words.has(word))]
}

/** Whether a word decides. What the article's own category says of everything does not, except diets and animals. */
function isDecidingFor(word: string, { categoryWords }: IndexEntry): boolean {
  return isDeciding(word) && (isNeverImplied(word) || !categoryWords.has(word))
}

/** How many times larger one is than the other, from 1 up; undefined if that is unknown or their kinds differ. */
function sizeRatio(one: IndexEntry, other: IndexEntry): number | undefined {
  if (one.isWeighed && other.isWeighed) return 1
  if ((one.isWeighed && !one.isPacked) || (other.isWeighed && !other.isPacked)) return undefined
  if (one.size === undefined || other.size === undefined) return undefined
  if (one.isContentUnknown || other.isContentUnknown) return UNKNOWN_RATIO
  if (!haveComparableUnits(one, other)) return undefined
  const [amount, otherAmount] = [one.size.amount, other.size.amount]
  return amount < otherAmount ? otherAmount / amount : amount / otherAmount
}

/** Shops measure the same thing by weight or by volume: what is poured or spread weighs about a gram per millilitre. */
function haveComparableUnits(one: IndexEntry, other: IndexEntry): boolean {
  if (one.size!.unit === other.size!.unit) return true
  const isMeasured = ({ size }: IndexEntry) => size!.unit === 'g' || size!.unit === 'ml'
  return isMeasured(one) && isMeasured(other) && one.department === other.department && one.department !== 'frozen'
}

/**
 * Whether both have the same brand, in front of the name or in the brand field, and each of these at least once. The
 * field alone is not enough: it is often a maker, or wrong.
 */
function haveSameBrand(one: IndexEntry, other: IndexEntry): boolean {
  const names = [one.text, other.text]
  const isNamed = (brand: string) => brand !== '' && names.some((name) => name.startsWith(`${brand} `))
  const isHad = (brand: string, { field, text }: IndexEntry) => field === brand || text.startsWith(`${brand} `)
  const brands = [one.brand, other.brand, one.field, other.field]
  return brands.some(
    (brand) =>
      isNamed(brand) && isHad(brand, one) && isHad(brand, other) && (one.field === brand || other.field === brand),
  )
}
