/** Repairs of systematic column errors, found by trial: the right one makes the scrape agree with the earlier one. */
import type { Row } from '../row.ts'
import { type Case, type ComparedReference, PAIRS_MIN } from './case.ts'
import { hashesOf } from './label-fields.ts'
import { sampleOf } from './sample.ts'
import type { Repair } from './verdict.ts'

const FACTORS = [0.01, 100, 0.1, 10, 0.001, 1000] as const
const AGREEMENT = 0.6
const PRICE_CENTS_MAX = 99_999_999

/** The repair after which most prices equal the earlier ones; undefined if none of the known ones does it. */
export function repairOfPrices({ scrape, now }: Case, { figures }: ComparedReference): Repair | undefined {
  const then = new Map(sampleOf(figures).map((each) => [each.hash, each.price]))
  const isRight = (shown: readonly Readonly<{ hash: number; price: number }>[]) => {
    const known = shown.filter(({ hash, price }) => price >= 0 && (then.get(hash) ?? -1) >= 0)
    const same = known.filter(({ hash, price }) => Math.abs(then.get(hash)! - price) <= price / 200)
    return known.length >= PAIRS_MIN && same.length >= AGREEMENT * known.length
  }
  const sample = sampleOf(now)
  const factor = FACTORS.find((each) =>
    isRight(sample.map(({ hash, price }) => ({ hash, price: multiplied(price, each) }))),
  )
  if (factor !== undefined) return { kind: 'factor', field: 'price_current', factor }
  const former = (scrape.sampled ?? []).filter(({ was }) => was >= 0)
  const isFormer = isRight(former.map(({ hash, was }) => ({ hash, price: was })))
  return isFormer ? { kind: 'swap', field: 'price_current', with: 'price_was' } : undefined
}

/** The swap of names and brands, if most names stand in the brand field; else undefined. */
export function repairOfNames({ scrape }: Case, { figures }: ComparedReference): Repair | undefined {
  const then = new Map(sampleOf(figures).map((each) => [each.hash, each]))
  const known = (scrape.sampled ?? []).filter(({ hash, brand }) => brand !== null && then.has(hash))
  const swapped = known.filter(({ hash, label }) => hashesOf(label).brand === then.get(hash)!.name)
  const isSwapped = known.length >= PAIRS_MIN && swapped.length >= AGREEMENT * known.length
  return isSwapped ? { kind: 'swap', field: 'name', with: 'brand' } : undefined
}

/** The repaired row. A price that would leave the valid range stays as it is. */
export function repaired<Each extends Row>(row: Each, repair: Repair): Each {
  if (repair.kind === 'date') return { ...row, date: repair.date }
  if (repair.kind === 'factor') return { ...row, ...multipliedPrices(row, repair.factor) }
  if (repair.with === 'brand') return row.brand === null ? row : { ...row, name: row.brand, brand: row.name }
  return row.wasPriceCents === null ? row : { ...row, priceCents: row.wasPriceCents, wasPriceCents: row.priceCents }
}

function multipliedPrices({ priceCents, wasPriceCents }: Row, factor: number) {
  return {
    priceCents: priceCents === null ? null : multiplied(priceCents, factor),
    wasPriceCents: wasPriceCents === null ? null : multiplied(wasPriceCents, factor),
  }
}

/** Whole cents times a factor, rounded half up; unchanged if the product is too large for a price. */
function multiplied(cents: number, factor: number): number {
  const product = factor >= 1 ? cents * factor : Math.round(cents / Math.round(1 / factor))
  return product > PRICE_CENTS_MAX ? cents : product
}

/** A repair in words. */
export function sentenceOfRepair(repair: Repair): string {
  if (repair.kind === 'date') return `date it ${repair.date}, the day of its receipt`
  if (repair.kind === 'swap') return `${repair.field} and ${repair.with} stand in place of each other: swap them`
  return repair.factor >= 1
    ? `multiply price_current and price_was by ${repair.factor}`
    : `divide price_current and price_was by ${Math.round(1 / repair.factor)}`
}
