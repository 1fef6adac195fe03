/**
 * Finds the known words that a mistyped word may mean. Words are indexed by their beginnings with one letter left out,
 * so that errors are looked up without a scan: a missing, additional or wrong letter, or two swapped letters. Pure.
 */

// Variants are made only of the first letters of a word; the rest is compared.
const VARIED_LETTERS = 7
const LETTERS_MIN = 4
const LETTERS_MAX = 24
// From this length on, a word may have two errors.
const LONG_LETTERS = 8

/** What a word is indexed by: itself, and its variants. */
export function indexVariantsOf(word: string): string[] {
  return hasVariants(word) ? [...new Set([word, ...withoutLetters(beginningOf(word), 1)])] : [word]
}

/** The variants of what was typed. */
export function queryVariantsOf(typed: string): string[] {
  return hasVariants(typed) ? [...withoutLetters(beginningOf(typed), errorsAllowed(typed))] : []
}

/** Filters to the words that may be meant, grouped by likelihood, the likeliest first; none with too many errors. */
export function correctionsOf(typed: string, words: readonly string[]): string[][] {
  const ranked = words.map((word) => ({ word, rank: correctionRank(typed, word) }))
  const near = ranked
    .filter(({ rank }) => rank < 2 * (errorsAllowed(typed) + 1))
    .sort((one, other) => one.rank - other.rank)
  return [...Map.groupBy(near, ({ rank }) => rank).values()].map((group) => group.map(({ word }) => word))
}

/** Twice the distance, and one more if the first letter differs: a mistyped word seldom begins with another letter. */
function correctionRank(typed: string, word: string): number {
  return 2 * editDistance(typed, word) + (word[0] === typed[0] ? 0 : 1)
}

function hasVariants(word: string): boolean {
  return word.length >= LETTERS_MIN && word.length <= LETTERS_MAX && /^\p{L}+$/u.test(word)
}

function errorsAllowed(word: string): number {
  return word.length >= LONG_LETTERS ? 2 : 1
}

function beginningOf(word: string): string {
  return [...word].slice(0, VARIED_LETTERS).join('')
}

/** The text, and all that is left of it when up to `count` letters are left out. */
function withoutLetters(text: string, count: number): Set<string> {
  let last = new Set([text])
  const all = new Set(last)
  for (; count > 0; count--) {
    last = new Set([...last].flatMap((each) => [...each].map((_, at) => each.slice(0, at) + each.slice(at + 1))))
    for (const each of last) all.add(each)
  }
  return all
}

/** The edit distance: how many letters are missing, additional, wrong or swapped. */
function editDistance(one: string, other: string): number {
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, line) => line)
  for (let line = 1; line <= one.length; line++) {
    const next = [line]
    for (let column = 1; column <= other.length; column++) {
      const isOther = one[line - 1] === other[column - 1] ? 0 : 1
      let least = Math.min(row[column]! + 1, next[column - 1]! + 1, row[column - 1]! + isOther)
      if (one[line - 1] === other[column - 2] && one[line - 2] === other[column - 1])
        least = Math.min(least, before[column - 2]! + 1)
      next.push(least)
    }
    before = row
    row = next
  }
  return row.at(-1)!
}
