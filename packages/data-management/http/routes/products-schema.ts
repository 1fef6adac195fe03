/** Requests and answers about products, as JSON Schema. */

import { EVIDENCE_KINDS } from '../../catalogue/queries/evidence.ts'
import { RANKED_MAX } from '../../catalogue/queries/ranked.ts'
import { UNITS } from '../../catalogue/queries/unit-prices.ts'
import { objectOf } from '../edge/object-schema.ts'
import {
  AFTER,
  BOUNDED_COUNT,
  CENTS_OR_NULL,
  COUNT,
  DATE,
  FLAG_OR_NULL,
  limitOf,
  STORE,
  STORE_TEXTS,
  TEXT,
  TEXT_OR_NULL,
} from '../edge/parameters.ts'
import { CHAIN, LOWEST_EVER, UNIT_PRICE } from './chains-schema.ts'
import { DETAILS } from './details-schema.ts'

const QUERY_CHARACTERS_MAX = 200
const CHART_STORES_MAX = 20

export const LIST_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    q: {
      type: 'string',
      maxLength: QUERY_CHARACTERS_MAX,
      description:
        'words of name and brand: all of them, the last one perhaps only begun; errors of typing are understood where a word is known nowhere',
    },
    barcode: TEXT,
    sku: TEXT,
    company: TEXT,
    category: { ...TEXT, description: 'the name of a category, anywhere in the path' },
    special: { type: 'boolean', default: false, description: 'only what a store that is not silent has on special' },
    prices: { type: 'boolean', default: false, description: 'with the range of prices over all stores' },
    sort: {
      type: 'string',
      enum: ['price', 'unit_price', 'drop'],
      description: `the cheapest first, the cheapest by amount, or what became cheaper by the largest share within 30 days, among the first ${RANKED_MAX} that are found; needs q or category`,
    },
    unit: { type: 'string', enum: UNITS, description: 'with sort=unit_price: only what is measured in this' },
    unit_price_max: {
      type: 'integer',
      minimum: 0,
      description: 'with sort=unit_price and unit: only what costs no more cents for 100 g, 100 ml, 1 m or one',
    },
    limit: limitOf(20, 100),
    after: AFTER,
  },
} as const

const LISTING_CODES = { sku: TEXT_OR_NULL, key: { type: 'string' } } as const

const TERMS = {
  price_cents: CENTS_OR_NULL,
  was_price_cents: CENTS_OR_NULL,
  is_on_special: FLAG_OR_NULL,
  is_available: FLAG_OR_NULL,
} as const

const LISTING = {
  company: { type: 'string' },
  ...LISTING_CODES,
  name: { type: 'string' },
  size: TEXT_OR_NULL,
  gtin: { ...TEXT_OR_NULL, description: 'its barcode in 14 digits, where that is a GTIN' },
  evidence: {
    type: ['string', 'null'],
    enum: [...EVIDENCE_KINDS, null],
    description: 'by what it is joined with the others: the word of a person, a GTIN, or name and size',
  },
  url: TEXT_OR_NULL,
} as const

const PRODUCT = {
  id: { type: 'integer' },
  name: { type: 'string' },
  brand: TEXT_OR_NULL,
  size: TEXT_OR_NULL,
  barcodes: { type: 'array', items: { type: 'string' } },
  image_url: TEXT_OR_NULL,
  categories: { type: 'array', items: { type: 'string' } },
  listings: { type: 'array', items: objectOf(LISTING) },
} as const

const PRODUCT_FIELDS = ['id', 'name', 'brand', 'size', 'barcodes', 'image_url', 'categories', 'listings'] as const

const PRICE_RANGE = objectOf({
  stores: COUNT,
  silent_stores: COUNT,
  lowest_cents: CENTS_OR_NULL,
  highest_cents: CENTS_OR_NULL,
})

export const LIST_RESPONSE = objectOf({
  products: {
    type: 'array',
    items: { type: 'object', required: PRODUCT_FIELDS, properties: { ...PRODUCT, now: PRICE_RANGE, ...UNIT_PRICE } },
  },
  next: TEXT_OR_NULL,
  total: BOUNDED_COUNT,
  corrected: { ...TEXT_OR_NULL, description: 'what was looked for, where a word of q is known nowhere' },
  categories: {
    type: 'array',
    items: { type: 'string' },
    description: 'names to ask for as category: where most of what is found stands; without q those at the top',
  },
})

const PRICE_NOW = objectOf({
  ...STORE_TEXTS,
  ...LISTING_CODES,
  date: DATE,
  is_silent: { type: 'boolean' },
  ...TERMS,
  ...UNIT_PRICE,
})

const DETAILED = {
  type: 'array',
  items: objectOf({ ...LISTING, details: DETAILS }),
} as const

/** A pair of listings of different products: whether they seem identical or comparable, how likely, and why. */
export const PAIRED = {
  level: { type: 'string', enum: ['identical', 'comparable'] },
  score: { type: ['number', 'null'], description: 'from 0 to 1; null where only a person has said so' },
  reasons: { type: 'array', items: { type: 'string' } },
} as const

const COMPARABLE = objectOf({
  product_id: { type: 'integer' },
  company: { type: 'string' },
  ...LISTING_CODES,
  name: { type: 'string' },
  size: TEXT_OR_NULL,
  image_url: TEXT_OR_NULL,
  ...PAIRED,
  said_by: { ...TEXT_OR_NULL, description: 'the person who has said that they are comparable; null: nobody' },
  lowest_cents: CENTS_OR_NULL,
  ...UNIT_PRICE,
})

export const ONE_RESPONSE = objectOf({
  ...PRODUCT,
  listings: DETAILED,
  now: PRICE_RANGE,
  chains: {
    type: 'array',
    items: CHAIN,
    description: 'one line for each company, the cheapest first, those that are silent last',
  },
  lowest_ever: {
    anyOf: [{ type: 'null' }, LOWEST_EVER],
    description: 'the lowest price that could be paid, and when last',
  },
  prices: { type: 'array', items: PRICE_NOW },
  comparable: {
    type: 'array',
    items: COMPARABLE,
    description: 'listings of other products that can stand beside it; they count in none of its prices',
  },
})

export const PRICES_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    store: {
      type: 'array',
      items: STORE,
      maxItems: CHART_STORES_MAX,
      description: 'company/store_id; may be repeated',
    },
    from: DATE,
    to: DATE,
    limit: limitOf(10, CHART_STORES_MAX),
    after: AFTER,
  },
} as const

const SPAN = objectOf({ from: DATE, to: DATE })

const PRICE_RUN = objectOf({ from: DATE, to: DATE, is_current: { type: 'boolean' }, ...LISTING_CODES, ...TERMS })

const STORE_PRICES = objectOf({
  ...STORE_TEXTS,
  is_silent: { type: 'boolean' },
  first_date: TEXT_OR_NULL,
  last_date: TEXT_OR_NULL,
  runs: { type: 'array', items: PRICE_RUN },
  gaps: { type: 'array', items: SPAN },
})

export const PRICES_RESPONSE = objectOf({ stores: { type: 'array', items: STORE_PRICES }, next: TEXT_OR_NULL })
