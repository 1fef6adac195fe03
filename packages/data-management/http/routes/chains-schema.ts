/** The prices of a product in each company, as JSON Schema. */
import { objectOf } from '../edge/object-schema.ts'
import { CENTS_OR_NULL, COUNT, DATE, TEXT_OR_NULL } from '../edge/parameters.ts'

/** The unit price, such as cents per 100 g. */
export const UNIT_PRICE = {
  unit_price_cents: { ...CENTS_OR_NULL, description: 'the price per unit_price_per; null: its size is unknown' },
  unit_price_per: { ...TEXT_OR_NULL, description: '100 g, 100 ml, 1 m or each' },
} as const

/** A summary of the prices of one company. */
export const CHAIN = objectOf({
  company: { type: 'string' },
  lowest_cents: { ...CENTS_OR_NULL, description: 'the lowest price; if is_silent, the last known one' },
  highest_cents: CENTS_OR_NULL,
  ...UNIT_PRICE,
  stores: COUNT,
  lowest_stores: { ...COUNT, description: 'how many of the stores have the lowest price' },
  silent_stores: COUNT,
  seen_on: { ...DATE, description: 'the latest scrape date of the stores with the lowest price' },
  is_silent: { type: 'boolean', description: 'all its stores are silent; `now` includes none of its prices' },
  is_on_special: { type: 'boolean' },
  was_price_cents: { ...CENTS_OR_NULL, description: 'the previous price, as the shop states it' },
  usual_cents: {
    ...CENTS_OR_NULL,
    description: 'the median price of the last 90 days in all its stores; without specials, if there are other prices',
  },
  usual_special_cents: { ...CENTS_OR_NULL, description: 'the median price of the days on which it was on special' },
  lowest_before_cents: {
    ...CENTS_OR_NULL,
    description: 'the lowest price in any of its stores in the 30 days before the current lowest price began',
  },
})

/** The lowest price ever, and the last date on which a store had it. */
export const LOWEST_EVER = objectOf({ price_cents: { type: 'integer' }, company: { type: 'string' }, on: DATE })

const STEP = objectOf({ from: DATE, to: DATE, lowest_cents: { type: 'integer' }, highest_cents: { type: 'integer' } })

export const CHAINS_RESPONSE = objectOf({
  chains: {
    type: 'array',
    items: objectOf({
      company: { type: 'string' },
      steps: {
        type: 'array',
        items: STEP,
        description: 'dates with the same prices; only the newest if there are many. In gaps, no store sold it',
      },
    }),
  },
})
