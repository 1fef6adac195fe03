/**
 * Splits a text into words as a search compares them: without accents, case and punctuation, in any script. The same
 * function serves labels and queries, so that what is read on the shelf is found however it is typed. Pure.
 */

const ACCENTS = /[\u0300-\u036f]/g
const APOSTROPHES = /['\u2019\u02bc]/g
// Scripts that put no space between words: each letter counts as a word.
const LETTER_OF_UNSPACED_SCRIPT =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]\p{M}*/gu
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const ASCII_TEXT = /^[\x00-\x7f]*$/
const ASCII_WORD = /[a-z0-9]+/g
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu

/** The words of a text in their order; an apostrophe separates words. */
export function wordsIn(text: string): string[] {
  // Fast path for ASCII, which most names are: it takes a quarter of the time.
  if (ASCII_TEXT.test(text)) return text.toLowerCase().match(ASCII_WORD) ?? []
  // Upper then lower case, so that ß and SS, ς and Σ are equal; NFC, so that a Korean or Japanese letter is one letter.
  const folded = text.normalize('NFKD').toUpperCase().toLowerCase().replaceAll('ς', 'σ').replace(ACCENTS, '')
  return folded.normalize('NFC').replace(LETTER_OF_UNSPACED_SCRIPT, ' $& ').match(WORD) ?? []
}

/** The words of a typed query, each once. */
export function queryWords(text: string): string[] {
  return [...new Set(wordsIn(withoutApostrophes(text)))]
}

/** The words of name and brand, each once. A name such as Arnott's is found with and without the apostrophe. */
export function wordsOfTexts(texts: readonly (string | null)[]): string[] {
  const text = texts.filter((each) => each !== null).join(' ')
  const bare = withoutApostrophes(text)
  const words = wordsIn(bare)
  return [...new Set(bare === text ? words : [...words, ...wordsIn(text)])]
}

/** The text without apostrophes, so that Arnott's is one word. */
export function withoutApostrophes(text: string): string {
  return text.replace(APOSTROPHES, '')
}
