/**
 * Finds listings of different companies that are likely the same article, or comparable. Names are compared without
 * brands and sizes, words weighted by how rare they are; deciding words must agree, sizes be of one kind and within 1.5
 * times, departments be compatible. Brands are never trusted alone: they only decide the level. Pure.
 *
 *   articles ─▶ words, weighed ─▶ those with a rare word in common ─▶ what forbids ─▶ score ─▶ the best of each
 */
import {
  areForms,
  articleWordsOf,
  foldedText,
  isDeciding,
  isNeverImplied,
  shelfWordsOf,
  stemsOf,
} from './article-words.ts'
import { departmentOf, mayShareArticles } from './departments.ts'
import { brandLengthsOf, type Named } from './name-brands.ts'
import { type PackSize, packSizeOf } from './pack-size.ts'
import { pricedSizeOf, WEIGHED } from './unit-price.ts'

/** A listing to be compared. */
export type Article = Readonly<{
  id: number
  company: string
  name: string
  brand: string | null
  size: string | null
  category: string
}>

export type Level = 'identical' | 'comparable'

/** Two listings that are suggested, the one of the smaller id first. `score`: from 0 to 1. */
export type Pair = Readonly<{ a: number; b: number; level: Level; score: number; reasons: readonly string[] }>

/** The version of these rules, to be changed when they find other pairs than before. */
export const RULES = 2

const SIZE_RATIO_MAX = 1.5
const SCORE_MIN = 0.55
const SUGGESTED_MAX = 3
const CANDIDATES_MAX = 400
const SAME_AMOUNT = 0.02
const UNKNOWN = 1.25
/** The factor for a word that no other company has: it is more often a name than a kind of article. */
const FOREIGN = 0.6
const UNKNOWN_SCORE_MIN = 0.9
/** Weighed, but in a pack of a known size; what is sold by the piece may be taken in any number. */
const PACKED = /\bper (?:package|pack)\b/iu

type Indexed = Readonly<{
  article: Article
  text: string
  brand: string
  field: string
  words: ReadonlySet<string>
  lead: ReadonlySet<string>
  shelf: ReadonlySet<string>
  department: string | undefined
  size: PackSize | undefined
  isWeighed: boolean
  isPacked: boolean
  /** "Each" of what is not sold by the piece: how much is in it is unknown. */
  isUntold: boolean
}>

/** The pairs of these articles. */
export function pairsOf(articles: readonly Article[]): Pair[] {
  const known = knownOf(articles)
  const weights = weightsOf(known)
  const byWord = indexOf(known)
  const best = new Map<string, Pair>()
  for (const one of known)
    for (const pair of bestOf(one, candidatesOf(one, byWord, weights), weights)) best.set(`${pair.a} ${pair.b}`, pair)
  return [...best.values()].sort((one, other) => other.score - one.score || one.a - other.a || one.b - other.b)
}

function knownOf(articles: readonly Article[]): Indexed[] {
  // Made once for each text: thousands of listings have few brands and few categories.
  const brands = ofEach(articles, ({ brand }) => brand ?? '', wordsOf)
  const shelves = ofEach(articles, ({ category }) => category, shelfWordsOf)
  const named = articles.map(({ company, category, name, brand }) => ({
    company,
    category,
    name: wordsOf(name),
    brand: brands.get(brand ?? '')!,
  }))
  const leads = brandLengthsOf(named)
  return articles.map((article, index) =>
    knownArticle(article, named[index]!, leads[index]!, shelves.get(article.category)!),
  )
}

function wordsOf(text: string): string[] {
  return stemsOf(foldedText(text))
}

/** Makes a value for each distinct text of the articles. */
function ofEach<T>(articles: readonly Article[], textOf: (article: Article) => string, make: (text: string) => T) {
  return new Map([...new Set(articles.map(textOf))].map((text) => [text, make(text)] as const))
}

const NONE: ReadonlySet<string> = new Set()

function knownArticle(article: Article, named: Named, lead: number, shelf: ReadonlySet<string>): Indexed {
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
    words: areForms(bare) ? articleWordsOf(stems) : bare,
    lead: lead === 0 ? NONE : articleWordsOf(stems.slice(0, lead)),
    shelf,
    department,
    size,
    isWeighed: article.size !== null && WEIGHED.test(article.size),
    isPacked,
    isUntold: size?.unit === 'each' && size.amount === 1 && department !== 'produce',
  }
}

function weightsOf(known: readonly Indexed[]): Map<string, number> {
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
      return [word, users.get(word) === undefined ? weight : FOREIGN * weight]
    }),
  )
}

/** Articles by word and department: those in other departments are no candidates. */
type Index = ReadonlyMap<string, ReadonlyMap<string | undefined, Indexed[]>>

function indexOf(known: readonly Indexed[]): Index {
  const byWord = new Map<string, Map<string | undefined, Indexed[]>>()
  for (const each of known)
    for (const word of each.words) {
      const byDepartment = byWord.get(word) ?? new Map<string | undefined, Indexed[]>()
      byWord.set(word, byDepartment)
      const all = byDepartment.get(each.department)
      if (all === undefined) byDepartment.set(each.department, [each])
      else all.push(each)
    }
  return byWord
}

