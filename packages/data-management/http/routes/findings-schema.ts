/** Requests and answers about findings and beliefs, as JSON Schema. */

import type { Static } from 'typebox'
import { objectOf } from '../edge/object-schema.ts'
import { COUNT, DATE, TEXT, TEXT_OR_NULL, TIME, TIME_OR_NULL } from '../edge/parameters.ts'

const REASON_CHARACTERS_MAX = 500

/** A finding in stores of one company. `believed_stores`: in how many of them a belief covers it. */
export const CHAIN_FINDING = objectOf({
  company: { type: 'string' },
  rule: { type: 'string' },
  field: TEXT_OR_NULL,
  brief: { type: 'string' },
  stores: COUNT,
  believed_stores: COUNT,
  /** The newest scrape with this finding. */
  example: objectOf({
    upload_id: TEXT_OR_NULL,
    store_id: { type: 'string' },
    store_name: { type: 'string' },
    date: DATE,
    sentence: { type: 'string' },
  }),
})

/** A belief: a person accepts a finding as correct from then on. `undone_at` and `undone_by`: set if it was undone. */
export const BELIEF_SCHEMA = objectOf({
  id: COUNT,
  company: { type: 'string' },
  /** null: all stores of the company. */
  store: TEXT_OR_NULL,
  rule: { type: 'string' },
  /** null: all fields of the rule. */
  field: TEXT_OR_NULL,
  since: TIME,
  who: { type: 'string' },
  reason: TEXT_OR_NULL,
  undone_at: TIME_OR_NULL,
  undone_by: TEXT_OR_NULL,
})

export const FINDINGS_RESPONSE = objectOf({
  findings: { type: 'array', items: CHAIN_FINDING },
  /** All beliefs, newest first, including undone ones. */
  beliefs: { type: 'array', items: BELIEF_SCHEMA },
})

export const BELIEF_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['company', 'rule'],
  properties: {
    company: TEXT,
    store_id: TEXT,
    rule: TEXT,
    field: TEXT,
    reason: { type: 'string', maxLength: REASON_CHARACTERS_MAX },
  },
} as const

export type BeliefBody = { company: string; store_id?: string; rule: string; field?: string; reason?: string }

/** A finding in stores of one company, as the API returns it. */
export type ChainFindingView = Static<typeof CHAIN_FINDING>

/** A belief, as the API returns it. */
export type BeliefView = Static<typeof BELIEF_SCHEMA>

/** All findings and beliefs, as the API returns them. */
export type FindingsView = Static<typeof FINDINGS_RESPONSE>
