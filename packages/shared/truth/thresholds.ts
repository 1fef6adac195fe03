/** The thresholds for holding a scrape or reporting a finding: settings of both machines; shares are from 0 to 1. */
import { share, wholeNumber } from '../setting-readers.ts'

function threshold<Fallback extends string>(read: (text: string) => number, fallback: Fallback, about: string) {
  return { machine: 'both', read, fallback, about } as const
}

/** The settings, in the order of the rules. */
export const HOLD_SETTINGS = {
  HOLD_DAYS_AHEAD: threshold(wholeNumber(0), '1', 'a scrape dated more days after the day of its receipt is held'),
  HOLD_DAYS_BACK: threshold(wholeNumber(1), '366', "a scrape dated more days before the store's newest one is held"),
  HOLD_ROWS_MIN: threshold(wholeNumber(0), '20', 'numbers of rows are compared from this usual number on'),
  HOLD_ROWS_SHARE: threshold(
    share,
    '0.9',
    'a scrape with a smaller share of the usual rows is held; of few rows more may be missing by chance',
  ),
  HOLD_SISTERS_ROWS_SHARE: threshold(
    share,
    '0.85',
    "a store's first scrape with a smaller share of the rows of the company's other stores is held",
  ),
  HOLD_CATEGORY_ROWS_MIN: threshold(wholeNumber(1), '20', 'a top category is compared from this number of rows on'),
  HOLD_CATEGORY_SHARE: threshold(share, '0.5', 'a scrape with a smaller share of the rows of a top category is held'),
  HOLD_REJECTS_SHARE: threshold(share, '0.2', 'a file with a larger share of rejected rows is held'),
  HOLD_DUPLICATES_SHARE: threshold(
    share,
    '0.05',
    'a file with a larger share of rows that repeat a listing with other values is held',
  ),
  HOLD_REPEATED_SHARE: threshold(share, '0.5', 'a scrape with a larger share of rows that only repeat is held'),
  HOLD_PRICES_SHARE: threshold(
    share,
    '0.5',
    'a scrape in which a larger share of the prices changed by one factor, or is the unit price, is held',
  ),
  HOLD_ZERO_SHARE: threshold(
    share,
    '0.2',
    'a scrape in which a larger share of the prices became 0, or is missing, is held',
  ),
  HOLD_FAR_SHARE: threshold(
    share,
    '0.02',
    'a scrape in which a larger share of the prices is 0, or at least seven times or at most a seventh of what it was, is held',
  ),
  HOLD_NEAR_SHARE: threshold(
    share,
    '0.75',
    'a scrape in which a smaller share of the prices is within two thirds and three halves of what it was is held',
  ),
  HOLD_SAME_SHARE: threshold(
    share,
    '0.35',
    'a scrape in which a smaller share of the prices is what it was some days ago is held',
  ),
  HOLD_NAMES_SHARE: threshold(share, '0.6', 'a scrape in which a smaller share of the listings kept its name is held'),
  HOLD_NEW_SHARE: threshold(
    share,
    '0.5',
    'a scrape of which a larger share is new, while as large a share of the former listings is gone, is held',
  ),
  HOLD_FIELD_SHARE: threshold(
    share,
    '0.5',
    'a scrape in which a smaller share of the rows that had a field still has it, or still has the same value, is held',
  ),
  HOLD_MERGED_PRODUCTS: threshold(
    wholeNumber(0),
    '20',
    'a file that would merge more products with others of the same company is held',
  ),
  HOLD_PRODUCT_LISTINGS: threshold(
    wholeNumber(1),
    '10000',
    'a file by which more listings would hang together as one product is held, also when a person releases it',
  ),
  HOLD_CONSTANT_SHARE: threshold(share, '0.9', 'a scrape with a field that became the same in more rows is held'),
} as const

/** The values of the settings. */
export type Thresholds = Readonly<{ [Name in keyof typeof HOLD_SETTINGS]: number }>

/** The default values. */
export function defaultThresholds(): Thresholds {
  return Object.fromEntries(
    Object.entries(HOLD_SETTINGS).map(([name, { read, fallback }]) => [name, read(fallback)]),
  ) as Thresholds
}

/** The thresholds among all settings. */
export function thresholdsOf(settings: Thresholds): Thresholds {
  return Object.fromEntries(
    Object.keys(HOLD_SETTINGS).map((name) => [name, settings[name as keyof Thresholds]]),
  ) as Thresholds
}
