/** Where a store was scraped and did not show a product: what a chart must not bridge. Pure. */

/** From the first to the last date, both included. */
export type Span = Readonly<{ from: string; to: string }>

/** The gaps of `dates` (in order) from the first run on: each is as long as there are dates without a run. */
export function gapsBetween(dates: readonly string[], runs: readonly Span[]): Span[] {
  const inOrder = runs.toSorted((one, other) => (one.from < other.from ? -1 : 1))
  const gaps: Span[] = []
  let next = 0
  let shownTo = ''
  let isGap = false
  for (const date of dates) {
    for (; next < inOrder.length && inOrder[next]!.from <= date; next++)
      if (inOrder[next]!.to > shownTo) shownTo = inOrder[next]!.to
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
