/** Finds changes of watched products, and writes the texts of their notices. Read-only. */
import { type FormatMoney, moneyFormatter } from '@splitcart/shared/money.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { LiveStores } from '../catalogue/queries/current.ts'
import { readPriceRange } from '../catalogue/queries/price-range.ts'
import { readLowestEver } from '../catalogue/queries/price-summary.ts'
import { currentProductId, findProduct, pricesNow } from '../catalogue/queries/products.ts'
import { currentNow } from '../http/routes/freshness.ts'
import type { QueryContext } from '../http/threads/query-context.ts'
import type { NewWatch, WatchedState, WatchRecord } from '../ledger/watches.ts'
import { shortName } from './condition-input.ts'

/** A watch whose product has changed. `seen`: its new state; `text`: of the notice, null: no notice is due. */
export type WatchChange = Readonly<{ watch: WatchRecord; seen: WatchedState; text: string | null; productId: number }>

/** The watches whose products have changed. */
export async function changedWatches(context: QueryContext): Promise<WatchChange[]> {
  const watches = await context.inbox.ledger.watches.list()
  if (watches.length === 0) return []
  const { database } = context.catalogue
  const current = await currentNow(context)
  const money = moneyFormatter(context.currency)
  const changed: WatchChange[] = []
  for (const watch of watches) {
    const productId = await watchedProductId(context, watch)
    if (productId === null) continue
    const { lowest_cents: lowest } = await readPriceRange(database, productId, current)
    const reached = isTargetReached(watch, lowest)
    const seen = { lowest, ever: lowerOf(lowest, watch.seen.ever), reached }
    if (lowest === watch.seen.lowest && seen.ever === watch.seen.ever && reached === watch.seen.reached) continue
    const isTold = watchNoticeText(watch, lowest, money) !== null
    const words = isTold ? watchNoticeText(watch, lowest, money, await cheapestAt(context, productId, current)) : null
    changed.push({ watch, seen, productId, text: words && `${shortName(watch.name)}: ${words}` })
  }
  return changed
}

/** The current product id of a watch; null: its listing no longer exists. */
export async function watchedProductId({ catalogue }: QueryContext, watch: WatchRecord): Promise<number | null> {
  const found = await catalogue.database.get<{ product_id: number }>(
    `select product_id from listing join company on company.id = listing.company_id
      where company.code = ? and listing.by_name = ? and listing.code = ?`,
    watch.company,
    watch.by_name,
    watch.code,
  )
  return found?.product_id ?? null
}

/** The initial values of a watch: a listing that identifies the product, the product's name and its prices now. */
export type WatchBaseline = Pick<NewWatch, 'company' | 'by_name' | 'code' | 'name' | 'seen'>

/** Reads the initial values of a watch. */
export async function watchBaseline(
  context: QueryContext,
  { productId }: { productId: number },
): Promise<WatchBaseline> {
  const { database } = context.catalogue
  const id = await currentProductId(database, productId)
  const product = await findProduct(database, id)
  const listing = await database.get<{ company: string; by_name: number; code: string }>(
    `select company.code as company, by_name, listing.code as code from listing
      join company on company.id = listing.company_id where listing.id = ?`,
    id,
  )
  if (product === undefined || listing === undefined) throw new Problem('not_found', 'no product has this id')
  const current = await currentNow(context)
  const before = await readLowestEver(database, id, current)
  const { lowest_cents: lowest } = await readPriceRange(database, id, current)
  const ever = lowerOf(lowest, before?.price_cents ?? null)
  // `reached` begins as false, so that a price that is already low enough makes a notice in the next round.
  return { ...listing, name: product.name, seen: { lowest, ever, reached: false } }
}

/** The text of the notice when the lowest price becomes `lowest`; null: no notice. `where`: such as " at aldi". */
export function watchNoticeText(
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
  return isTargetReached({ rule, target_cents: target }, lowest) && !before.reached
    ? `${now}, wanted for ${money(target!)}`
    : null
}

function isTargetReached({ rule, target_cents }: Pick<WatchRecord, 'rule' | 'target_cents'>, lowest: number | null) {
  return rule === 'target' && lowest !== null && lowest <= target_cents!
}

function changeText(before: string | null, now: string | null, where: string): string {
  if (now === null) return `nobody sells it any more, before ${before}`
  return before === null ? `sold again, for ${now}${where}` : `${now}${where}, before ${before}`
}

async function cheapestAt(context: QueryContext, productId: number, current: LiveStores): Promise<string> {
  const [first] = (await pricesNow(context.catalogue.database, productId, current)).filter(
    ({ is_silent, price_cents, is_available }) => !is_silent && (price_cents ?? 0) > 0 && is_available !== false,
  )
  return first === undefined ? '' : ` at ${shortName(first.company)}`
}

function lowerOf(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}
