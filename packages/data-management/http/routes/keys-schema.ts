/** What the requests about keys take and answer, as JSON Schema. */
import type { Static } from 'typebox'
import { AFTER, limitOf, TEXT_OR_NULL, TIME, TIME_OR_NULL } from '../edge/parameters.ts'
import { MACHINE_SCHEMA } from './machines-schema.ts'

const NAME_CHARACTERS_MAX = 100
const ONLY_FOR_MAX = 200
const ONLY_FROM_MAX = 100
const OVERLAP_HOURS_MAX = 24 * 90

const SCOPES = { type: 'array', items: { enum: ['upload', 'read', 'admin'] } } as const

/** Companies, or stores as company/store. */
const STORES = { type: 'string', minLength: 1, maxLength: 601, pattern: '^[^\\n]+$' } as const

/** An address or network of IP. */
const NETWORK = { type: 'string', minLength: 2, maxLength: 50 } as const

export const KEYS_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { limit: limitOf(100, 500), after: AFTER },
} as const

export const NEW_KEY_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'scopes'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: NAME_CHARACTERS_MAX },
    scopes: { ...SCOPES, minItems: 1, uniqueItems: true },
    /** What it may send: companies, or stores as company/store. Not given: everything. */
    only_for: { type: 'array', minItems: 1, maxItems: ONLY_FOR_MAX, items: STORES },
    /** Where it may come from: addresses and networks. Not given: anywhere. */
    only_from: { type: 'array', minItems: 1, maxItems: ONLY_FROM_MAX, items: NETWORK },
    expires_at: TIME,
  },
} as const

/** A one-time code that was just made: only this once. */
export const INVITATION_SCHEMA = {
  type: 'object',
  required: ['code', 'created_at', 'expires_at'],
  properties: { code: { type: 'string' }, created_at: TIME, expires_at: TIME },
} as const

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
  /** Null: it may send the rows of every store. */
  only_for: { anyOf: [{ type: 'null' }, { type: 'array', items: { type: 'string' } }] },
  /** Null: it may come from anywhere. */
  only_from: { anyOf: [{ type: 'null' }, { type: 'array', items: { type: 'string' } }] },
  state: { enum: ['works', 'expired', 'revoked'] },
  created_at: TIME,
  expires_at: TIME_OR_NULL,
  revoked_at: TIME_OR_NULL,
  /** The id of the key that replaces it. */
  rotated_to: TEXT_OR_NULL,
  last_used_at: TIME_OR_NULL,
  last_used_from: TEXT_OR_NULL,
  /** What the machine that has it said of itself last; null: nothing yet. */
  machine: { anyOf: [{ type: 'null' }, MACHINE_SCHEMA] },
} as const

const KEY_REQUIRED = [
  'id',
  'name',
  'scopes',
  'only_for',
  'only_from',
  'state',
  'created_at',
  'expires_at',
  'revoked_at',
  'rotated_to',
  'last_used_at',
  'last_used_from',
  'machine',
] as const

/** A key, as it is answered; never the text of one. */
export const KEY_SCHEMA = { type: 'object', required: KEY_REQUIRED, properties: KEY } as const

export const KEYS_RESPONSE = {
  type: 'object',
  required: ['keys', 'next'],
  properties: { keys: { type: 'array', items: KEY_SCHEMA }, next: TEXT_OR_NULL },
} as const

/** A key that was just made, with its text in `key`: only this once. */
export const MADE_KEY_SCHEMA = {
  type: 'object',
  required: [...KEY_REQUIRED, 'key'],
  properties: { ...KEY, key: { type: 'string' } },
} as const

export type NewKeyBody = {
  name: string
  scopes: ('upload' | 'read' | 'admin')[]
  only_for?: string[]
  only_from?: string[]
  expires_at?: string
}

export type KeyView = Static<typeof KEY_SCHEMA>

/** A page of keys, as it is answered. */
export type KeyPage = Static<typeof KEYS_RESPONSE>

/** A key that was just made, as it is answered. */
export type MadeKeyView = Static<typeof MADE_KEY_SCHEMA>
