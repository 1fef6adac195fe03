/** The changes of a listing from one scrape of a store to the next. Pure. */

/** The kinds of changes, in the order in which they are shown. */
export const CHANGE_KINDS = ['cheaper', 'dearer', 'new', 'back', 'back_in_stock', 'gone'] as const

/**
 * new: the store, which has been scraped before, shows it for the first time; back: the store did not show it the time
 * before, but earlier; back_in_stock: it was unavailable and is available; gone: the store does not show it any more.
 */
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** What people read for a kind: "back in stock". */
export function changeKindText(kind: ChangeKind): string {
  return kind.replaceAll('_', ' ')
}

/** A listing in two consecutive scrapes. `appeared`: 0 in both, 1 for the first time, 2 again. Price -1: none. */
export type Transition = Readonly<{
  listing_id: number
  appeared: number
  is_gone: number
  from_cents: number
  to_cents: number
  was_available: number
  is_available: number
}>

/** A counted change. The ranks `by_share` (millionths of the price) and `by_cents` are negative: the largest is first. */
export type PriceChange = Readonly<{
  kind: ChangeKind
  by_share: number
  by_cents: number
  listing_id: number
  from_cents: number
  to_cents: number
}>

const MILLION = 1_000_000n

/** The changes of a listing; two if it is back in stock at another price. A price of 0 does not rise or fall. */
export function changesInTransition(transition: Transition): PriceChange[] {
  const { listing_id, appeared, is_gone, from_cents, to_cents } = transition
  const make = (kind: ChangeKind, price: number): PriceChange => {
    return { kind, by_share: 0, by_cents: 0 - Math.max(price, 0), listing_id, from_cents, to_cents }
  }
  if (is_gone === 1) return [make('gone', from_cents)]
  if (appeared > 0) return [make(appeared === 1 ? 'new' : 'back', to_cents)]
  const changes: PriceChange[] = []
  if (from_cents > 0 && to_cents > 0 && from_cents !== to_cents) {
    const cents = Math.abs(to_cents - from_cents)
    const share = Number((BigInt(cents) * MILLION) / BigInt(from_cents))
    changes.push({
      kind: to_cents < from_cents ? 'cheaper' : 'dearer',
      by_share: 0 - share,
      by_cents: 0 - cents,
      listing_id,
      from_cents,
      to_cents,
    })
  }
  if (transition.was_available === 0 && transition.is_available === 1) changes.push(make('back_in_stock', to_cents))
  return changes
}

/** The key of a change among those of one date. */
export function changeKey({ kind, listing_id, from_cents, to_cents }: PriceChange): string {
  return `${kind} ${listing_id} ${from_cents} ${to_cents}`
}
