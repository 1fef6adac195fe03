/** Requests and answers of `/api/session` and `/api/sessions`, as JSON Schema. */

import type { Static } from 'typebox'
import { objectOf } from '../edge/object-schema.ts'
import { TIME, TIME_OR_NULL } from '../edge/parameters.ts'

const KEY_CHARACTERS_MAX = 500

export const SIGN_IN_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['key'],
  properties: { key: { type: 'string', minLength: 1, maxLength: KEY_CHARACTERS_MAX } },
} as const

/** The session. `expires_at` null: never; `time_zone`: the one in which days begin; `currency`: that of all prices. */
export const SESSION_RESPONSE = objectOf({
  key_id: { type: 'string' },
  name: { type: 'string' },
  scopes: { type: 'array', items: { enum: ['upload', 'read', 'admin'] } },
  expires_at: TIME_OR_NULL,
  time_zone: { type: 'string' },
  currency: { type: ['string', 'null'] },
})

const OPEN_SESSION = objectOf({
  id: { type: 'string' },
  key_id: { type: 'string' },
  name: { type: 'string' },
  signed_in_at: TIME,
  /** When the session expires unless it is used before; use extends it, up to 90 days in total. */
  expires_at: TIME,
})

export const SESSIONS_RESPONSE = objectOf({ sessions: { type: 'array', items: OPEN_SESSION } })

/** The open sessions, as the API returns them. */
export type SessionsView = Static<typeof SESSIONS_RESPONSE>

export type SignIn = Static<typeof SIGN_IN_BODY>

/** The current session, as the API returns it. */
export type SessionView = Static<typeof SESSION_RESPONSE>
