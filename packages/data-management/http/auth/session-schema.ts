/** Requests and answers of `/api/session` and `/api/sessions`, as JSON Schema. */
import type { Static } from 'typebox'
import { TIME, TIME_OR_NULL } from '../edge/parameters.ts'

const KEY_CHARACTERS_MAX = 500

export const SIGN_IN_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['key'],
  properties: { key: { type: 'string', minLength: 1, maxLength: KEY_CHARACTERS_MAX } },
} as const

/** The key that is signed in. `expires_at` null: never. `time_zone` is where days begin, `currency` that of prices. */
export const SESSION_RESPONSE = {
  type: 'object',
  required: ['key_id', 'name', 'scopes', 'expires_at', 'time_zone', 'currency'],
  properties: {
    key_id: { type: 'string' },
    name: { type: 'string' },
    scopes: { type: 'array', items: { enum: ['upload', 'read', 'admin'] } },
    expires_at: TIME_OR_NULL,
    time_zone: { type: 'string' },
    currency: { type: ['string', 'null'] },
  },
} as const

const OPEN_SESSION = {
  type: 'object',
  required: ['id', 'key_id', 'name', 'signed_in_at', 'expires_at'],
  properties: {
    id: { type: 'string' },
    key_id: { type: 'string' },
    name: { type: 'string' },
    signed_in_at: TIME,
    /** Expiry if the session is not used until then; use extends it, up to 90 days in all. */
    expires_at: TIME,
  },
} as const

export const SESSIONS_RESPONSE = {
  type: 'object',
  required: ['sessions'],
  properties: { sessions: { type: 'array', items: OPEN_SESSION } },
} as const

/** The open sessions, as answered. */
export type SessionsView = Static<typeof SESSIONS_RESPONSE>

export type SignIn = Static<typeof SIGN_IN_BODY>

/** The current session, as answered. */
export type SessionView = Static<typeof SESSION_RESPONSE>
