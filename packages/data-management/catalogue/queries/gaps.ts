/** Gaps: spans in which a store was scraped and did not show a product, so that a chart must not bridge them. Pure. */

/** From the first to the last date, both included. */
export type DateSpan = Readonly<{ from: string; to: string }>

/** The gaps in `dates` (in order) after the first run: each spans consecutive dates that are in no run. */
export function gapsBetween(dates: readonly string[], runs: readonly DateSpan[]): DateSpan[] {
  const sorted = runs.toSorted((one, other) => (one.from < other.from ? -1 : 1))
  const gaps: DateSpan[] = []
  let next = 0
  let shownTo = ''
  let isGap = false
  for (const date of dates) {
    for (; next < sorted.length && sorted[next]!.from <= date; next++)
      if (sorted[next]!.to > shownTo) shownTo = sorted[next]!.to
    if (next === 0) continue
    if (date <= shownTo) isGap = false
    else if (isGap) gaps[gaps.length - 1] = { from: gaps.at(-1)!.from, to: date }
    else {
      gaps.push({ from: date, to: date })
      isGap = true
    }
  }
  return gaps
}
