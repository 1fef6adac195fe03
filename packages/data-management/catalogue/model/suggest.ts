/**
 * Which listings of different companies are likely the same article, or one that can be compared. Names are compared without brands and sizes,
 * words by how rare they are; words that decide must agree, sizes be of one kind and within 1.5 times, departments not another. Brands are
 * never trusted alone: they only tell the level. Pure.
 *
 *   articles ─▶ words, weighed ─▶ those with a rare word in common ─▶ what forbids ─▶ score ─▶ the best of each
 */
import { articleWordsOf, foldedText, isDeciding, stemsOf } from './article-words.ts'
import { departmentOf, mayBeBeside } from './departments.ts'
import type { PackSize } from './pack-size.ts'
import { pricedSizeOf, WEIGHED } from './unit-price.ts'

/** A listing to be compared. `told`: the shop's own unit price. */
export type Article = Readonly<{
  id: number
  company: string
  name: string
  brand: string | null
  size: string | null
  category: string
  priceCents: number | null
  told: string | null
}>

export type Level = 'identical' | 'comparable'

/** Two listings that are suggested, the one of the smaller id first. `score`: from 0 to 1. */
export type Pair = Readonly<{ a: number; b: number; level: Level; score: number; reasons: readonly string[] }>

const SIZE_RATIO_MAX = 1.5
const SCORE_MIN = 0.8
const SUGGESTED_MAX = 3
const CANDIDATES_MAX = 400
const SAME_AMOUNT = 0.02

