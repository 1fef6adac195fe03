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
  pageSize,
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
        'words of name and brand; all must match, the last one also as a prefix; a word that occurs nowhere is corrected as a misspelling',
    },
    barcode: TEXT,
    sku: TEXT,
    company: TEXT,
    category: { ...TEXT, description: 'the name of a category, anywhere in the path' },
    special: { type: 'boolean', default: false, description: 'only products on special in a store that is not silent' },
    prices: { type: 'boolean', default: false, description: 'adds the range of current prices over all stores' },
    sort: {
      type: 'string',
      enum: ['price', 'unit_price', 'drop'],
      description: `the lowest price, the lowest unit price, or the largest price drop within 30 days first, among the best ${RANKED_MAX} matches; needs q or category`,
    },
    unit: { type: 'string', enum: UNITS, description: 'with sort=unit_price: only products measured in this unit' },
    unit_price_max: {
      type: 'integer',
      minimum: 0,
      description: 'with sort=unit_price and unit: the most cents per 100 g, 100 ml, 1 m or each',
    },
    limit: pageSize(20, 100),
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
  gtin: { ...TEXT_OR_NULL, description: 'its barcode in 14 digits, if that is a GTIN' },
  evidence: {
    type: ['string', 'null'],
    enum: [...EVIDENCE_KINDS, null],
    description: 'why it is joined with the other listings: a verdict of a person, a GTIN, or name and size',
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

const PRICE_RANGE = objectOf({
  stores: COUNT,
  silent_stores: COUNT,
  lowest_cents: CENTS_OR_NULL,
  highest_cents: CENTS_OR_NULL,
})

export const LIST_RESPONSE = objectOf({
  products: {
    type: 'array',
    items: { ...objectOf(PRODUCT), properties: { ...PRODUCT, now: PRICE_RANGE, ...UNIT_PRICE } },
  },
  next: TEXT_OR_NULL,
  total: BOUNDED_COUNT,
  corrected: { ...TEXT_OR_NULL, description: 'the words that were searched instead of q, if one of q was corrected' },
  categories: {
    type: 'array',
    items: { type: 'string' },
    description: 'names for the parameter category: those with the most matches; without q, the top categories',
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

/** How two listings of different products belong together: identical or comparable, how likely, and why. */
export const PAIRED = {
  level: { type: 'string', enum: ['identical', 'comparable'] },
  score: { type: ['number', 'null'], description: 'from 0 to 1; null: only by the verdict of a person' },
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
  said_by: { ...TEXT_OR_NULL, description: 'the person whose verdict is that they are comparable; null: nobody' },
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
    description: 'one entry for each company, the cheapest first, silent ones last',
  },
  lowest_ever: {
    anyOf: [{ type: 'null' }, LOWEST_EVER],
    description: 'the lowest price ever, and the last date on which a store had it',
  },
  prices: { type: 'array', items: PRICE_NOW },
  comparable: {
    type: 'array',
    items: COMPARABLE,
    description: 'comparable listings of other products; not included in its prices',
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
    limit: pageSize(10, CHART_STORES_MAX),
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
