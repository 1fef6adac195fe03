/** Merges the figures of several scrapes of one date. Pure. */
import { type Figures, mostFrequent, type NamedCount } from './figures.ts'
import { encodeSample, largestCompleteHash, type SampledListing, sampleOf, smallestHashes } from './sample.ts'
import { wordsHash } from './text-hash.ts'

/** The merged figures; for a listing in several scrapes, the latest in the list wins. */
export function mergeFigures(all: readonly Figures[]): Figures {
  return all.reduce(mergeTwo)
}

function mergeTwo(one: Figures, other: Figures): Figures {
  const [first, second] = [sampleOf(one), sampleOf(other)]
  const reach = Math.min(largestCompleteHash(first), largestCompleteHash(second))
  const known = new Set(second.map(({ hash }) => hash))
  const within = first.filter(({ hash }) => hash <= reach)
  const keptOf = (listings: readonly SampledListing[]) =>
    listings.length === 0 ? undefined : listings.filter(({ hash }) => !known.has(hash)).length / listings.length
  const kept = keptOf(within) ?? 1
  const keptIn = (name: string) => {
    const category = wordsHash(name)
    return keptOf(within.filter(({ top, second: next }) => top === category || next === category)) ?? kept
  }
  const sample = smallestHashes([...second, ...first].filter(({ hash }) => hash <= reach))
  return { ...addCounts(one, other, kept), ...addCategories(one, other, keptIn), ...encodeSample(sample) }
}

/** Adds the counts; `kept`: the share of the first one's listings that the second does not have. */
function addCounts(one: Figures, other: Figures, kept: number): Figures {
  const sum = (first: number, second: number) => Math.round(first * kept) + second
  const sums = (first: readonly number[], second: readonly number[]) =>
    first.map((each, place) => sum(each, second[place] ?? 0))
  const named = <Counts extends Readonly<Record<string, number>>>(first: Counts, second: Counts) =>
    Object.fromEntries(
      Object.keys({ ...first, ...second }).map((name) => [name, sum(first[name] ?? 0, second[name] ?? 0)]),
    ) as Counts
  return {
    ...(one.rows > other.rows ? one : other),
    rows: sum(one.rows, other.rows),
    repeated: one.repeated + other.repeated,
    filled: named(one.filled, other.filled),
    zero: sum(one.zero, other.zero),
    equalUnit: sum(one.equalUnit, other.equalUnit),
    wasBelow: sum(one.wasBelow, other.wasBelow),
    reduced: one.reduced === undefined || other.reduced === undefined ? undefined : sum(one.reduced, other.reduced),
    available: sum(one.available, other.available),
    special: sum(one.special, other.special),
    levels: sums(one.levels, other.levels),
    unit: sums(one.unit, other.unit),
    odd: named(one.odd, other.odd),
  }
}

function addCategories(one: Figures, other: Figures, keptIn: (name: string) => number) {
  const counted = (first: readonly NamedCount[], second: readonly NamedCount[]) => {
    const total = new Map(first.map(([name, rows]) => [name, Math.round(rows * keptIn(name))]))
    for (const [name, rows] of second) total.set(name, (total.get(name) ?? 0) + rows)
    return mostFrequent(total)
  }
  return { tops: counted(one.tops, other.tops), seconds: counted(one.seconds, other.seconds) }
}
