/** What changing a date of a store did: counts, and the largest price changes. Pure. */

/** A listing in one store. */
export type ListingOfStore = Readonly<{ listingId: number; storeId: number }>

/** A price that changed from one scrape to the next, in whole cents. */
export type Jump = ListingOfStore & Readonly<{ from: number; to: number }>

/**
 * What a change of one date did, counted in listings and runs; the largest changes of price, as shares, the largest first; and the
 * first listings that disappeared.
 */
export type DateChange = {
  inserted: number
  changed: number
  disappeared: number
  opened: number
  closed: number
  jumps: Jump[]
  firstDisappeared: ListingOfStore[]
}

/** The `DateChange` of a change that did nothing. */
export function nothingChanged(): DateChange {
  return { inserted: 0, changed: 0, disappeared: 0, opened: 0, closed: 0, jumps: [], firstDisappeared: [] }
}

/** The most price changes, and the most disappeared listings, that are named. */
export const EXAMPLES_MAX = 20

/** Adds a change to the total of several. */
export function addChange(total: DateChange, change: DateChange): void {
  for (const count of ['inserted', 'changed', 'disappeared', 'opened', 'closed'] as const) total[count] += change[count]
  for (const jump of change.jumps) addJump(total.jumps, jump)
  for (const listing of change.firstDisappeared) addDisappeared(total.firstDisappeared, listing)
}

/** Adds a jump and keeps only the largest ones. */
export function addJump(jumps: Jump[], jump: Jump): void {
  if (jump.from === jump.to) return
  jumps.push(jump)
  jumps.sort((one, other) => jumpSize(other) - jumpSize(one)).splice(EXAMPLES_MAX)
}

/** Adds a listing that disappeared, unless there are EXAMPLES_MAX already. */
function addDisappeared(gone: ListingOfStore[], listing: ListingOfStore): void {
  if (gone.length < EXAMPLES_MAX) gone.push(listing)
}

/** The size of a price change, equal up and down: the logarithm of the ratio, with a cent added to keep it finite. */
function jumpSize({ from, to }: Jump): number {
  return Math.abs(Math.log((to + 1) / (from + 1)))
}