type Known = Readonly<{
  article: Article
  stems: readonly string[]
  brand: string
  field: string
  words: ReadonlySet<string>
  shelf: ReadonlySet<string>
  department: string | undefined
  size: PackSize | undefined
  isWeighed: boolean
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

function knownOf(articles: readonly Article[]): Known[] {
  const names = articles.map(({ name }) => stemsOf(foldedText(name)))
  const brands = brandPhrases(articles, names)
  const paths = new Set(articles.map(({ category }) => category))
  const shelves = new Map([...paths].map((path) => [path, new Set(stemsOf(foldedText(path)))]))
  return articles.map((article, index) => {
    const stems = names[index]!
    const own = article.brand === null ? [] : stemsOf(foldedText(article.brand))
    const leading = Math.max(leadingBrand(stems, brands), sharedLead(stems, own))
    const words = articleWordsOf(stems.slice(leading))
    const size = pricedSizeOf({
      ...article,
      priceCents: article.priceCents ?? 0,
      told: article.priceCents ? article.told : null,
    })
    return {
      article,
      stems,
      field: own.join(' '),
      brand: leading > 0 ? stems.slice(0, leading).join(' ') : own.join(' '),
      words,
      shelf: shelves.get(article.category)!,
      department: departmentOf(article.category),
      size,
      isWeighed: article.size !== null && WEIGHED.test(article.size),
    }
  })
}

const PHRASE_WORDS_MAX = 4
const LEADING_MIN = 4
const LEADING_SHARE_MIN = 0.8

/** The brands that names begin with: what brand fields say, and words that stand nearly always in front. */
function brandPhrases(articles: readonly Article[], names: readonly (readonly string[])[]): Set<string> {
  const phrases = new Set<string>()
  for (const { brand } of articles) {
    const stems = brand === null ? [] : stemsOf(foldedText(brand))
    if (stems.length > 0 && stems.length <= PHRASE_WORDS_MAX) phrases.add(stems.join(' '))
  }
  const leading = new Map<string, number>()
  const all = new Map<string, number>()
  for (const stems of names) {
    if (stems.length > 1) leading.set(stems[0]!, (leading.get(stems[0]!) ?? 0) + 1)
    for (const stem of new Set(stems)) all.set(stem, (all.get(stem) ?? 0) + 1)
  }
  for (const [stem, count] of leading)
    if (count >= LEADING_MIN && count / all.get(stem)! >= LEADING_SHARE_MIN && !isDeciding(stem)) phrases.add(stem)
  return phrases
}

/** How many words in front of a name are a brand; never all of them, and none that decides alone. */
function leadingBrand(stems: readonly string[], brands: ReadonlySet<string>): number {
  for (let count = Math.min(PHRASE_WORDS_MAX, stems.length - 1); count > 0; count--) {
    const phrase = stems.slice(0, count)
    if (brands.has(phrase.join(' ')) && !(count === 1 && isDeciding(phrase[0]!))) return count
  }
  return 0
}

/** How many words in front of a name its own brand begins with, too; never all of them. */
function sharedLead(stems: readonly string[], brand: readonly string[]): number {
  let count = 0
  while (count < stems.length - 1 && count < brand.length && stems[count] === brand[count]) count++
  return count
}

function weightsOf(known: readonly Known[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { words } of known) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return new Map([...counts].map(([word, count]) => [word, Math.log(1 + known.length / count)]))
}

function indexOf(known: readonly Known[]): Map<string, Known[]> {
  const byWord = new Map<string, Known[]>()
  for (const each of known)
    for (const word of each.words) {
      const all = byWord.get(word)
      if (all === undefined) byWord.set(word, [each])
      else all.push(each)
    }
  return byWord
}

/** Those of other companies that have one of the rarest words in common: without one of these no score is reached. */
function candidatesOf(
  one: Known,
  byWord: ReadonlyMap<string, Known[]>,
  weights: ReadonlyMap<string, number>,
): Set<Known> {
  const inOrder = [...one.words].sort((a, b) => weights.get(b)! - weights.get(a)!)
  const total = inOrder.reduce((sum, word) => sum + weights.get(word)!, 0)
  const found = new Set<Known>()
  let left = total
  for (const word of inOrder) {
    if (left < SCORE_MIN * total) break
    const all = byWord.get(word)!
    if (all.length <= CANDIDATES_MAX)
      for (const other of all) if (other.article.company !== one.article.company) found.add(other)
    left -= weights.get(word)!
  }
  return found
}

function bestOf(one: Known, candidates: Iterable<Known>, weights: ReadonlyMap<string, number>): Pair[] {
  const pairs: Pair[] = []
  for (const other of candidates) {
    const pair = pairOf(one, other, weights)
    if (pair !== undefined) pairs.push(pair)
  }
  return pairs.sort((a, b) => b.score - a.score || a.a - b.a || a.b - b.b).slice(0, SUGGESTED_MAX)
}

/** The pair of two, whichever is named first, unless something forbids it. */
function pairOf(first: Known, second: Known, weights: ReadonlyMap<string, number>): Pair | undefined {
  const [one, other] = first.article.id < second.article.id ? [first, second] : [second, first]
  if (!mayBeBeside(one.department, other.department)) return undefined
  const ratio = sizeRatio(one, other)
  if (ratio === undefined || ratio > SIZE_RATIO_MAX) return undefined
  const [onlyOne, onlyOther] = [without(one, other), without(other, one)]
  if ([...onlyOne, ...onlyOther].some((word) => isDeciding(word))) return undefined
  const common = [...one.words].filter((word) => other.words.has(word))
  const weigh = (words: Iterable<string>) => [...words].reduce((sum, word) => sum + weights.get(word)!, 0)
  const score = weigh(common) / (weigh(common) + weigh(onlyOne) + weigh(onlyOther))
  if (common.length === 0 || score < SCORE_MIN) return undefined
  const isIdentical = score === 1 && ratio <= 1 + SAME_AMOUNT && haveSameBrand(one, other)
  const reasons = [
    `words in common: ${common.join(', ')}`,
    ratio <= 1 + SAME_AMOUNT ? 'the same size' : `sizes within ${(Math.ceil(ratio * 100) / 100).toFixed(2)} times`,
    ...(isIdentical ? [`the same brand: ${one.brand}`] : []),
  ]
  const total = Math.round(score * (1 - 0.1 * (ratio - 1)) * 1000) / 1000
  return {
    a: one.article.id,
    b: other.article.id,
    level: isIdentical ? 'identical' : 'comparable',
    score: total,
    reasons,
  }
}

/** The words of one that the other has neither in its name nor in its category: "paprika" among herbs and spices is a spice. */
function without(one: Known, other: Known): string[] {
  return [...one.words].filter((word) => !other.words.has(word) && !other.shelf.has(word))
}

/** How many times larger the one is than the other; undefined where that cannot be told or they are of two kinds. */
function sizeRatio(one: Known, other: Known): number | undefined {
  if (one.isWeighed && other.isWeighed) return 1
  if (one.isWeighed !== other.isWeighed || one.size === undefined || other.size === undefined) return undefined
  if (one.size.unit !== other.size.unit) return undefined
  const [less, more] = [one.size.amount, other.size.amount].sort((a, b) => a - b)
  return more! / less!
}

/** A brand counts only where both names or fields have it: a field alone is often that of a maker, or of a stranger. */
function haveSameBrand(one: Known, other: Known): boolean {
  const names = [one, other].map(({ stems }) => `${stems.join(' ')} `)
  const isNamed = (brand: string) => brand !== '' && names.some((name) => name.startsWith(`${brand} `))
  const isHad = (brand: string, { field, stems }: Known) =>
    field === brand || `${stems.join(' ')} `.startsWith(`${brand} `)
  const brands = [one.brand, other.brand, one.field, other.field]
  return brands.some(
    (brand) =>
      isNamed(brand) && isHad(brand, one) && isHad(brand, other) && (one.field === brand || other.field === brand),
  )
}
