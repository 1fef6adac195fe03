/**
 * The words that listings are found by, and the queries for them. Pure.
 *
 * Besides the words of its name and brand, a listing has marked words, which occur in no text: its company, its
 * categories, the amount in its pack, and its head nouns with the length class of its name.
 */
import { stemOf } from './article-words.ts'
import { headNounsOf, plainWordsOf, type Shelf, type ShelvedArticle, shelfOf } from './head-noun.ts'
import { packSizeOf } from './pack-size.ts'
import { wordsOfTexts } from './words.ts'

// Characters that occur in no text: what they mark can be searched for like a word and is never mistaken for one.
const COMPANY_MARK = '\ue000'
const HEAD_MARK = '\ue001'
const AMOUNT_MARK = '\ue002'
const CATEGORY_MARK = '\ue003'
const AFTER_MARKS = '\ue004'

/** Classes of how many words a name has besides the head noun: none or one, two, more. */
export const NAME_LENGTH_CLASSES = [1, 2, 3] as const

/** A word that must occur, or (`isPrefix`) with which a word must begin. */
export type SearchWord = Readonly<{ word: string; isPrefix: boolean }>

/** One meaning of a part of a query: all of these words. `weight`: how near it is to what was typed, at most 1. */
export type Alternative = Readonly<{ words: readonly SearchWord[]; weight: number }>

/** What a query asks for: one of the alternatives of each group. */
export type SearchTerms = readonly (readonly Alternative[])[]

/** The fields of a listing that its search words are made of. */
export type SearchableListing = ShelvedArticle &
  Readonly<{ companyId: number; size: string | null; categoryIds: readonly number[] }>

/** All words that a listing is found by, each once. */
export function searchWordsOf(listing: SearchableListing, shelf: Shelf = shelfOf(listing.categories)): string[] {
  const plain = plainWordsOf(listing)
  const lengthClass = lengthClassOf(plain.length)
  return [
    companyWord(listing.companyId),
    ...listing.categoryIds.map(categoryWord),
    ...headNounsOf(listing, plain, shelf).map((stem) => headWord(lengthClass, stem)),
    ...amountWords([listing.name, listing.size]),
    ...wordsOfTexts([listing.name, listing.brand]),
  ]
}

/** Whether a word is a marked word. */
export function isMarkedWord(word: string): boolean {
  return word >= COMPANY_MARK && word < AFTER_MARKS
}

/** The word that finds everything of a company. */
export function companyWord(companyId: number): string {
  return `${COMPANY_MARK}${companyId}`
}

/** The word that finds everything in a category. */
export function categoryWord(categoryId: number): string {
  return `${CATEGORY_MARK}${categoryId}`
}

/** The words for an amount, in whatever unit it is written: of the whole pack, and of one piece. */
export function amountWords(texts: readonly (string | null)[]): string[] {
  const found = new Set<string>()
  for (const text of texts) {
    const size = text === null ? undefined : packSizeOf(text)
    if (size === undefined || size.unit === 'each') continue
    for (const amount of [size.amount, size.amount / size.count])
      found.add(`${AMOUNT_MARK}${Math.round(amount * 10)}${size.unit}`)
  }
  return [...found]
}

/** The marked word that finds listings with this head noun, and names of one of NAME_LENGTH_CLASSES. */
export function headNounQuery({ word, isPrefix }: SearchWord, lengthClass: number): SearchWord {
  return { word: headWord(lengthClass, isPrefix ? word : stemOf(word)), isPrefix }
}

/** A group of alternatives: one of these marked words must occur. */
export function markedAlternatives(...words: readonly string[]): readonly Alternative[] {
  return words.map((word) => ({ words: [{ word, isPrefix: false }], weight: 1 }))
}

function headWord(lengthClass: number, stem: string): string {
  return `${HEAD_MARK}${lengthClass}${stem}`
}

function lengthClassOf(words: number): number {
  return words <= 2 ? 1 : words === 3 ? 2 : 3
}

/** A query in the language of FTS5. Quoted, a word is a word: nothing in it is an operator, and no word contains a quote. */
export function fts5QueryOf(terms: SearchTerms): string {
  return queryText(terms, { and: ' AND ', or: ' OR ' }, ({ word, isPrefix }) => `"${word}"${isPrefix ? ' *' : ''}`)
}

/** The same in the language of PostgreSQL. */
export function tsqueryOf(terms: SearchTerms): string {
  return queryText(terms, { and: ' & ', or: ' | ' }, ({ word, isPrefix }) => `'${word}'${isPrefix ? ':*' : ''}`)
}

function queryText(
  terms: SearchTerms,
  { and, or }: Readonly<{ and: string; or: string }>,
  wordOf: (word: SearchWord) => string,
): string {
  const alternative = ({ words }: Alternative) => `(${words.map(wordOf).join(and)})`
  return terms.map((group) => `(${group.map(alternative).join(or)})`).join(and)
}

/** Whether a listing with these words is found: the same answer that both databases give. */
export function matchesTerms(words: readonly string[], terms: SearchTerms): boolean {
  return terms.every((group) => group.some((alternative) => matchesAlternative(words, alternative)))
}

/** Whether all words of an alternative occur. */
export function matchesAlternative(words: readonly string[], alternative: Alternative): boolean {
  return alternative.words.every(({ word, isPrefix }) =>
    words.some((each) => (isPrefix ? each.startsWith(word) : each === word)),
  )
}
