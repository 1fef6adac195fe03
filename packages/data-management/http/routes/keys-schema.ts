/** Requests and answers about keys, as JSON Schema. */

import type { Static } from 'typebox'
import { objectOf } from '../edge/object-schema.ts'
import { AFTER, pageSize, TEXT_OR_NULL, TIME, TIME_OR_NULL } from '../edge/parameters.ts'
import { MACHINE_SCHEMA } from './machines-schema.ts'

const NAME_CHARACTERS_MAX = 100
const ONLY_FOR_MAX = 200
const ONLY_FROM_MAX = 100
const OVERLAP_HOURS_MAX = 24 * 90

const SCOPES = { type: 'array', items: { enum: ['upload', 'read', 'admin'] } } as const

/** A company, or a store as company/store. */
const STORES = { type: 'string', minLength: 1, maxLength: 601, pattern: '^[^\\n]+$' } as const

/** An IP address or network. */
const NETWORK = { type: 'string', minLength: 2, maxLength: 50 } as const

export const KEYS_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { limit: pageSize(100, 500), after: AFTER },
} as const

export const NEW_KEY_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'scopes'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: NAME_CHARACTERS_MAX },
    scopes: { ...SCOPES, minItems: 1, uniqueItems: true },
    /** The companies, or stores as company/store, whose rows the key may send. Default: all. */
    only_for: { type: 'array', minItems: 1, maxItems: ONLY_FOR_MAX, items: STORES },
    /** The addresses and networks from which the key is valid. Default: any. */
    only_from: { type: 'array', minItems: 1, maxItems: ONLY_FROM_MAX, items: NETWORK },
    expires_at: TIME,
  },
} as const

/** A new one-time code. Only this answer contains it. */
export const INVITATION_SCHEMA = objectOf({ code: { type: 'string' }, created_at: TIME, expires_at: TIME })

const CODE_CHARACTERS_MAX = 40

export const CODE_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['code'],
  properties: { code: { type: 'string', minLength: 1, maxLength: CODE_CHARACTERS_MAX } },
} as const

export const ROTATE_BODY = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: { overlap_hours: { type: 'integer', minimum: 0, maximum: OVERLAP_HOURS_MAX, default: 24 } },
} as const

export const REVOKE_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { successors: { type: 'boolean', default: false } },
} as const

const KEY = {
  id: { type: 'string' },
  name: { type: 'string' },
  scopes: SCOPES,
  /** null: the key may send the rows of all stores. */
  only_for: { anyOf: [{ type: 'null' }, { type: 'array', items: { type: 'string' } }] },
  /** null: the key is valid from any address. */
  only_from: { anyOf: [{ type: 'null' }, { type: 'array', items: { type: 'string' } }] },
  state: { enum: ['works', 'expired', 'revoked'] },
  created_at: TIME,
  expires_at: TIME_OR_NULL,
  revoked_at: TIME_OR_NULL,
  /** The id of the key that replaces it. */
  rotated_to: TEXT_OR_NULL,
  last_used_at: TIME_OR_NULL,
  last_used_from: TEXT_OR_NULL,
  /** The latest heartbeat of the machine that has the key; null: none yet. */
  machine: { anyOf: [{ type: 'null' }, MACHINE_SCHEMA] },
} as const

/** A key, as the API returns it, without its secret text. */
export const KEY_SCHEMA = objectOf(KEY)

export const KEYS_RESPONSE = objectOf({ keys: { type: 'array', items: KEY_SCHEMA }, next: TEXT_OR_NULL })

/** A new key, with its secret text in `key`. Only this answer contains the text. */
export const MADE_KEY_SCHEMA = objectOf({ ...KEY, key: { type: 'string' } })

export type NewKeyBody = {
  name: string
  scopes: ('upload' | 'read' | 'admin')[]
  only_for?: string[]
  only_from?: string[]
  expires_at?: string
}

export type KeyView = Static<typeof KEY_SCHEMA>

/** A page of keys, as the API returns it. */
export type KeyPage = Static<typeof KEYS_RESPONSE>

/** A new key, as the API returns it. */
export type MadeKeyView = Static<typeof MADE_KEY_SCHEMA>
