/**
 * The words that a search compares: without accents, case and punctuation, of any script. The same function makes the words of a
 * label and those of a query, so that what is read on the shelf is found however it is typed. Pure.
 */

const ACCENTS = /[\u0300-\u036f]/g
const APOSTROPHES = /['\u2019\u02bc]/g
// Scripts that put no space between words: each letter counts as a word.
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]\p{M}*/gu
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu
// A letter that stands in no text: a company can be looked for like a word and is never taken for one.
const COMPANY_MARK = '\ue000'

/** The words of a query. All of them must be there; the last one may be only begun. */
export type Sought = readonly string[]

/** The words of a text that somebody looks for, each once. */
export function soughtIn(text: string): Sought {
  return [...new Set(wordsIn(text.replace(APOSTROPHES, '')))]
}

/** The words that a listing is found by, each once. A name such as Arnott's is found with and without the apostrophe. */
export function wordsOfListing(companyId: number, texts: readonly (string | null)[]): string[] {
  const text = texts.filter((each) => each !== null).join(' ')
  return [companyWord(companyId), ...new Set([...wordsIn(text.replace(APOSTROPHES, '')), ...wordsIn(text)])]
}

/** The word that finds everything of a company: the first of a query that is about one company only. */
export function companyWord(companyId: number): string {
  return `${COMPANY_MARK}${companyId}`
}

/** A query in the language of FTS5. Quoted, a word is a word: nothing in it is an operator, and no word contains a quote. */
export function matchOf(sought: Sought): string {
  return sought.map((word, index) => `"${word}"${isBegun(sought, index) ? ' *' : ''}`).join(' ')
}

/** The same in the language of PostgreSQL. */
export function tsqueryOf(sought: Sought): string {
  return sought.map((word, index) => `'${word}'${isBegun(sought, index) ? ':*' : ''}`).join(' & ')
}

/** Whether a listing of these words is found: the same answer that both of them give. */
export function isFound(words: readonly string[], sought: Sought): boolean {
  return sought.every((word, index) =>
    words.some((each) => (isBegun(sought, index) ? each.startsWith(word) : each === word)),
  )
}

function isBegun(sought: Sought, index: number): boolean {
  return index === sought.length - 1 && !sought[index]!.startsWith(COMPANY_MARK)
}

function wordsIn(text: string): string[] {
  // Up and down again, so that ß and SS, ς and Σ are the same; composed again, so that a Korean or Japanese letter is one letter.
  const folded = text.normalize('NFKD').toUpperCase().toLowerCase().replaceAll('ς', 'σ').replace(ACCENTS, '')
  return folded.normalize('NFC').replace(UNSPACED, ' $& ').match(WORD) ?? []
}
