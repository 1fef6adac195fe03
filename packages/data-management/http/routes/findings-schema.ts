/** What the requests about findings and beliefs take and answer, as JSON Schema. */
import type { Static } from 'typebox'
import { COUNT, DATE, TEXT, TEXT_OR_NULL, TIME, TIME_OR_NULL } from '../edge/parameters.ts'

const REASON_CHARACTERS_MAX = 500

/** One finding of a whole chain. `believed_stores`: of how many of its stores that is believed. */
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
    /** The newest scrape that shows it. */
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

/** A belief; one that was taken back says when and by whom. */
export const BELIEF = {
  type: 'object',
  required: ['id', 'company', 'store', 'rule', 'field', 'since', 'who', 'reason', 'undone_at', 'undone_by'],
  properties: {
    id: COUNT,
    company: { type: 'string' },
    /** null: all stores of the company. */
    store: TEXT_OR_NULL,
    rule: { type: 'string' },
    /** null: whatever field the rule speaks of. */
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
    /** Also those that were taken back, the newest first. */
    beliefs: { type: 'array', items: BELIEF },
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

/** A finding of a chain, as it is answered. */
export type ChainFindingView = Static<typeof CHAIN_FINDING>

/** A belief, as it is answered. */
export type BeliefView = Static<typeof BELIEF>

/** All of them, as they are answered. */
export type FindingsView = Static<typeof FINDINGS_RESPONSE>
