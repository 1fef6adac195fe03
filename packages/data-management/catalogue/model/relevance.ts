/**
 * Scores how well a listing answers a query. What the article is counts most, then how much of its name was asked for,
 * its shelf, and in how many stores it is sold; what can be bought nowhere comes last. Pure.
 */
import { stemOf } from './article-words.ts'
import { headsOf, plainWordsOf, type Shelf, type Shelved, shelfOf, wordsOfName } from './head-noun.ts'
import { type Alternative, isMarked, isMet, type SearchTerms } from './search-words.ts'
import { wordsIn, wordsOfTexts } from './words.ts'

/** Whether stores show it now, only silent stores showed it last, or none does; `uses`: how often its label is used. */
export type Sold = Readonly<{ seen: 'now' | 'not lately' | 'no longer'; uses: number }>

const OF_HEAD = 400
const OF_COVERAGE = 300
// The name has nothing but what was asked for: plain full cream milk comes before organic.
const OF_WHOLE_NAME = 60
const OF_WEIGHT = 300
const OF_SHELF = 150
const OF_AISLE = 50
const OF_BRAND = 120
// "Chicken" on its own is meat rather than crisps.
const OF_FRESH = 100
const FRESH = new Set(['produce', 'meat', 'dairy', 'bakery'])
const OF_FIRST_WORD = 20
const OF_EACH_DOUBLING = 20
const OF_SEEN = { now: 0, 'not lately': -100, 'no longer': -2_000 } as const
// More uses than this make no difference.
const USES_MAX = 64
// The factor for a word that only begins with what was typed.
const PREFIX_WEIGHT = 0.6

/** Makes a function that scores listings found by a query: a whole number, the larger the better. */
export function relevanceTo(terms: SearchTerms): (listing: Shelved, sold: Sold) => number {
  const shelves = new Map<string, Shelf>()
  return (listing, sold) => {
    const path = listing.categories.join('\n')
    const shelf = shelves.get(path) ?? shelfOf(listing.categories)
    shelves.set(path, shelf)
    const words = wordsOfTexts([listing.name, listing.brand])
    const met = terms.map((group) => bestOf(words, group)).filter((each) => each !== undefined)
    const matched = met.flatMap(({ met: stems }) => stems)
    const ofWeight = OF_WEIGHT * meanOf(met.map(({ weight }) => weight))
    return Math.round(ofName(listing, shelf, matched) + ofWeight + ofSold(sold))
  }
}

/** The stems of a listing's words that were asked for, and how near they are to what was typed. */
type Met = Readonly<{ weight: number; met: readonly { stem: string; isWhole: boolean }[] }>

function bestOf(words: readonly string[], group: readonly Alternative[]): Met | undefined {
  let best: Met | undefined
  for (const alternative of group) {
    if (alternative.words.some(({ word }) => isMarked(word))) continue
    if (!isMet(words, alternative)) continue
    const met = alternative.words.map(({ word, isPrefix }) => {
      const stem = stemOf(word)
      const isWhole = !isPrefix || words.some((each) => each === word || stemOf(each) === stem)
      const found = isWhole || !isPrefix ? word : words.find((each) => each.startsWith(word))!
      return { stem: stemOf(found), isWhole }
    })
    const weight = alternative.weight * (met.every(({ isWhole }) => isWhole) ? 1 : PREFIX_WEIGHT)
    if (best === undefined || weight > best.weight) best = { weight, met }
  }
  return best
}

function ofName(listing: Shelved, shelf: Shelf, matched: Met['met']): number {
  if (matched.length === 0) return 0
  const stems = new Set(matched.map(({ stem }) => stem))
  const words = plainWordsOf(listing)
  const plain = words.map(stemOf)
  const head = headsOf(listing, words, shelf).find((each) => stems.has(each))
  const isWhole = matched.some(({ stem, isWhole: is }) => stem === head && is)
  const ofHead = head === undefined ? 0 : isWhole ? OF_HEAD : OF_HEAD * PREFIX_WEIGHT
  const ofFresh = head !== undefined && FRESH.has(shelf.department ?? '') ? OF_FRESH : 0
  const ofFirst = stems.has(plain[0] ?? '') ? OF_FIRST_WORD : 0
  const ofWholeName = wordsOfName(listing.name).every((word) => stems.has(stemOf(word))) ? OF_WHOLE_NAME : 0
  return ofHead + ofFresh + ofFirst + ofWholeName + OF_COVERAGE * shareOf(plain, stems) + ofPlace(listing, shelf, stems)
}

function ofPlace({ brand }: Shelved, shelf: Shelf, stems: ReadonlySet<string>): number {
  const ofBrand = brand === null ? [] : wordsIn(brand).map(stemOf)
  const isOfBrand = ofBrand.length > 0 && [...stems].every((stem) => ofBrand.includes(stem))
  return (
    OF_SHELF * shareOf(shelf.stems, stems) +
    (shelf.aisles.some((stem) => stems.has(stem)) ? OF_AISLE : 0) +
    (isOfBrand ? OF_BRAND * shareOf(ofBrand, stems) : 0)
  )
}

function ofSold({ seen, uses }: Sold): number {
  return OF_EACH_DOUBLING * Math.log2(1 + Math.min(uses, USES_MAX)) + OF_SEEN[seen]
}

function shareOf(words: readonly string[], stems: ReadonlySet<string>): number {
  return words.length === 0 ? 0 : words.filter((word) => stems.has(word)).length / words.length
}

function meanOf(numbers: readonly number[]): number {
  return numbers.length === 0 ? 1 : numbers.reduce((sum, each) => sum + each, 0) / numbers.length
}
