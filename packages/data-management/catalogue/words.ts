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

/** The words that a listing is found by, with spaces between them. A name such as Arnott's is found with and without the apostrophe. */
export function wordsOfListing(companyId: number, texts: readonly (string | null)[]): string {
  const text = texts.filter((each) => each !== null).join(' ')
  return [companyWord(companyId), ...new Set([...wordsIn(text.replace(APOSTROPHES, '')), ...wordsIn(text)])].join(' ')
}

/**
 * What to look for, in the language of FTS5: all of these words, the last one perhaps only begun, within one company where that is
 * given. Undefined when there is no word in it, so that nothing can be found.
 */
export function matchOf(text: string, companyId?: number): string | undefined {
  const words = [...new Set(wordsIn(text.replace(APOSTROPHES, '')))]
  if (words.length === 0) return undefined
  // Quoted, a word is a word: nothing in it is an operator, and no word contains a quote.
  const terms = words.map((word) => `"${word}"`)
  if (companyId !== undefined) terms.unshift(`"${companyWord(companyId)}"`)
  return `${terms.join(' ')} *`
}

/** What to look for to find everything of a company. */
export function matchOfCompany(companyId: number): string {
  return `"${companyWord(companyId)}"`
}

function wordsIn(text: string): string[] {
  // Up and down again, so that ß and SS, ς and Σ are the same; composed again, so that a Korean or Japanese letter is one letter.
  const folded = text.normalize('NFKD').toUpperCase().toLowerCase().replaceAll('ς', 'σ').replace(ACCENTS, '')
  return folded.normalize('NFC').replace(UNSPACED, ' $& ').match(WORD) ?? []
}

function companyWord(companyId: number): string {
  return `${COMPANY_MARK}${companyId}`
}
