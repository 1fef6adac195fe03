/** What `/api/session` takes and answers, as JSON Schema. */
import type { Static } from 'typebox'
import { TIME, TIME_OR_NULL } from '../edge/parameters.ts'

const KEY_CHARACTERS_MAX = 500

export const SIGN_IN_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['key'],
  properties: { key: { type: 'string', minLength: 1, maxLength: KEY_CHARACTERS_MAX } },
} as const

/** Who is signed in: the key's id, name and scopes, and until when at the latest; null: for ever. `time_zone`: in which the server's days begin; `currency`: that of its prices. */
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
    /** Unless it is used; a session that is used lasts no more than 90 days. */
    expires_at: TIME,
  },
} as const

export const SESSIONS_RESPONSE = {
  type: 'object',
  required: ['sessions'],
  properties: { sessions: { type: 'array', items: OPEN_SESSION } },
} as const

/** Who is signed in, as it is answered. */
export type SessionsView = Static<typeof SESSIONS_RESPONSE>

export type SignIn = Static<typeof SIGN_IN_BODY>

/** A session, as it is answered. */
export type SessionView = Static<typeof SESSION_RESPONSE>
