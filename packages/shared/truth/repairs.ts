/** Repairs of systematic column errors, found by trial: the right one makes the scrape agree with its reference. */
import type { Row } from '../row.ts'
import type { Repair } from './finding.ts'
import { hashesOf } from './label-fields.ts'
import { type ComparedReference, type RuleInput, SHARE_BASIS_MIN } from './rule-input.ts'
import { sampleOf } from './sample.ts'

const FACTORS = [0.01, 100, 0.1, 10, 0.001, 1000] as const
const AGREEMENT_SHARE_MIN = 0.6
const PRICE_CENTS_MAX = 99_999_999

/** The repair after which most prices equal those of the reference; undefined if there is none. */
export function detectPriceRepair({ scrape, now }: RuleInput, { figures }: ComparedReference): Repair | undefined {
  const then = new Map(sampleOf(figures).map((each) => [each.hash, each.price]))
  const isRight = (shown: readonly Readonly<{ hash: number; price: number }>[]) => {
    const known = shown.filter(({ hash, price }) => price >= 0 && (then.get(hash) ?? -1) >= 0)
    const same = known.filter(({ hash, price }) => Math.abs(then.get(hash)! - price) <= price / 200)
    return known.length >= SHARE_BASIS_MIN && same.length >= AGREEMENT_SHARE_MIN * known.length
  }
  const sample = sampleOf(now)
  const factor = FACTORS.find((each) =>
    isRight(sample.map(({ hash, price }) => ({ hash, price: multiplyCents(price, each) }))),
  )
  if (factor !== undefined) return { kind: 'factor', field: 'price_current', factor }
  const former = (scrape.sampled ?? []).filter(({ was }) => was >= 0)
  const isFormer = isRight(former.map(({ hash, was }) => ({ hash, price: was })))
  return isFormer ? { kind: 'swap', field: 'price_current', with: 'price_was' } : undefined
}

/** The repair that swaps name and brand, if most names are in the brand field; else undefined. */
export function detectNameBrandSwap({ scrape }: RuleInput, { figures }: ComparedReference): Repair | undefined {
  const then = new Map(sampleOf(figures).map((each) => [each.hash, each]))
  const known = (scrape.sampled ?? []).filter(({ hash, brand }) => brand !== null && then.has(hash))
  const swapped = known.filter(({ hash, label }) => hashesOf(label).brand === then.get(hash)!.name)
  const isSwapped = known.length >= SHARE_BASIS_MIN && swapped.length >= AGREEMENT_SHARE_MIN * known.length
  return isSwapped ? { kind: 'swap', field: 'name', with: 'brand' } : undefined
}

/** Applies a repair to a row. A price that would leave the valid range is not changed. */
export function applyRepair<Each extends Row>(row: Each, repair: Repair): Each {
  if (repair.kind === 'date') return { ...row, date: repair.date }
  if (repair.kind === 'factor') return { ...row, ...multiplyPrices(row, repair.factor) }
  if (repair.with === 'brand') return row.brand === null ? row : { ...row, name: row.brand, brand: row.name }
  return row.wasPriceCents === null ? row : { ...row, priceCents: row.wasPriceCents, wasPriceCents: row.priceCents }
}

function multiplyPrices({ priceCents, wasPriceCents }: Row, factor: number) {
  return {
    priceCents: priceCents === null ? null : multiplyCents(priceCents, factor),
    wasPriceCents: wasPriceCents === null ? null : multiplyCents(wasPriceCents, factor),
  }
}

/** Whole cents times a factor, rounded half up; unchanged if the product is too large for a price. */
function multiplyCents(cents: number, factor: number): number {
  const product = factor >= 1 ? cents * factor : Math.round(cents / Math.round(1 / factor))
  return product > PRICE_CENTS_MAX ? cents : product
}

/** A repair in words. */
export function repairSentence(repair: Repair): string {
  if (repair.kind === 'date') return `date it ${repair.date}, the day of its receipt`
  if (repair.kind === 'swap') return `${repair.field} and ${repair.with} stand in place of each other: swap them`
  return repair.factor >= 1
    ? `multiply price_current and price_was by ${repair.factor}`
    : `divide price_current and price_was by ${Math.round(1 / repair.factor)}`
}
