/** Tells every lie about a scrape, in its place among the others and on the day after it, and counts what becomes of them. */
import { DAY_MS } from '@splitcart/shared/time.ts'
import { hash32 } from '@splitcart/shared/truth/text-hash.ts'
import { Chance } from '../../packages/data-management/test/random.ts'
import { Believed } from './believed.ts'
import type { Lie } from './columns.ts'
import { RECEIVED_ON } from './honest.ts'
import { LIES } from './lies.ts'
import { judgeReading, type Reading, readingOf, type ScrapeFile } from './scrape-files.ts'

/** How many of how many. */
export type Count = { caught: number; of: number }

const MISSED_MAX = 3

/** Counts them. */
export class Tally {
  #readings: ReadonlyMap<ScrapeFile, Reading> = new Map()
  #believed = new Believed()
  readonly #counts = new Map<string, Count & { missed: string[] }>()
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  /** Begins with the scrapes of other companies; what was counted stays. */
  begin(readings: ReadonlyMap<ScrapeFile, Reading>): void {
    this.#readings = readings
    this.#believed = new Believed()
  }

  /** Believes a scrape of which no lie is told. */
  believe(file: ScrapeFile): void {
    for (const scrape of this.#readings.get(file)!.scrapes) this.#believed.add(scrape)
  }

  /** Tells every lie about a scrape, which then is believed. The files come in the order of their dates. */
  tell(file: ScrapeFile): void {
    const honest = this.#readings.get(file)!
    const { lines: honestLines } = file
    const dayAfter = new Believed()
    for (const scrape of honest.scrapes) dayAfter.add(scrape)
    for (const [name, lie] of Object.entries(LIES)) {
      // Of its own for each file and lie: a lie more or less changes no other.
      const lines = lie.lie(honestLines, new Chance(hash32(`${this.#seed} ${name} ${file.name}`)))
      if (lines === undefined) continue
      const reading = readingOf(lines, RECEIVED_ON)
      const hasReference = honest.scrapes.some((scrape) => isThere(this.#believed.referencesOf(scrape)))
      if (hasReference)
        this.#count(
          name,
          lie,
          file,
          judgeReading(reading, (each) => this.#believed.referencesOf(each)),
        )
      const later = { ...reading, scrapes: reading.scrapes.map((each) => ({ ...each, date: dayBehind(each.date) })) }
      this.#count(
        name,
        lie,
        file,
        judgeReading(later, (each) => dayAfter.referencesOf(each)),
      )
    }
    this.believe(file)
  }

  /** What became of the lies that must be held. */
  get held(): Count {
    return this.#sum('held')
  }

  /** What became of those that must be told. */
  get told(): Count {
    return this.#sum('told')
  }

  /** A line for each lie. */
  get lines(): string[] {
    return [...this.#counts].map(([name, { missed, ...count }]) => {
      const all = `${count.caught} of ${count.of}`.padStart(11)
      return `${name.padEnd(26)} ${LIES[name]!.ends} ${all}${missed.length === 0 ? '' : `  not: ${missed.join(', ')}`}`
    })
  }

  #sum(ends: Lie['ends']): Count {
    const counts = [...this.#counts].filter(([name]) => LIES[name]!.ends === ends).map(([, count]) => count)
    return {
      caught: counts.reduce((sum, { caught }) => sum + caught, 0),
      of: counts.reduce((sum, { of }) => sum + of, 0),
    }
  }

  #count(name: string, { ends }: Lie, file: ScrapeFile, verdicts: ReturnType<typeof judgeReading>): void {
    const count = this.#counts.get(name) ?? { caught: 0, of: 0, missed: [] }
    this.#counts.set(name, count)
    count.of++
    if (verdicts.some(({ held, rule }) => held || (ends === 'told' && TELLING.has(rule)))) count.caught++
    else if (count.missed.length < MISSED_MAX) count.missed.push(file.name)
  }
}

const TELLING = new Set(['mojibake', 'template_address', 'unit_price_disagrees'])

function isThere({ own, sisters }: ReturnType<Believed['referencesOf']>): boolean {
  return own !== undefined || sisters.length > 0
}

/** The day after; of a date that is a lie itself, that one. */
export function dayBehind(date: string): string {
  return date > '2030' || date < '2001' ? date : new Date(Date.parse(date) + DAY_MS).toISOString().slice(0, 10)
}

/** A count as a share, for people. */
export function percentOf({ caught, of }: Count): string {
  return `${caught} of ${of} (${((100 * caught) / Math.max(1, of)).toFixed(2)} %)`
}
