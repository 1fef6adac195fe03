/** The prices of a product in each chain, as JSON Schema. */
import { objectOf } from '../edge/object-schema.ts'
import { CENTS_OR_NULL, COUNT, DATE, TEXT_OR_NULL } from '../edge/parameters.ts'

/** Unit price, such as cents per 100 g. */
export const UNIT_PRICE = {
  unit_price_cents: { ...CENTS_OR_NULL, description: 'what it costs by amount; null where its size is not known' },
  unit_price_per: { ...TEXT_OR_NULL, description: '100 g, 100 ml, 1 m or each' },
} as const

const PROPERTIES = {
  company: { type: 'string' },
  lowest_cents: { ...CENTS_OR_NULL, description: 'what can be paid; where is_silent, what was asked once' },
  highest_cents: CENTS_OR_NULL,
  ...UNIT_PRICE,
  stores: COUNT,
  lowest_stores: { ...COUNT, description: 'how many of them ask the lowest price' },
  silent_stores: COUNT,
  seen_on: { ...DATE, description: 'the latest date on which one of those was seen' },
  is_silent: { type: 'boolean', description: 'all its stores are: none of its prices counts in `now`' },
  is_on_special: { type: 'boolean' },
  was_price_cents: { ...CENTS_OR_NULL, description: 'what the shop says it was before' },
  usual_cents: {
    ...CENTS_OR_NULL,
    description: 'the median of 90 days of all its stores, specials left out where others are',
  },
  usual_special_cents: { ...CENTS_OR_NULL, description: 'the median of all days on which it was on special' },
  lowest_before_cents: {
    ...CENTS_OR_NULL,
    description: 'the lowest of the 30 days before the lowest price of now began in any of its stores',
  },
} as const

const FIELDS = [
  'company',
  'lowest_cents',
  'highest_cents',
  'unit_price_cents',
  'unit_price_per',
  'stores',
  'lowest_stores',
  'silent_stores',
  'seen_on',
  'is_silent',
  'is_on_special',
  'was_price_cents',
  'usual_cents',
  'usual_special_cents',
  'lowest_before_cents',
] as const

/** The lowest price ever seen, and the last date on which it could be paid. */
export const LOWEST_EVER = objectOf({ price_cents: { type: 'integer' }, company: { type: 'string' }, on: DATE })

/** The prices of one chain, summed up. */
export const CHAIN = { type: 'object', required: FIELDS, properties: PROPERTIES } as const

const STEP = objectOf({ from: DATE, to: DATE, lowest_cents: { type: 'integer' }, highest_cents: { type: 'integer' } })

export const CHAINS_RESPONSE = objectOf({
  chains: {
    type: 'array',
    items: objectOf({
      company: { type: 'string' },
      steps: {
        type: 'array',
        items: STEP,
        description:
          'of what could be paid; where they are very many, the newest. Between them no store was known to sell it',
      },
    }),
  },
})
