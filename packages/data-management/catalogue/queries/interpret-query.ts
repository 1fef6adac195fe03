/**
 * Interprets what is typed: "bananna" means a banana, "cocacola" Coca Cola, "weet bix" Weetbix, "2 l" the same as "2L"
 * or "2000 ml", "tomatoes" also a tomato. A known word stays as typed. A word is known if some listing has it now; the
 * table `spelling` has those words, and others that no listing has any more.
 */
import { LISTS } from '../../database/lists.ts'
import type { Sql } from '../../database/sql.ts'
import { stemOf } from '../model/article-words.ts'
import { AMOUNT_PATTERN, packSizeOf } from '../model/pack-size.ts'
import { type Alternative, amountWords, type SearchTerms, type SearchWord } from '../model/search-words.ts'
import { correctionsOf, queryVariantsOf } from '../model/spelling.ts'
import { queryWords } from '../model/words.ts'
import { isIndexedWord } from './word-index.ts'

/** `corrected`: the query with its unknown words corrected; null if nothing was corrected. */
export type InterpretedQuery = Readonly<{ terms: SearchTerms; corrected: string | null }>

const WEIGHTS = { typed: 1, form: 0.97, joined: 0.9, parted: 0.9, corrected: 0.7 } as const
// The most words that are searched for: a text of more words is no product name.
const WORDS_MAX = 30
const SPLIT_LETTERS_MIN = 5
const CANDIDATES_MAX = 2_000
const NEAR_MAX = 4

/** Interprets a query. Without words, there are no terms. */
export async function interpretQuery(database: Sql, text: string): Promise<InterpretedQuery> {
  const { rest, amounts, written, isAtEnd } = amountsIn(text)
  const typed = queryWords(rest).slice(0, WORDS_MAX)
  const words = typed.map((word, index) => ({ word, isPrefix: index === typed.length - 1 && !isAtEnd }))
  const known = await knownWords(
    database,
    typed.flatMap((word, index) => wordsToLookUp(word, typed[index + 1])),
  )
  const groups: Alternative[][] = []
  let corrected = false
  for (const each of words) {
    const alternatives = alternativesOf(each, known)
    if (!(await isKnown(database, each, known, alternatives))) {
      const near = await nearestWords(database, each.word)
      corrected ||= near.length > 0
      for (const word of near)
        alternatives.push(
          ...[word, ...formsOf(word)].map((form) => alternative(WEIGHTS.corrected, { word: form, isPrefix: false })),
        )
    }
    groups.push(alternatives)
  }
  return {
    terms: [...joinedGroups(words, groups, known), ...amounts],
    corrected: corrected ? [...correctedWords(words, groups), ...written].join(' ') : null,
  }
}

/** The amounts in a text ("2 l"), each either as an amount or as written words, and the rest of the text. */
function amountsIn(text: string) {
  const amounts: Alternative[][] = []
  const written: string[] = []
  let isAtEnd = false
  const rest = text.replace(AMOUNT_PATTERN, (found, ...more) => {
    const [marked] = packSizeOf(found) === undefined ? [] : amountWords([found])
    if (marked === undefined) return found
    isAtEnd = text.slice((more.at(-2) as number) + found.length).trim() === ''
    written.push(found)
    const [joined, spaced] = [found.replace(/\s/g, ''), found]
    const literal = [joined, spaced].map((each) =>
      alternative(WEIGHTS.form, ...queryWords(each).map((word) => ({ word, isPrefix: false }))),
    )
    amounts.push([alternative(WEIGHTS.typed, { word: marked, isPrefix: false }), ...literal])
    return ' '
  })
  return { rest, amounts, written, isAtEnd }
}

function alternative(weight: number, ...words: SearchWord[]): Alternative {
  return { words, weight }
}

function wordsToLookUp(word: string, next: string | undefined): string[] {
  const joined = next === undefined ? [] : [word + next]
  return [word, ...formsOf(word), ...joined, ...halvesOf(word).flat()]
}

