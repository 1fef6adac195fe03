/** What changing a date does to one listing of a store: to its runs, and how it is counted. Pure. */
import { addJump, type DateChange } from './date-change.ts'
import { covers, type DateWindow, type Run, type RunChanges, rebuildRuns, runChangesBetween } from './price-runs.ts'

/** What a shop asks for a listing. Money is whole cents, flags are 0 and 1; null if unknown, as when it is sold out. */
export type Terms = Readonly<{
  price_cents: number | null
  was_price_cents: number | null
  is_on_special: number | null
  is_available: number | null
}>

/** A change of one date of one store in progress. `scrapeId`: the scrape that is added or removed. */
export type DateEdit = Readonly<{ storeId: number; scrapeId: number; window: DateWindow; total: DateChange }>

/** What a store shows of a listing on the date, and the scrape that it comes from. */
export type ShownListing = Terms & { listing_id: number; label_id: number; scrape_id: number }

/** A listing in a change: its runs that touch the window, and what is shown now. */
export type AffectedRuns = Readonly<{
  listingId: number
  prices: Run<Terms>[]
  labels: Run<number>[]
  shown: ShownListing | undefined
}>

type StoredRun = { listing_id: number; from_date: string; to_date: string | null }

/** Runs as they are stored. */
export type PriceRunRow = StoredRun & Terms
export type LabelRunRow = StoredRun & { label_id: number }

/** The listings of a page, each with its runs and what is shown of it. */
export function groupByListing(
  ids: readonly number[],
  runs: Readonly<{ prices: readonly PriceRunRow[]; labels: readonly LabelRunRow[]; shown: readonly ShownListing[] }>,
): AffectedRuns[] {
  const prices = Map.groupBy(runs.prices, (run) => run.listing_id)
  const labels = Map.groupBy(runs.labels, (run) => run.listing_id)
  const shown = new Map(runs.shown.map((each) => [each.listing_id, each]))
  return ids.map((listingId) => ({
    listingId,
    prices: (prices.get(listingId) ?? []).map((run) => ({ from: run.from_date, to: run.to_date, value: run })),
    labels: (labels.get(listingId) ?? []).map((run) => ({ from: run.from_date, to: run.to_date, value: run.label_id })),
    shown: shown.get(listingId),
  }))
}

/** The price runs of a listing to write and remove; counts them in `total`. */
export function priceRunChanges(change: DateEdit, affected: AffectedRuns): RunChanges<Terms> {
  const { prices, shown } = affected
  const changes = runChangesBetween(prices, rebuildRuns(prices, change.window, shown, areEqualTerms), areEqualTerms)
  change.total.opened += changes.opened
  change.total.closed += changes.closed
  countChange(change, affected)
  return changes
}

/** The label runs of a listing to write and remove. */
export function labelRunChanges({ window }: DateEdit, { labels, shown }: AffectedRuns): RunChanges<number> {
  return runChangesBetween(labels, rebuildRuns(labels, window, shown?.label_id, Object.is), Object.is)
}

function areEqualTerms(one: Terms, other: Terms): boolean {
  return (
    one.price_cents === other.price_cents &&
    one.was_price_cents === other.was_price_cents &&
    one.is_on_special === other.is_on_special &&
    one.is_available === other.is_available
  )
}

/** What was shown before the change: on the date itself, else on the scrape before it. */
function earlierTerms(prices: readonly Run<Terms>[], window: DateWindow): Terms | undefined {
  const run = prices.find((run) => covers(run, window.date)) ?? prices.find((run) => covers(run, window.before))
  return run?.value
}

function countChange({ storeId, scrapeId, window, total }: DateEdit, { listingId, prices, shown }: AffectedRuns): void {
  if (shown?.scrape_id !== scrapeId) return
  const earlier = earlierTerms(prices, window)
  if (earlier === undefined) total.inserted++
  else if (!areEqualTerms(earlier, shown)) {
    total.changed++
    const { price_cents: from } = earlier
    const { price_cents: to } = shown
    if (from !== null && to !== null) addJump(total.jumps, { listingId, storeId, from, to })
  }
}
