/** The settings of a store, as JSON Schema. */

import type { Static } from 'typebox'
import { objectOf } from '../edge/object-schema.ts'
import { DATE, STORE, TEXT_OR_NULL, TIME } from '../edge/parameters.ts'

/** Maximum of `expected_days`, and of the characters of a note. */
export const EXPECTED_DAYS_MAX = 366
export const NOTE_CHARACTERS_MAX = 1_000

// One schema with two types: with `anyOf`, type coercion would turn 0 and '' into null.
const DATE_OR_NULL = { ...DATE, type: ['string', 'null'] } as const

/** The settings of a store, as the API returns them. */
export const STORE_SETTINGS = objectOf({
  expected_days: {
    type: ['number', 'null'],
    description: 'days from one scrape to the next; replaces the interval that the server has computed',
  },
  is_retired: { type: 'boolean', description: 'the store is no longer scraped: no scrape is expected' },
  snoozed_until: { ...DATE_OR_NULL, description: 'before this date, the store needs no attention' },
  note: TEXT_OR_NULL,
  set_at: TIME,
  set_by: { type: 'string' },
})

/** All settings of a store; null clears one. */
export const STORE_SETTINGS_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['store', 'expected_days', 'is_retired', 'snoozed_until', 'note'],
  properties: {
    store: STORE,
    expected_days: { type: ['number', 'null'], minimum: 1, maximum: EXPECTED_DAYS_MAX },
    is_retired: { type: 'boolean' },
    snoozed_until: DATE_OR_NULL,
    note: { type: ['string', 'null'], maxLength: NOTE_CHARACTERS_MAX, pattern: '^[^\\u0000]*$' },
  },
} as const

/** The settings of a store, as the API returns them, and as they are sent. */
export type StoreSettingsView = Static<typeof STORE_SETTINGS>
export type StoreSettingsBody = Static<typeof STORE_SETTINGS_BODY>
