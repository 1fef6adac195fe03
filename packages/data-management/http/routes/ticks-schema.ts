/** Requests and answers for ticking off entries of the overview, as JSON Schema. */

import type { Static } from 'typebox'
import { objectOf } from '../edge/object-schema.ts'
import { COUNT, DATE, TIME } from '../edge/parameters.ts'

const SUBJECT_CHARACTERS_MAX = 2_000

/** The kinds of entries of the overview that can be ticked off. */
export const TICK_KINDS = ['silent', 'late', 'partial', 'held', 'failed', 'findings', 'rejects'] as const

const DATE_OR_NULL = { ...DATE, type: ['string', 'null'] } as const
const ENTRY_NAME = {
  kind: { enum: TICK_KINDS },
  /**
   * The id of an upload, or the SHA-256 of a file whose upload is unknown; or a JSON array: for a store
   * [company, store_id], for a finding [company, rule, field, brief].
   */
  subject: { type: 'string', minLength: 1, maxLength: SUBJECT_CHARACTERS_MAX, pattern: '^[^\\u0000]*$' },
} as const

/** A tick, as the API returns it. */
export const TICK = objectOf({
  kind: { type: 'string' },
  subject: { type: 'string' },
  text: { type: 'string' },
  until: {
    ...DATE_OR_NULL,
    description: 'the tick ends on this day, or earlier when the entry changes; null: only when it changes',
  },
  at: TIME,
  who: { type: 'string' },
})

/** The newest 100 ticks, and the number of all. */
export const TICKS_RESPONSE_FIELDS = { ticked: { type: 'array', items: TICK }, ticked_count: COUNT } as const

export const TICK_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'subject', 'until'],
  properties: { ...ENTRY_NAME, until: DATE_OR_NULL },
} as const

export const UNTICK_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'subject'],
  properties: ENTRY_NAME,
} as const

export type TickView = Static<typeof TICK>
export type TicksView = Readonly<{ ticked: TickView[]; ticked_count: number }>
export type TickBody = Static<typeof TICK_BODY>
export type UntickBody = Static<typeof UNTICK_BODY>
