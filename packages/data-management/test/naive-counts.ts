/** What a load says that it did, computed from the files alone: those that are loaded already, and the one that is loaded now. */
import { compare, rankOf, type Scrape, scrapesOf, termsOf } from './naive-catalogue.ts'
import type { HistoryFile } from './naive-rows.ts'

/**
 * How many rows of a file show what its store did not show before, or other terms than before, or the same; and how many listings of the scrape
 * before a new date are not shown on it.
 */
export type NaiveChange = Readonly<{ inserted: number; changed: number; unchanged: number; disappeared: number }>

const read = new WeakMap<HistoryFile, readonly Scrape[]>()

/** What loading a file does when these are loaded. Of the scrapes of a file the earlier comes first, and the later is beside it. */
export function naiveChange(loaded: Iterable<HistoryFile>, file: HistoryFile): NaiveChange {
  const before = [...loaded].filter(({ sha256 }) => sha256 !== file.sha256).flatMap(readScrapes)
  const total = { inserted: 0, changed: 0, unchanged: 0, disappeared: 0 }
  for (const scrape of readScrapes(file).toSorted((one, other) => compare([one.date], [other.date]))) {
    for (const kind of kindsOf(before, scrape)) total[kind]++
    before.push(scrape)
  }
  return total
}

function readScrapes(file: HistoryFile): readonly Scrape[] {
  const scrapes = read.get(file) ?? scrapesOf(file)
  read.set(file, scrapes)
  return scrapes
}

function kindsOf(before: readonly Scrape[], scrape: Scrape): (keyof NaiveChange)[] {
  const ofStore = before.filter(({ company, store }) => company === scrape.company && store === scrape.store)
  const dateBefore = ofStore
    .flatMap(({ date }) => (date < scrape.date ? date : []))
    .sort()
    .at(-1)
  const shownThen = termsShown(ofStore.filter(({ date }) => date === dateBefore))
  const ofDate = ofStore.filter(({ date }) => date === scrape.date)
  const shownOnDate = termsShown(ofDate)
  // A row that loses against another one of its date changes nothing.
  const winning = ofDate.filter((other) => compare(rankOf(other), rankOf(scrape)) > 0)
  const gone = ofDate.length > 0 ? [] : [...shownThen.keys()].filter((name) => !scrape.shown.has(name))
  const kinds = [...scrape.shown].map(([name, row]): keyof NaiveChange => {
    if (winning.some(({ shown }) => shown.has(name))) return 'unchanged'
    const earlier = shownOnDate.get(name) ?? shownThen.get(name)
    if (earlier === undefined) return 'inserted'
    return earlier === JSON.stringify(termsOf(row)) ? 'unchanged' : 'changed'
  })
  return [...kinds, ...gone.map(() => 'disappeared' as const)]
}

/** The terms of each listing in these scrapes of one date, that of the highest rank. */
function termsShown(scrapes: readonly Scrape[]): Map<string, string> {
  const ranked = scrapes.toSorted((one, other) => compare(rankOf(one), rankOf(other)))
  return new Map(ranked.flatMap(({ shown }) => [...shown].map(([name, row]) => [name, JSON.stringify(termsOf(row))])))
}
