/** Requests and answers about notices, as JSON Schema. */
import type { Static } from 'typebox'
import { COUNT, TEXT_OR_NULL, TIME, TIME_OR_NULL } from '../edge/parameters.ts'
import { TICKED } from './ticks-schema.ts'

/** A receiver of notices, and the state of its deliveries. */
const RECEIVER = {
  type: 'object',
  required: ['name', 'where', 'waiting', 'failures', 'last_at', 'last_answer', 'told_at', 'next_at'],
  properties: {
    name: { type: 'string' },
    /** Its host, without secrets. */
    where: { type: 'string' },
    /** Number of notices not yet delivered to it. */
    waiting: COUNT,
    /** Number of consecutive failed deliveries. */
    failures: COUNT,
    last_at: TIME_OR_NULL,
    last_answer: TEXT_OR_NULL,
    /** Time of the last successful delivery. */
    told_at: TIME_OR_NULL,
    /** Time of the next attempt. */
    next_at: TIME_OR_NULL,
  },
} as const

/** A condition that needs a person now. */
const CONDITION = {
  type: 'object',
  required: ['kind', 'subject', 'text', 'since', 'is_told', 'todo'],
  properties: {
    kind: { type: 'string' },
    subject: { type: 'string' },
    text: { type: 'string' },
    since: TIME,
    /** Whether it has lasted long enough for a notice. */
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
    /** Newest first, 200 at most. */
    conditions: { type: 'array', items: CONDITION },
    /** Conditions that were ticked off: no notices are sent for them. */
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

/** A page of notices, with receivers and conditions, as the API returns it. */
export type NoticesView = Static<typeof NOTICES_RESPONSE>
export type ReceiverView = Static<typeof RECEIVER>
export type ConditionView = Static<typeof CONDITION>
export type NoticeView = Static<typeof NOTICE>
export type TestView = Static<typeof TEST_RESPONSE>
