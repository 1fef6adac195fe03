/** What the requests about notices take and answer, as JSON Schema. */
import type { Static } from 'typebox'
import { COUNT, limitOf, TEXT_OR_NULL, TIME, TIME_OR_NULL } from '../edge/parameters.ts'
import { TICKED } from './ticks-schema.ts'

export const NOTICES_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { before: { type: 'integer', minimum: 1 }, limit: limitOf(50, 200) },
} as const

/** Somebody who is told. */
const RECEIVER = {
  type: 'object',
  required: ['name', 'where', 'waiting', 'failures', 'last_at', 'last_answer', 'told_at', 'next_at'],
  properties: {
    name: { type: 'string' },
    /** Its host; nothing that is secret. */
    where: { type: 'string' },
    /** How many notices it has not taken yet. */
    waiting: COUNT,
    /** How often in a row it has not taken them. */
    failures: COUNT,
    last_at: TIME_OR_NULL,
    last_answer: TEXT_OR_NULL,
    /** When it took some last. */
    told_at: TIME_OR_NULL,
    /** Until when it is left alone. */
    next_at: TIME_OR_NULL,
  },
} as const

/** What needs a person now. */
const CONDITION = {
  type: 'object',
  required: ['kind', 'subject', 'text', 'since', 'is_told', 'todo'],
  properties: {
    kind: { type: 'string' },
    subject: { type: 'string' },
    text: { type: 'string' },
    since: TIME,
    /** Whether it has lasted long enough to be told. */
    is_told: { type: 'boolean' },
    todo: { type: 'string' },
  },
} as const

const NOTICE = {
  type: 'object',
  required: ['id', 'at', 'kind', 'subject', 'is_over', 'text'],
  properties: {
    id: COUNT,
    at: TIME,
    kind: { type: 'string' },
    subject: { type: 'string' },
    is_over: { type: 'boolean' },
    text: { type: 'string' },
  },
} as const

export const NOTICES_RESPONSE = {
  type: 'object',
  required: ['receivers', 'conditions', 'ticked', 'ticked_count', 'notices', 'next'],
  properties: {
    receivers: { type: 'array', items: RECEIVER },
    /** The latest first, 200 at most. */
    conditions: { type: 'array', items: CONDITION },
    /** What was ticked off: nobody is told of it. */
    ...TICKED,
    notices: { type: 'array', items: NOTICE },
    next: { type: ['integer', 'null'] },
  },
} as const

export const TEST_BODY = {
  type: 'object',
  additionalProperties: false,
  properties: { receiver: { type: 'string', minLength: 1, maxLength: 40 } },
} as const

export const TEST_RESPONSE = {
  type: 'object',
  required: ['answers'],
  properties: {
    answers: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'taken', 'answer'],
        properties: { name: { type: 'string' }, taken: { type: 'boolean' }, answer: { type: 'string' } },
      },
    },
  },
} as const

/** Notices, and how it stands with those who are told, as it is answered. */
export type NoticesView = Static<typeof NOTICES_RESPONSE>
export type ReceiverView = Static<typeof RECEIVER>
export type ConditionView = Static<typeof CONDITION>
export type NoticeView = Static<typeof NOTICE>
export type TestView = Static<typeof TEST_RESPONSE>
