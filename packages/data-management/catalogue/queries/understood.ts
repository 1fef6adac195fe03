/**
 * What somebody means who types: "bananna" a banana, "cocacola" Coca Cola, "weet bix" Weetbix, "2 l" as much as "2L" or "2000 ml", "tomatoes" a
 * tomato too. A word that is known stays as it is typed; which words are known the table of spellings tells.
 */
import type { Sql } from '../../database/sql.ts'
import { stemOf } from '../model/article-words.ts'
import { AMOUNT, packSizeOf } from '../model/pack-size.ts'
import { type Alternative, amountWords, type Sought, type SoughtWord } from '../model/search-words.ts'
import { nearestTo, variantsSought } from '../model/spelling.ts'
import { wordsTyped } from '../model/words.ts'

/** `corrected`: the query as it is understood, where a word of it is known nowhere; null: as it was typed. */
export type Understood = Readonly<{ sought: Sought; corrected: string | null }>

const WORTH = { typed: 1, form: 0.97, joined: 0.9, parted: 0.9, corrected: 0.7 } as const
// So many words are looked for; whoever pastes more of them means no product.
const WORDS_MAX = 30
const PARTED_LETTERS_MIN = 5
const VARIANTS_MAX = 40
const NEAR_MAX = 200

/** Understands a query. Without words it asks for nothing. */
export async function understood(database: Sql, text: string): Promise<Understood> {
  const { rest, amounts, isAtEnd } = amountsIn(text)
  const typed = wordsTyped(rest).slice(0, WORDS_MAX)
  const words = typed.map((word, index) => ({ word, isBegun: index === typed.length - 1 && !isAtEnd }))
  const known = await knownOf(
    database,
    typed.flatMap((word, index) => toAskAbout(word, typed[index + 1])),
  )
  const groups: Alternative[][] = []
  let corrected = false
  for (const each of words) {
    const meant = meantBy(each, known)
    if (!(await isKnown(database, each, known, meant))) {
      const near = await nearOf(database, each.word)
      corrected ||= near.length > 0
      for (const word of near)
        meant.push(
          ...[word, ...formsOf(word)].map((form) => alternative(WORTH.corrected, { word: form, isBegun: false })),
        )
    }
    groups.push(meant)
  }
  return {
    sought: [...joinedGroups(words, groups, known), ...amounts],
    corrected: corrected ? correctedText(words, groups) : null,
  }
}

/** The amounts in a text ("2 l"), each meant as an amount or as it is written, and what else stands there. */
function amountsIn(text: string) {
  const amounts: Alternative[][] = []
  let isAtEnd = false
  const rest = text.replace(AMOUNT, (written, ...more) => {
    const [marked] = packSizeOf(written) === undefined ? [] : amountWords([written])
    if (marked === undefined) return written
    isAtEnd = text.slice((more.at(-2) as number) + written.length).trim() === ''
    const [closed, apart] = [written.replace(/\s/g, ''), written]
    const literal = [closed, apart].map((each) =>
      alternative(WORTH.form, ...wordsTyped(each).map((word) => ({ word, isBegun: false }))),
    )
    amounts.push([alternative(WORTH.typed, { word: marked, isBegun: false }), ...literal])
    return ' '
  })
  return { rest, amounts, isAtEnd }
}

function alternative(worth: number, ...words: SoughtWord[]): Alternative {
  return { words, worth }
}

function toAskAbout(word: string, next: string | undefined): string[] {
  const joined = next === undefined ? [] : [word + next]
  return [word, ...formsOf(word), ...joined, ...halvesOf(word).flat()]
}

/** One and many. */
function formsOf(word: string): string[] {
  if (!/^[a-z]{3,}$/.test(word)) return []
  const stem = stemOf(word)
  return [stem, `${stem}s`, `${stem}es`].filter((each) => each !== word)
}

function halvesOf(word: string): [string, string][] {
  if (word.length < PARTED_LETTERS_MIN || !/^\p{L}+$/u.test(word)) return []
  const at = Array.from({ length: word.length - 3 }, (_, index) => index + 2)
  return at.map((place) => [word.slice(0, place), word.slice(place)])
}

function meantBy({ word, isBegun }: SoughtWord, known: ReadonlySet<string>): Alternative[] {
  const forms = formsOf(word).filter((each) => known.has(each))
  const halves = halvesOf(word).filter((both) => both.every((half) => known.has(half)))
  return [
    alternative(WORTH.typed, { word, isBegun }),
    ...forms.map((each) => alternative(WORTH.form, { word: each, isBegun: false })),
    ...halves.map((both) => alternative(WORTH.parted, ...both.map((half) => ({ word: half, isBegun: false })))),
  ]
}

async function isKnown(database: Sql, { word, isBegun }: SoughtWord, known: ReadonlySet<string>, meant: Alternative[]) {
  if (known.has(word) || meant.length > 1) return true
  return isBegun && (await isBeginning(database, word))
}

/** Two words that are known as one are meant so, too. */
function joinedGroups(
  words: readonly SoughtWord[],
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
        alternative(Math.min(first.worth, second.worth), ...first.words, ...second.words),
      ),
    )
    all.push([...both, alternative(WORTH.joined, { word: joined, isBegun: false })])
    index++
  }
  return all
}

function correctedText(words: readonly SoughtWord[], groups: readonly Alternative[][]): string {
  return words
    .map(({ word }, index) => {
      const meant = groups[index]!.find(({ worth }) => worth === WORTH.corrected)
      return meant === undefined ? word : meant.words[0]!.word
    })
    .join(' ')
}

const AMONG = {
  sqlite: { of: '(select value from json_each(?))', asValue: (texts: readonly string[]) => JSON.stringify(texts) },
  postgres: {
    of: '(select unnest(cast(? as text[])))',
    asValue: (texts: readonly string[]) => `{${texts.map((text) => `"${text}"`).join(',')}}`,
  },
}

async function knownOf(database: Sql, words: readonly string[]): Promise<Set<string>> {
  if (words.length === 0) return new Set()
  const { of, asValue } = AMONG[database.dialect]
  const found = await database.all<{ word: string }>(
    `select word from spelling where variant in ${of} and word = variant`,
    asValue([...new Set(words)]),
  )
  return new Set(found.map(({ word }) => word))
}

async function isBeginning(database: Sql, word: string): Promise<boolean> {
  const found = await database.get(
    'select 1 from spelling where variant >= ? and variant < ? and word = variant limit 1',
    word,
    `${word}\uffff`,
  )
  return found !== undefined
}

async function nearOf(database: Sql, word: string): Promise<string[]> {
  const variants = variantsSought(word).slice(0, VARIANTS_MAX)
  if (variants.length === 0) return []
  const { of, asValue } = AMONG[database.dialect]
  const found = await database.all<{ word: string }>(
    `select distinct word from spelling where variant in ${of} limit ${NEAR_MAX}`,
    asValue(variants),
  )
  return nearestTo(word, found.map(({ word: each }) => each).sort())
}
