/** Query and answer of `GET /api/changes`, as JSON Schema. */

import type { Static } from 'typebox'
import { CHANGE_KINDS } from '../../catalogue/model/changes.ts'
import { objectOf } from '../edge/object-schema.ts'
import { AFTER, CENTS_OR_NULL, COUNT, DATE, pageSize, STORE, TEXT, TEXT_OR_NULL } from '../edge/parameters.ts'
import { UNIT_PRICE } from './chains-schema.ts'

/** The formats of the answer, and their media types. */
export const CHANGE_FORMATS = { json: 'application/json', csv: 'text/csv', atom: 'application/atom+xml' } as const

export const CHANGES_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    from: { ...DATE, description: 'the first date' },
    to: { ...DATE, description: 'the last date' },
    days: {
      type: 'integer',
      minimum: 1,
      maximum: 366,
      default: 1,
      description: 'without from and to: this number of days, which ends with the latest date of a change',
    },
    kind: {
      type: 'array',
      items: { enum: CHANGE_KINDS },
      description: 'may be repeated; none: all kinds. new, back and gone mean: in a store',
    },
    company: TEXT,
    store: { ...STORE, description: 'company/store_id: only changes in this store' },
    category: { ...TEXT, description: 'the name of a category, at any level' },
    upload: { ...TEXT, description: 'the id of an upload: only changes by its scrapes' },
    sort: {
      enum: ['share', 'cents'],
      default: 'share',
      description: 'the largest change first, by share of the price or by cents',
    },
    format: { enum: Object.keys(CHANGE_FORMATS) as (keyof typeof CHANGE_FORMATS)[] },
    limit: pageSize(50, 200),
    after: AFTER,
  },
} as const

const KIND = { enum: CHANGE_KINDS } as const

const CHANGE = objectOf({
  kind: KIND,
  product_id: { type: 'integer' },
  company: { type: 'string' },
  sku: TEXT_OR_NULL,
  key: { type: 'string' },
  name: { type: 'string' },
  size: TEXT_OR_NULL,
  from_cents: CENTS_OR_NULL,
  to_cents: CENTS_OR_NULL,
  change_cents: { ...CENTS_OR_NULL, description: 'the change of the price; below 0: cheaper; null: new, back or gone' },
  change_share: { type: ['number', 'null'], description: 'change_cents as a share of the price before' },
  ...UNIT_PRICE,
  stores: { ...COUNT, description: 'the number of stores; a store with this change on two dates counts twice' },
  first_date: DATE,
  last_date: DATE,
})

const DATE_OR_NULL = { anyOf: [{ type: 'null' }, DATE] } as const

export const CHANGES_RESPONSE = objectOf({
  from: DATE_OR_NULL,
  to: DATE_OR_NULL,
  counts: {
    type: 'array',
    items: objectOf({ kind: KIND, lines: COUNT, stores: COUNT }),
    description: 'for each kind: changed listings, each date counted separately, and the sum of their stores',
  },
  changes: { type: 'array', items: CHANGE },
  next: TEXT_OR_NULL,
  is_counted: { type: 'boolean', description: 'false: changes by the latest loads are still missing' },
})

/** A page of changes, as the API returns it. */
export type ChangePage = Static<typeof CHANGES_RESPONSE>