/** The singular and plural forms of a word, without the word itself. */
function formsOf(word: string): string[] {
  if (!/^[a-z]{3,}$/.test(word)) return []
  const stem = stemOf(word)
  return [stem, `${stem}s`, `${stem}es`].filter((each) => each !== word)
}

function halvesOf(word: string): [string, string][] {
  if (word.length < SPLIT_LETTERS_MIN || !/^\p{L}+$/u.test(word)) return []
  const at = Array.from({ length: word.length - 3 }, (_, index) => index + 2)
  return at.map((place) => [word.slice(0, place), word.slice(place)])
}

function alternativesOf({ word, isPrefix }: SearchWord, known: ReadonlySet<string>): Alternative[] {
  const forms = formsOf(word).filter((each) => known.has(each))
  const halves = halvesOf(word).filter((both) => both.every((half) => known.has(half)))
  return [
    alternative(WEIGHTS.typed, { word, isPrefix }),
    ...forms.map((each) => alternative(WEIGHTS.form, { word: each, isPrefix: false })),
    ...halves.map((both) => alternative(WEIGHTS.parted, ...both.map((half) => ({ word: half, isPrefix: false })))),
  ]
}

async function isKnown(
  database: Sql,
  { word, isPrefix }: SearchWord,
  known: ReadonlySet<string>,
  alternatives: Alternative[],
) {
  if (known.has(word) || alternatives.length > 1) return true
  return isPrefix && (await isIndexedWord(database, { word, isPrefix }))
}

/** Adds the alternative that two neighbouring words are one, if that is a known word. */
function joinedGroups(
  words: readonly SearchWord[],
  groups: readonly Alternative[][],
  known: ReadonlySet<string>,
): Alternative[][] {
  const all: Alternative[][] = []
  for (let index = 0; index < words.length; index++) {
    const [one, next] = [words[index]!, words[index + 1]]
    const joined = next === undefined ? undefined : one.word + next.word
    if (joined === undefined || !known.has(joined)) {
      all.push(groups[index]!)
      continue
    }
    const both = groups[index]!.flatMap((first) =>
      groups[index + 1]!.map((second) =>
        alternative(Math.min(first.weight, second.weight), ...first.words, ...second.words),
      ),
    )
    all.push([...both, alternative(WEIGHTS.joined, { word: joined, isPrefix: false })])
    index++
  }
  return all
}

function correctedWords(words: readonly SearchWord[], groups: readonly Alternative[][]): string[] {
  return words.map(({ word }, index) => {
    const alternatives = groups[index]!.find(({ weight }) => weight === WEIGHTS.corrected)
    return alternatives === undefined ? word : alternatives.words[0]!.word
  })
}

async function knownWords(database: Sql, words: readonly string[]): Promise<Set<string>> {
  if (words.length === 0) return new Set()
  const { areIn, asValue } = LISTS[database.dialect]
  const found = await database.all<{ word: string }>(
    `select word from spelling where variant ${areIn('?1', 'text')} and word = variant`,
    asValue([...new Set(words)]),
  )
  return new Set(
    await listedWords(
      database,
      found.map(({ word }) => word),
    ),
  )
}

/** Filters to the words that at least one listing has. */
async function listedWords(database: Sql, words: readonly string[]): Promise<string[]> {
  const listed: string[] = []
  for (const word of words) if (await isIndexedWord(database, { word, isPrefix: false })) listed.push(word)
  return listed
}

/** The known words that are nearest to a word, at most NEAR_MAX. */
async function nearestWords(database: Sql, word: string): Promise<string[]> {
  const variants = queryVariantsOf(word)
  if (variants.length === 0) return []
  const { areIn, asValue } = LISTS[database.dialect]
  const found = await database.all<{ word: string }>(
    `select distinct word from spelling where variant ${areIn('?1', 'text')} order by word limit ${CANDIDATES_MAX}`,
    asValue(variants),
  )
  for (const group of correctionsOf(
    word,
    found.map((each) => each.word),
  )) {
    const listed = await listedWords(database, group)
    if (listed.length > 0) return listed.slice(0, NEAR_MAX)
  }
  return []
}
