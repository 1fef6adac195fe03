/**
 * A scrape that runs past midnight shows two dates and is still one scrape (design 6.2): when a file shows a store on exactly two
 * adjacent dates and no listing on both, all of it belongs to the earlier date. Pure.
 */
export type Dated = Readonly<{ storeId: number; mergedFrom?: string; date: string }>

/** The pairs of scrapes that may be one, the earlier first: two adjacent dates of a store that has no third in the file. */
export function pairsAcrossMidnight<Scrape extends Dated>(scrapes: readonly Scrape[]): [Scrape, Scrape][] {
  const byStore = Map.groupBy(scrapes, ({ storeId, mergedFrom }) => `${storeId} ${mergedFrom ?? ''}`)
  const pairs: [Scrape, Scrape][] = []
  for (const group of byStore.values()) {
    const [earlier, later, third] = group.toSorted((one, other) => (one.date < other.date ? -1 : 1))
    if (earlier !== undefined && later !== undefined && third === undefined && dayAfter(earlier.date) === later.date)
      pairs.push([earlier, later])
  }
  return pairs
}

/** The date after a date. */
export function dayAfter(date: string): string {
  const day = new Date(`${date}T00:00:00Z`)
  day.setUTCDate(day.getUTCDate() + 1)
  return day.toISOString().slice(0, 10)
}
