/** Plans what to generate: numbers of chains, stores, days and products, and the rate of change from day to day. */
import { DAY_MS } from '@splitcart/shared/time.ts'

/** How shops and their scrapers drift apart. Shares are of scrapes, from 0 to 1; 0 switches a kind off. */
export type Drift = Readonly<{
  /** Days from one version of a scraper to the next; each store gets it some days later. 0: all scrapers are the same for ever. */
  versionDays: number
  /** The share that breaks off after a tenth of its rows. */
  truncatedShare: number
  /** The share that lacks a whole category. */
  lostCategoryShare: number
  /** The share that arrives days late (`scrapesByArrival`); the others arrive on their day, in any order. */
  lateShare: number
  /** The number of days within which the stores join, one after the other. */
  joiningDays: number
  /** The share of stores whose scraper writes the newest format, without store_id. */
  newestFormatShare: number
  /** The share of unavailable rows that have no price. */
  pricelessShare: number
  /** The share of barcodes that are none, or those of something else. */
  badBarcodeShare: number
}>

/** No drift: stores always agree, and scrapes arrive in order. */
export const NO_DRIFT: Drift = {
  versionDays: 0,
  truncatedShare: 0,
  lostCategoryShare: 0,
  lateShare: 0,
  joiningDays: 0,
  newestFormatShare: 0,
  pricelessShare: 0,
  badBarcodeShare: 0,
}

/** The drift measured in real scrapes. */
export const MEASURED_DRIFT: Drift = {
  versionDays: 10,
  truncatedShare: 0.04,
  lostCategoryShare: 0.2,
  lateShare: 0.1,
  joiningDays: 10,
  newestFormatShare: 0.02,
  pricelessShare: 0.1,
  badBarcodeShare: 0.05,
}

/** The same plan gives the same bytes, on every machine. */
export type Plan = Readonly<{
  seed: number
  companies: number
  /** Stores of each company. */
  stores: number
  days: number
  /** Rows of one store on one day, about. */
  products: number
  /** ISO text. */
  firstDate: string
  /** The share of a store's rows whose price, special or availability changes from one day to the next. */
  changeShare: number
  /** The share of a store's rows that appear or disappear from one day to the next. Some return. */
  turnoverShare: number
  /** How the shops and their scrapers drift apart. */
  drift: Drift
}>

const DEFAULTS: Plan = {
  seed: 1,
  companies: 3,
  stores: 3,
  days: 4,
  products: 2600,
  firstDate: '2025-09-09',
  changeShare: 0.03,
  turnoverShare: 0.01,
  drift: MEASURED_DRIFT,
}

/** A complete plan: `chosen` over the defaults. Throws a RangeError for invalid values. */
export function planOf(chosen: Partial<Plan> = {}): Plan {
  const plan = { ...DEFAULTS, ...chosen }
  for (const name of ['companies', 'stores', 'days', 'products'] as const)
    if (!Number.isSafeInteger(plan[name]) || plan[name] < 1)
      throw new RangeError(`${name} is not a whole number from 1`)
  for (const name of ['changeShare', 'turnoverShare'] as const)
    if (!(plan[name] >= 0 && plan[name] <= 0.5)) throw new RangeError(`${name} is not from 0 to 0.5`)
  if (dateOf(plan, 0) !== plan.firstDate) throw new RangeError('firstDate is not a date')
  return plan
}

/** The date of a day of the plan; the first is day 0. */
export function dateOf(plan: Plan, day: number): string {
  const first = Date.parse(plan.firstDate)
  return Number.isNaN(first) ? '' : new Date(first + day * DAY_MS).toISOString().slice(0, 10)
}
