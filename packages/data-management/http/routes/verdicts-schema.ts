/** Requests and answers about suggested pairs and verdicts, as JSON Schema. */

import type { Static } from 'typebox'
import { VERDICTS } from '../../ledger/verdicts.ts'
import { objectOf } from '../edge/object-schema.ts'
import { AFTER, CENTS_OR_NULL, pageSize, TEXT, TEXT_OR_NULL, TIME, TIME_OR_NULL } from '../edge/parameters.ts'
import { UNIT_PRICE } from './chains-schema.ts'
import { PAIRED } from './products-schema.ts'

const REASON_CHARACTERS_MAX = 500

const PAIRED_LISTING = objectOf({
  product_id: { type: 'integer' },
  company: { type: 'string' },
  sku: TEXT_OR_NULL,
  key: { type: 'string' },
  name: { type: 'string' },
  brand: TEXT_OR_NULL,
  size: TEXT_OR_NULL,
  url: TEXT_OR_NULL,
  image_url: TEXT_OR_NULL,
  lowest_cents: CENTS_OR_NULL,
  ...UNIT_PRICE,
})

export const SUGGESTIONS_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { limit: pageSize(20, 100), after: AFTER },
} as const

export const SUGGESTIONS_RESPONSE = objectOf({
  pairs: {
    type: 'array',
    items: objectOf({ a: PAIRED_LISTING, b: PAIRED_LISTING, ...PAIRED, score: { type: 'number' } }),
  },
  next: TEXT_OR_NULL,
})

const LISTING = {
  type: 'object',
  additionalProperties: false,
  required: ['company'],
  properties: {
    company: TEXT,
    sku: { anyOf: [{ type: 'null' }, TEXT], description: 'its SKU; missing or null: it has none' },
    key: { ...TEXT, description: 'its normalized_name_brand_size, if it has no SKU' },
  },
} as const

const VERDICT = { type: 'string', enum: VERDICTS } as const

export const VERDICT_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['a', 'b', 'verdict'],
  properties: {
    a: LISTING,
    b: LISTING,
    verdict: VERDICT,
    reason: { type: 'string', maxLength: REASON_CHARACTERS_MAX },
  },
} as const

const JUDGED_LISTING = objectOf({ company: { type: 'string' }, sku: TEXT_OR_NULL, key: TEXT_OR_NULL })

export const VERDICT_SCHEMA = objectOf({
  id: { type: 'integer' },
  a: JUDGED_LISTING,
  b: JUDGED_LISTING,
  verdict: VERDICT,
  at: TIME,
  who: { type: 'string' },
  reason: TEXT_OR_NULL,
  undone_at: TIME_OR_NULL,
  undone_by: TEXT_OR_NULL,
})

export const VERDICTS_RESPONSE = objectOf({
  verdicts: { type: 'array', items: VERDICT_SCHEMA },
  next: { anyOf: [{ type: 'null' }, { type: 'integer' }] },
})

export type SuggestionPage = Static<typeof SUGGESTIONS_RESPONSE>
export type VerdictBody = Static<typeof VERDICT_BODY>
export type VerdictView = Static<typeof VERDICT_SCHEMA>
export type VerdictPage = Static<typeof VERDICTS_RESPONSE>
