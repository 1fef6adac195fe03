/** Evaluates watched products, and the texts of their notices. Read-only. */
import { type FormatMoney, moneyFormatter } from '@splitcart/shared/money.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Current } from '../catalogue/queries/current.ts'
import { priceRangeOf } from '../catalogue/queries/price-range.ts'
import { lowestEverOf } from '../catalogue/queries/price-summary.ts'
import { currentNumber, pricesNow, productOf } from '../catalogue/queries/products.ts'
import { currentNow } from '../http/routes/freshness.ts'
import type { Reading } from '../http/threads/reading.ts'
import type { NewWatch, Seen, WatchRecord } from '../ledger/watches.ts'
import { shortName } from './look-parts.ts'

/** A watch whose product has changed; `text` null: without a notice. */
export type WatchChange = Readonly<{ watch: WatchRecord; seen: Seen; text: string | null; productId: number }>

/** The watches whose products have changed. */
export async function watchedNow(reading: Reading): Promise<WatchChange[]> {
  const watches = await reading.inbox.ledger.watches.list()
  if (watches.length === 0) return []
  const { database } = reading.catalogue
  const current = await currentNow(reading)
  const money = moneyFormatter(reading.currency)
  const changed: WatchChange[] = []
  for (const watch of watches) {
    const productId = await productWatched(reading, watch)
    if (productId === null) continue
    const { lowest_cents: lowest } = await priceRangeOf(database, productId, current)
    const reached = isReached(watch, lowest)
    const seen = { lowest, ever: leastOf(lowest, watch.seen.ever), reached }
    if (lowest === watch.seen.lowest && seen.ever === watch.seen.ever && reached === watch.seen.reached) continue
    const isTold = noticeText(watch, lowest, money) !== null
    const words = isTold ? noticeText(watch, lowest, money, await cheapestAt(reading, productId, current)) : null
    changed.push({ watch, seen, productId, text: words && `${shortName(watch.name)}: ${words}` })
  }
  return changed
}

/** The present product id of a watch; null: its listing is gone. */
export async function productWatched({ catalogue }: Reading, watch: WatchRecord): Promise<number | null> {
  const found = await catalogue.database.get<{ product_id: number }>(
    `select product_id from listing join company on company.id = listing.company_id
      where company.code = ? and listing.by_name = ? and listing.code = ?`,
    watch.company,
    watch.by_name,
    watch.code,
  )
  return found?.product_id ?? null
}

/** The initial values of a watch: the listing that identifies the product, its name, and its state now. */
export type WatchBaseline = Pick<NewWatch, 'company' | 'by_name' | 'code' | 'name' | 'seen'>

/** Reads the initial values of a watch. */
export async function watchBaseline(reading: Reading, { productId }: { productId: number }): Promise<WatchBaseline> {
  const { database } = reading.catalogue
  const id = await currentNumber(database, productId)
  const product = await productOf(database, id)
  const listing = await database.get<{ company: string; by_name: number; code: string }>(
    `select company.code as company, by_name, listing.code as code from listing
      join company on company.id = listing.company_id where listing.id = ?`,
    id,
  )
  if (product === undefined || listing === undefined) throw new Problem('not_found', 'no product has this id')
  const current = await currentNow(reading)
  const before = await lowestEverOf(database, id, current)
  const { lowest_cents: lowest } = await priceRangeOf(database, id, current)
  const ever = leastOf(lowest, before?.price_cents ?? null)
  // `reached` begins as false, so that a price that is low enough already makes a notice at the next look.
  return { ...listing, name: product.name, seen: { lowest, ever, reached: false } }
}

/** The text of the notice when the lowest price becomes this, somewhere (such as " at aldi"); null: no notice. */
export function noticeText(
  { rule, seen: before, target_cents: target }: Pick<WatchRecord, 'rule' | 'seen' | 'target_cents'>,
  lowest: number | null,
  money: FormatMoney,
  where = '',
): string | null {
  if (rule === 'any') {
    const [from, to] = [before.lowest, lowest].map((cents) => (cents === null ? null : money(cents)))
    return lowest === before.lowest ? null : changeText(from ?? null, to ?? null, where)
  }
  if (lowest === null) return null
  const now = `${money(lowest)}${where}`
  if (rule === 'stock') return before.lowest === null ? `back in stock, for ${now}` : null
  if (rule === 'low')
    return before.ever !== null && lowest < before.ever ? `new low of ${now}, before ${money(before.ever)}` : null
  return isReached({ rule, target_cents: target }, lowest) && !before.reached
    ? `${now}, wanted for ${money(target!)}`
    : null
}

function isReached({ rule, target_cents: target }: Pick<WatchRecord, 'rule' | 'target_cents'>, lowest: number | null) {
  return rule === 'target' && lowest !== null && lowest <= target!
}

function changeText(before: string | null, now: string | null, where: string): string {
  if (now === null) return `nobody sells it any more, before ${before}`
  return before === null ? `sold again, for ${now}${where}` : `${now}${where}, before ${before}`
}

async function cheapestAt(reading: Reading, productId: number, current: Current): Promise<string> {
  const [first] = (await pricesNow(reading.catalogue.database, productId, current)).filter(
    ({ is_silent, price_cents, is_available }) => !is_silent && (price_cents ?? 0) > 0 && is_available !== false,
  )
  return first === undefined ? '' : ` at ${shortName(first.company)}`
}

function leastOf(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}
