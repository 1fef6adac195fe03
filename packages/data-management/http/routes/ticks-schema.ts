/** What the requests that tick off what needs attention take and answer, as JSON Schema. */
import type { Static } from 'typebox'
import { COUNT, DATE, TIME } from '../edge/parameters.ts'

const SUBJECT_CHARACTERS_MAX = 2_000

/** What of the overview can be ticked off. */
export const TICK_KINDS = ['silent', 'late', 'partial', 'held', 'failed', 'findings', 'rejects'] as const

const DATE_OR_NULL = { ...DATE, type: ['string', 'null'] } as const
const NAME = {
  kind: { enum: TICK_KINDS },
  /** The id of an upload, or the SHA-256 of a file of no known upload; of a store company and store_id, of a finding company, rule, field and brief, as a JSON array. */
  subject: { type: 'string', minLength: 1, maxLength: SUBJECT_CHARACTERS_MAX, pattern: '^[^\\u0000]*$' },
} as const

/** A tick, as it is answered. */
export const TICK = {
  type: 'object',
  required: ['kind', 'subject', 'text', 'until', 'at', 'who'],
  properties: {
    kind: { type: 'string' },
    subject: { type: 'string' },
    text: { type: 'string' },
    until: {
      ...DATE_OR_NULL,
      description: 'it needs attention again on this day, or before where it changes; null: only where it changes',
    },
    at: TIME,
    who: { type: 'string' },
  },
} as const

/** What is ticked off, the newest 100, and how much that is in all. */
export const TICKED = { ticked: { type: 'array', items: TICK }, ticked_count: COUNT } as const

export const TICK_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'subject', 'until'],
  properties: { ...NAME, until: DATE_OR_NULL },
} as const

export const UNTICK_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'subject'],
  properties: NAME,
} as const

export type TickView = Static<typeof TICK>
export type TicksView = Readonly<{ ticked: TickView[]; ticked_count: number }>
export type TickBody = Static<typeof TICK_BODY>
export type UntickBody = Static<typeof UNTICK_BODY>
