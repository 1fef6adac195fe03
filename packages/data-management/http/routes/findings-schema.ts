/** Requests and answers about findings and beliefs, as JSON Schema. */
import type { Static } from 'typebox'
import { COUNT, DATE, TEXT, TEXT_OR_NULL, TIME, TIME_OR_NULL } from '../edge/parameters.ts'

const REASON_CHARACTERS_MAX = 500

/** One finding of a chain. `believed_stores`: the number of its stores that a belief covers. */
export const CHAIN_FINDING = {
  type: 'object',
  required: ['company', 'rule', 'field', 'brief', 'stores', 'believed_stores', 'example'],
  properties: {
    company: { type: 'string' },
    rule: { type: 'string' },
    field: TEXT_OR_NULL,
    brief: { type: 'string' },
    stores: COUNT,
    believed_stores: COUNT,
    /** The newest scrape with this finding. */
    example: {
      type: 'object',
      required: ['upload_id', 'store_id', 'store_name', 'date', 'sentence'],
      properties: {
        upload_id: TEXT_OR_NULL,
        store_id: { type: 'string' },
        store_name: { type: 'string' },
        date: DATE,
        sentence: { type: 'string' },
      },
    },
  },
} as const

/** A belief: a person accepts a finding from then on. `undone_at` and `undone_by` are set if it was taken back. */
export const BELIEF_SCHEMA = {
  type: 'object',
  required: ['id', 'company', 'store', 'rule', 'field', 'since', 'who', 'reason', 'undone_at', 'undone_by'],
  properties: {
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
  },
} as const

export const FINDINGS_RESPONSE = {
  type: 'object',
  required: ['findings', 'beliefs'],
  properties: {
    findings: { type: 'array', items: CHAIN_FINDING },
    /** Includes those that were taken back, newest first. */
    beliefs: { type: 'array', items: BELIEF_SCHEMA },
  },
} as const

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

/** A finding of a chain, as the API returns it. */
export type ChainFindingView = Static<typeof CHAIN_FINDING>

/** A belief, as the API returns it. */
export type BeliefView = Static<typeof BELIEF_SCHEMA>

/** All findings and beliefs, as the API returns them. */
export type FindingsView = Static<typeof FINDINGS_RESPONSE>
