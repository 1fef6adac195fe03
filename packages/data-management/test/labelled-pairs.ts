/**
 * Pairs of listings of two shops, each judged by a person: made-up variants of what real shops say, with other brands and flavours. Half of
 * them were suggested, half belong to articles drawn at random: the one that can stand beside it, or the nearest where there is none.
 * `npm run pairs` prints what is found of them. `seen`: the rules were made with it in view.
 */
import { readFileSync } from 'node:fs'
import { type Article, findPairs, type PairLevel } from '../catalogue/model/suggest.ts'

type Shown = readonly [name: string, brand: string | null, size: string | null, category: string]
type Said = PairLevel | 'no'
type Labelled = Readonly<{ a: Shown; b: Shown; said: Said; seen: boolean }>

/** What was found of labelled pairs, as shares from 0 to 1. */
export type Figures = Readonly<{
  pairs: number
  /** Of those that are suggested. */
  rightOfSuggested: number
  /** Of those that are suggested as identical. */
  rightOfIdentical: number
  /** Of those that a person calls comparable or identical. */
  found: number
  wrong: readonly string[]
  missed: readonly string[]
}>

/** What is found of the pairs, all of them in one catalogue. */
export function figuresOf(seen: boolean | undefined): Figures {
  const all = labelledPairs()
  const numbers = new Map<string, Article>()
  const ids = all.map(({ a, b }) => [idOf(numbers, 'northmart', a), idOf(numbers, 'oakmart', b)] as const)
  const levels = new Map(findPairs([...numbers.values()]).map(({ a, b, level }) => [`${a} ${b}`, level]))
  const judged = all.map((pair, index) => {
    const [a, b] = ids[index]!
    return { ...pair, level: levels.get(a < b ? `${a} ${b}` : `${b} ${a}`) }
  })
  const asked = judged.filter((pair) => seen === undefined || pair.seen === seen)
  const suggested = asked.filter(({ level }) => level !== undefined)
  const identical = asked.filter(({ level }) => level === 'identical')
  const wanted = asked.filter(({ said }) => said !== 'no')
  const texts = (pairs: typeof judged) => pairs.map(({ a, b }) => `${a[0]} [${a[2]}] = ${b[0]} [${b[2]}]`)
  return {
    pairs: asked.length,
    rightOfSuggested: share(suggested, ({ said }) => said !== 'no'),
    rightOfIdentical: share(identical, ({ said }) => said === 'identical'),
    found: share(wanted, ({ level }) => level !== undefined),
    wrong: texts(suggested.filter(({ said }) => said === 'no')),
    missed: texts(wanted.filter(({ level }) => level === undefined)),
  }
}

function labelledPairs(): Labelled[] {
  const lines = readFileSync(new URL('labelled-pairs.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
  return lines.map((line) => JSON.parse(line) as Labelled)
}

/** The number of an article, the same wherever it stands. */
function idOf(known: Map<string, Article>, company: string, shown: Shown): number {
  const key = JSON.stringify([company, shown])
  const [name, brand, size, category] = shown
  const article = known.get(key) ?? { id: known.size, company, name, brand, size, category }
  known.set(key, article)
  return article.id
}

function share<T>(all: readonly T[], isRight: (each: T) => boolean): number {
  return all.length === 0 ? 1 : all.filter(isRight).length / all.length
}
