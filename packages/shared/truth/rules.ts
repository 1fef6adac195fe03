/**
 * The rules that judge a scrape: one table that defines the findings, docs/truth.md and the tests. A rule has a name, a
 * description, the settings it uses, and a pure function.
 */

import {
  fieldsConstant,
  fieldsEmptied,
  fieldsRepeated,
  flagsTurned,
  namesChanged,
  newIdentity,
  valuesMoved,
  valuesRewritten,
} from './column-rules.ts'
import type { Rule } from './finding.ts'
import { flagsConstant, oneBrand, textFaults, unitPricesDisagree } from './finding-rules.ts'
import {
  allReduced,
  pricesAreUnitPrices,
  pricesByFactor,
  pricesByFactorNearOne,
  pricesFar,
  pricesMoved,
  pricesZero,
  wasBelowPrice,
} from './price-rules.ts'
import {
  categoriesAbsentHeld,
  categoriesLost,
  categoriesRenamed,
  categoryAbsentTold,
  dateAhead,
  dateLongBefore,
  rowsBelowSisters,
  rowsBelowUsual,
  rowsRepeated,
} from './row-rules.ts'

function held(about: string, settings: readonly string[], find: Rule['find']): Rule {
  return { held: true, about, settings, find }
}

function finding(about: string, settings: readonly string[], find: Rule['find']): Rule {
  return { held: false, about, settings, find }
}

/** All rules for a scrape, in the order of the findings. */
export const RULES: Readonly<Record<string, Rule>> = {
  date_ahead: held('a date after the day of receipt', ['HOLD_DAYS_AHEAD'], dateAhead),
  date_long_before: held("a date long before the store's newest one", ['HOLD_DAYS_BACK'], dateLongBefore),
  prices_by_factor: held('most prices are one multiple of what they were', ['HOLD_PRICES_SHARE'], pricesByFactor),
  prices_zero: held('prices became 0, or are missing', ['HOLD_ZERO_SHARE'], pricesZero),
  prices_are_unit_prices: held('prices became the unit price', ['HOLD_PRICES_SHARE'], pricesAreUnitPrices),
  prices_moved: held('prices belong to other rows, or are none', ['HOLD_NEAR_SHARE', 'HOLD_SAME_SHARE'], pricesMoved),
  prices_far: held('some prices are many times what they were, or 0', ['HOLD_FAR_SHARE'], pricesFar),
  was_below_price: held('former prices are below the prices', ['HOLD_PRICES_SHARE'], wasBelowPrice),
  all_reduced: held('nearly every price is told as reduced', ['HOLD_CONSTANT_SHARE'], allReduced),
  new_identity: held('nearly all listings are new, nearly all old ones gone', ['HOLD_NEW_SHARE'], newIdentity),
  names_changed: held('names or SKUs belong to other rows', ['HOLD_NAMES_SHARE'], namesChanged),
  values_moved: held(
    'brands, sizes, barcodes, categories or addresses of other rows',
    ['HOLD_FIELD_SHARE'],
    valuesMoved,
  ),
  field_emptied: held('a field that was told is empty', ['HOLD_FIELD_SHARE'], fieldsEmptied),
  field_constant: held('a field has become the same in all rows', ['HOLD_CONSTANT_SHARE'], fieldsConstant),
  field_repeated: held('a field has become the same as another one', ['HOLD_CONSTANT_SHARE'], fieldsRepeated),
  flag_turned: held('a flag is the opposite of what it was', ['HOLD_FIELD_SHARE'], flagsTurned),
  category_lost: held(
    'a top category lost most of its rows',
    ['HOLD_CATEGORY_SHARE', 'HOLD_CATEGORY_ROWS_MIN'],
    categoriesLost,
  ),
  rows_below_usual: held('fewer rows than usual', ['HOLD_ROWS_SHARE', 'HOLD_ROWS_MIN'], rowsBelowUsual),
  rows_below_sisters: held(
    'a first scrape with far fewer rows than other stores',
    ['HOLD_SISTERS_ROWS_SHARE', 'HOLD_ROWS_MIN'],
    rowsBelowSisters,
  ),
  categories_missing: held(
    'a first scrape lacks several categories that nearly all other stores have',
    ['HOLD_CATEGORY_SHARE', 'HOLD_CATEGORY_ROWS_MIN'],
    categoriesAbsentHeld,
  ),
  rows_repeated: held('the same rows again and again', ['HOLD_REPEATED_SHARE'], rowsRepeated),
  category_missing: finding(
    'a first scrape lacks a category that nearly all other stores have',
    [],
    categoryAbsentTold,
  ),
  category_renamed: finding('a top category has another name', [], categoriesRenamed),
  prices_by_factor_near_one: finding('most prices changed by one small factor', [], pricesByFactorNearOne),
  values_rewritten: finding('a field is written in another way', [], valuesRewritten),
  flag_constant: finding('a flag says the same of every row', [], flagsConstant),
  unit_price_disagrees: finding('unit prices fit neither their text nor price ÷ size', [], unitPricesDisagree),
  one_brand: finding('one brand across unlike categories', [], oneBrand),
  template_address: finding('addresses that are templates', [], textFaults('template', 'urlTemplate')),
  mojibake: finding('names in a wrong encoding', [], textFaults('mojibake')),
  html_in_names: finding('HTML in names', [], textFaults('html')),
}