/** Articles of other companies that share one of the rarest words: without one, SCORE_MIN is never reached. */
function candidatesOf(one: Indexed, byWord: Index, weights: ReadonlyMap<string, number>): Set<Indexed> {
  const sorted = [...one.words].sort((a, b) => weights.get(b)! - weights.get(a)!)
  const total = sorted.reduce((sum, word) => sum + weights.get(word)!, 0)
  const found = new Set<Indexed>()
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
type Match = Readonly<{ one: Indexed; other: Indexed; ratio: number; score: number; total: number }>

function bestOf(one: Indexed, candidates: Iterable<Indexed>, weights: ReadonlyMap<string, number>): Pair[] {
  const matches: Match[] = []
  for (const other of candidates) {
    const match = matchOf(one, other, weights)
    if (match !== undefined) matches.push(match)
  }
  const idsOf = ({ one: first, other: second }: Match) => [first.article.id, second.article.id] as const
  matches.sort((a, b) => b.total - a.total || idsOf(a)[0] - idsOf(b)[0] || idsOf(a)[1] - idsOf(b)[1])
  return matches.slice(0, SUGGESTED_MAX).map(pairOf)
}

/** The match of two articles, or undefined if something forbids it. The order of the arguments does not matter. */
function matchOf(first: Indexed, second: Indexed, weights: ReadonlyMap<string, number>): Match | undefined {
  const [one, other] = first.article.id < second.article.id ? [first, second] : [second, first]
  const ratio = sizeRatio(one, other)
  if (ratio === undefined || ratio > SIZE_RATIO_MAX) return undefined
  const score = scoreOf(one, other, weights)
  if (score < (ratio === UNKNOWN ? UNKNOWN_SCORE_MIN : SCORE_MIN)) return undefined
  return { one, other, ratio, score, total: Math.round(score * (1 - 0.1 * (ratio - 1)) * 1000) / 1000 }
}

function pairOf({ one, other, ratio, score, total }: Match): Pair {
  const isSameSize = ratio <= 1 + SAME_AMOUNT
  const isIdentical = score === 1 && isSameSize && haveSameBrand(one, other)
  const times = `sizes within ${(Math.ceil(ratio * 100) / 100).toFixed(2)} times`
  return {
    a: one.article.id,
    b: other.article.id,
    level: isIdentical ? 'identical' : 'comparable',
    score: total,
    reasons: [
      `words in common: ${commonWords(one, other).join(', ')}`,
      ratio === UNKNOWN ? 'a size is not told' : isSameSize ? 'the same size' : times,
      ...(isIdentical ? [`the same brand: ${one.brand}`] : []),
    ],
  }
}

/**
 * The share of the weight of their words that is common; 0 if only one has a deciding word. What the other's category
 * says need not be in its name: "paprika" among herbs and spices is a spice.
 */
function scoreOf(one: Indexed, other: Indexed, weights: ReadonlyMap<string, number>): number {
  let [common, only] = [0, 0]
  for (const word of one.words) {
    if (has(other, word)) common += weights.get(word)!
    else if (other.shelf.has(word)) continue
    else if (decides(word, one)) return 0
    else only += weights.get(word)!
  }
  for (const word of other.words) {
    if (one.words.has(word)) continue
    if (one.lead.has(word)) common += weights.get(word)!
    else if (one.shelf.has(word)) continue
    else if (decides(word, other)) return 0
    else only += weights.get(word)!
  }
  return common === 0 ? 0 : common / (common + only)
}

function has({ words, lead }: Indexed, word: string): boolean {
  return words.has(word) || lead.has(word)
}

/** The words in common. A brand that one name begins with may stand anywhere in the other. */
function commonWords(one: Indexed, other: Indexed): string[] {
  const both = [...one.words].filter((word) => has(other, word))
  return [...both, ...[...other.words].filter((word) => one.lead.has(word) && !one.words.has(word))]
}

/** Whether a word decides. What the article's own category says of everything does not, except diets and animals. */
function decides(word: string, { shelf }: Indexed): boolean {
  return isDeciding(word) && (isNeverImplied(word) || !shelf.has(word))
}

/** How many times larger one is than the other, from 1 up; undefined if that is unknown or their kinds differ. */
function sizeRatio(one: Indexed, other: Indexed): number | undefined {
  if (one.isWeighed && other.isWeighed) return 1
  if ((one.isWeighed && !one.isPacked) || (other.isWeighed && !other.isPacked)) return undefined
  if (one.size === undefined || other.size === undefined) return undefined
  if (one.isUntold || other.isUntold) return UNKNOWN
  if (!areOfOneKind(one, other)) return undefined
  const [amount, otherAmount] = [one.size.amount, other.size.amount]
  return amount < otherAmount ? otherAmount / amount : amount / otherAmount
}

/** Shops measure the same thing by weight or by volume: what is poured or spread weighs about a gram per millilitre. */
function areOfOneKind(one: Indexed, other: Indexed): boolean {
  if (one.size!.unit === other.size!.unit) return true
  const isMeasured = ({ size }: Indexed) => size!.unit === 'g' || size!.unit === 'ml'
  return isMeasured(one) && isMeasured(other) && one.department === other.department && one.department !== 'frozen'
}

/**
 * Whether both have a brand, in front of the name or as the field, and each of these at least once. A field alone does
 * not count: it is often that of a maker, or of a stranger.
 */
function haveSameBrand(one: Indexed, other: Indexed): boolean {
  const names = [one.text, other.text]
  const isNamed = (brand: string) => brand !== '' && names.some((name) => name.startsWith(`${brand} `))
  const isHad = (brand: string, { field, text }: Indexed) => field === brand || text.startsWith(`${brand} `)
  const brands = [one.brand, other.brand, one.field, other.field]
  return brands.some(
    (brand) =>
      isNamed(brand) && isHad(brand, one) && isHad(brand, other) && (one.field === brand || other.field === brand),
  )
}
