/** Scrapes that are believed, in memory: what a catalogue keeps of them, and what it compares a new one with. */

import { daysBetween } from '@splitcart/shared/date.ts'
import type { JudgedScrape, Reference, References } from '@splitcart/shared/truth/rule-input.ts'

/** So many days may lie between a scrape and that of another store that it is compared with. */
const SISTER_DAYS_MAX = 30
const SISTERS_MAX = 30
const USUAL_DATES = 10

/** Those of all stores. */
export class Believed {
  readonly #all: JudgedScrape[] = []

  add(scrape: JudgedScrape): void {
    this.#all.push(scrape)
  }

  /** What a scrape is compared with. */
  referencesOf({ company, store, date }: JudgedScrape): References {
    const ofCompany = this.#all.filter((each) => each.company === company)
    const own = ofCompany
      .filter((each) => each.store === store)
      .toSorted((one, other) => (one.date < other.date ? 1 : -1))
    const before = own.filter((each) => each.date < date)
    const [reference = own.filter((each) => each.date > date).at(-1)] = before
    const usual = before.length > 0 ? before.slice(0, USUAL_DATES) : reference === undefined ? [] : [reference]
    return {
      own: reference,
      usual: usual.map(({ figures }) => figures.rows),
      newest:
        own[0]?.date ??
        ofCompany
          .map((each) => each.date)
          .sort()
          .at(-1),
      sisters: nearest(
        ofCompany.filter((each) => each.store !== store),
        date,
      ),
    }
  }
}

function nearest(others: readonly JudgedScrape[], date: string): Reference[] {
  const days = (each: JudgedScrape) => Math.abs(daysBetween(each.date, date))
  const near = others.filter((each) => days(each) <= SISTER_DAYS_MAX)
  const sorted = near.toSorted((one, other) => days(one) - days(other) || (one.store < other.store ? -1 : 1))
  return [...new Map(sorted.toReversed().map((each) => [each.store, each])).values()].toReversed().slice(0, SISTERS_MAX)
}
