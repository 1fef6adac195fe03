/**
 * Scores how well a listing answers a query. What the article is counts most, then how much of its name was asked for,
 * its shelf, and in how many stores it is sold; what can be bought nowhere comes last. Pure.
 */
import { stemOf } from './article-words.ts'
import { headNounsOf, plainWordsOf, type Shelf, type ShelvedArticle, shelfOf, wordsWithoutSize } from './head-noun.ts'
import { type Alternative, isMarkedWord, matchesAlternative, type SearchTerms } from './search-words.ts'
import { wordsIn, wordsOfTexts } from './words.ts'

/** `seen`: stores show it, only silent stores showed it, or no store does any more. `uses`: how many runs its label has. */
export type SaleStatus = Readonly<{ seen: 'now' | 'not lately' | 'no longer'; uses: number }>

const HEAD_POINTS = 400
const COVERAGE_POINTS = 300
// The name has nothing but what was asked for: plain full cream milk comes before organic.
const WHOLE_NAME_POINTS = 60
const WEIGHT_POINTS = 300
const SHELF_POINTS = 150
const AISLE_POINTS = 50
const BRAND_POINTS = 120
// So that "chicken" finds meat before crisps.
const FRESH_POINTS = 100
const FRESH_DEPARTMENTS = new Set(['produce', 'meat', 'dairy', 'bakery'])
const FIRST_WORD_POINTS = 20
const DOUBLED_USES_POINTS = 20
const SEEN_POINTS = { now: 0, 'not lately': -100, 'no longer': -2_000 } as const
// More uses than this make no difference.
const USES_MAX = 64
// The factor for a word that only begins with what was typed.
const PREFIX_WEIGHT = 0.6

/** Makes a function that scores listings found by a query: a whole number, the larger the better. */
export function relevanceScorer(terms: SearchTerms): (listing: ShelvedArticle, sold: SaleStatus) => number {
  const shelves = new Map<string, Shelf>()
  return (listing, sold) => {
    const path = listing.categories.join('\n')
    const shelf = shelves.get(path) ?? shelfOf(listing.categories)
    shelves.set(path, shelf)
    const words = wordsOfTexts([listing.name, listing.brand])
    const met = terms.map((group) => bestAlternative(words, group)).filter((each) => each !== undefined)
    const matched = met.flatMap(({ matches: stems }) => stems)
    const ofWeight = WEIGHT_POINTS * meanOf(met.map(({ weight }) => weight))
    return Math.round(namePoints(listing, shelf, matched) + ofWeight + salePoints(sold))
  }
}

/** The stems of a listing's words that were asked for, and how near they are to what was typed. */
type MatchedAlternative = Readonly<{ weight: number; matches: readonly { stem: string; isWhole: boolean }[] }>

function bestAlternative(words: readonly string[], group: readonly Alternative[]): MatchedAlternative | undefined {
  let best: MatchedAlternative | undefined
  for (const alternative of group) {
    if (alternative.words.some(({ word }) => isMarkedWord(word))) continue
    if (!matchesAlternative(words, alternative)) continue
    const matches = alternative.words.map(({ word, isPrefix }) => {
      const stem = stemOf(word)
      const isWhole = !isPrefix || words.some((each) => each === word || stemOf(each) === stem)
      const found = isWhole || !isPrefix ? word : words.find((each) => each.startsWith(word))!
      return { stem: stemOf(found), isWhole }
    })
    const weight = alternative.weight * (matches.every(({ isWhole }) => isWhole) ? 1 : PREFIX_WEIGHT)
    if (best === undefined || weight > best.weight) best = { weight, matches }
  }
  return best
}

function namePoints(listing: ShelvedArticle, shelf: Shelf, matched: MatchedAlternative['matches']): number {
  if (matched.length === 0) return 0
  const stems = new Set(matched.map(({ stem }) => stem))
  const words = plainWordsOf(listing)
  const plain = words.map(stemOf)
  const head = headNounsOf(listing, words, shelf).find((each) => stems.has(each))
  const isWhole = matched.some(({ stem, isWhole: is }) => stem === head && is)
  const ofHead = head === undefined ? 0 : isWhole ? HEAD_POINTS : HEAD_POINTS * PREFIX_WEIGHT
  const ofFresh = head !== undefined && FRESH_DEPARTMENTS.has(shelf.department ?? '') ? FRESH_POINTS : 0
  const ofFirst = stems.has(plain[0] ?? '') ? FIRST_WORD_POINTS : 0
  const ofWholeName = wordsWithoutSize(listing.name).every((word) => stems.has(stemOf(word))) ? WHOLE_NAME_POINTS : 0
  const ofCoverage = COVERAGE_POINTS * shareOf(plain, stems)
  return ofHead + ofFresh + ofFirst + ofWholeName + ofCoverage + shelfAndBrandPoints(listing, shelf, stems)
}

function shelfAndBrandPoints({ brand }: ShelvedArticle, shelf: Shelf, stems: ReadonlySet<string>): number {
  const ofBrand = brand === null ? [] : wordsIn(brand).map(stemOf)
  const isOfBrand = ofBrand.length > 0 && [...stems].every((stem) => ofBrand.includes(stem))
  return (
    SHELF_POINTS * shareOf(shelf.stems, stems) +
    (shelf.aisles.some((stem) => stems.has(stem)) ? AISLE_POINTS : 0) +
    (isOfBrand ? BRAND_POINTS * shareOf(ofBrand, stems) : 0)
  )
}

function salePoints({ seen, uses }: SaleStatus): number {
  return DOUBLED_USES_POINTS * Math.log2(1 + Math.min(uses, USES_MAX)) + SEEN_POINTS[seen]
}

function shareOf(words: readonly string[], stems: ReadonlySet<string>): number {
  return words.length === 0 ? 0 : words.filter((word) => stems.has(word)).length / words.length
}

function meanOf(numbers: readonly number[]): number {
  return numbers.length === 0 ? 1 : numbers.reduce((sum, each) => sum + each, 0) / numbers.length
}
