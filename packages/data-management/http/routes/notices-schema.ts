/** Requests and answers about notices, as JSON Schema. */

import type { Static } from 'typebox'
import { objectOf } from '../edge/object-schema.ts'
import { COUNT, TEXT_OR_NULL, TIME, TIME_OR_NULL } from '../edge/parameters.ts'
import { TICKS_RESPONSE_FIELDS } from './ticks-schema.ts'

/** A receiver of notices, and how its deliveries went. */
const RECEIVER = objectOf({
  name: { type: 'string' },
  /** Its host, without secrets. */
  where: { type: 'string' },
  /** The number of notices not yet delivered to it. */
  waiting: COUNT,
  /** The number of failed deliveries since the last successful one. */
  failures: COUNT,
  last_at: TIME_OR_NULL,
  last_answer: TEXT_OR_NULL,
  /** The time of the last successful delivery. */
  told_at: TIME_OR_NULL,
  /** The time of the next attempt. */
  next_at: TIME_OR_NULL,
})

/** A condition that needs a person now. */
const CONDITION = objectOf({
  kind: { type: 'string' },
  subject: { type: 'string' },
  text: { type: 'string' },
  since: TIME,
  /** Whether it has lasted long enough for a notice. */
  is_told: { type: 'boolean' },
  todo: { type: 'string' },
})

const NOTICE = objectOf({
  id: COUNT,
  at: TIME,
  kind: { type: 'string' },
  subject: { type: 'string' },
  is_over: { type: 'boolean' },
  text: { type: 'string' },
})

export const NOTICES_RESPONSE = objectOf({
  receivers: { type: 'array', items: RECEIVER },
  /** Newest first, 200 at most. */
  conditions: { type: 'array', items: CONDITION },
  /** Ticks of conditions: no notices are sent for these. */
  ...TICKS_RESPONSE_FIELDS,
  notices: { type: 'array', items: NOTICE },
  next: { type: ['integer', 'null'] },
})

export const TEST_BODY = {
  type: 'object',
  additionalProperties: false,
  properties: { receiver: { type: 'string', minLength: 1, maxLength: 40 } },
} as const

export const TEST_RESPONSE = objectOf({
  answers: {
    type: 'array',
    items: objectOf({ name: { type: 'string' }, taken: { type: 'boolean' }, answer: { type: 'string' } }),
  },
})

/** A page of notices, with receivers and conditions, as the API returns it. */
export type NoticesView = Static<typeof NOTICES_RESPONSE>
export type ReceiverView = Static<typeof RECEIVER>
export type ConditionView = Static<typeof CONDITION>
export type NoticeView = Static<typeof NOTICE>
export type TestView = Static<typeof TEST_RESPONSE>
