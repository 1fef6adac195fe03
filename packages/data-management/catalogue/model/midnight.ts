/**
 * Recognises scrapes that ran past midnight: if a file shows a store on exactly two adjacent dates and no listing on
 * both, it is one scrape of the earlier date. As two scrapes, each would lack the listings of the other, and these
 * would seem to disappear and come back. Pure.
 */
import { addDays } from '@splitcart/shared/date.ts'

/** A scrape's store and date. `mergedFrom`: the code in the file, if the store is known under another code. */
export type DatedScrape = Readonly<{ storeId: number; mergedFrom?: string; date: string }>

/** The pairs of scrapes that may be one, the earlier first: the store has these two adjacent dates and no third one. */
export function pairsAcrossMidnight<Scrape extends DatedScrape>(scrapes: readonly Scrape[]): [Scrape, Scrape][] {
  const byStore = Map.groupBy(scrapes, ({ storeId, mergedFrom }) => `${storeId} ${mergedFrom ?? ''}`)
  const pairs: [Scrape, Scrape][] = []
  for (const group of byStore.values()) {
    const [earlier, later, third] = group.toSorted((one, other) => (one.date < other.date ? -1 : 1))
    if (earlier !== undefined && later !== undefined && third === undefined && addDays(earlier.date, 1) === later.date)
      pairs.push([earlier, later])
  }
  return pairs
}
