/** Requests and answers about rejected rows, as JSON Schema. */

import type { Static } from 'typebox'
import { objectOf } from '../edge/object-schema.ts'
import { AFTER, COUNT, pageSize, STORE, TEXT, TEXT_OR_NULL, TIME } from '../edge/parameters.ts'

/** Filters for rejected rows. `store`: company/store_id; `since`: only of loads that ended since then. */
const FILTERS = {
  code: { type: 'string', minLength: 1, maxLength: 64 },
  field: { type: 'string', minLength: 1, maxLength: 200 },
  company: TEXT,
  store: STORE,
  upload: { type: 'string', minLength: 1, maxLength: 64 },
  since: TIME,
} as const

export const REJECTS_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { ...FILTERS, limit: pageSize(50, 200), after: AFTER },
} as const

export const REJECT_LINES_QUERY = { type: 'object', additionalProperties: false, properties: FILTERS } as const

const REJECTED_LINE = objectOf({
  upload_id: TEXT_OR_NULL,
  filename: { type: 'string' },
  line: COUNT,
  reason: { type: 'string' },
  /** The beginning of the line; null: only its line number was stored, or it is not UTF-8. */
  raw: TEXT_OR_NULL,
  /** The beginning of the line in base64; null unless it is not UTF-8. */
  raw_base64: TEXT_OR_NULL,
})

/**
 * Rejected rows with the same code, field and source. Company and store are those of the whole file; null: it has
 * several, or they are unknown.
 */
const GROUP = objectOf({
  code: { type: 'string' },
  field: TEXT_OR_NULL,
  company: TEXT_OR_NULL,
  store_id: TEXT_OR_NULL,
  store_name: TEXT_OR_NULL,
  count: COUNT,
  uploads: COUNT,
  last_at: TIME,
  /** The first line of this group in each of the newest files, up to 3. */
  samples: { type: 'array', items: REJECTED_LINE },
})

export const REJECTS_RESPONSE = objectOf({
  groups: { type: 'array', items: GROUP },
  next: TEXT_OR_NULL,
  /** The number of rejected rows in all groups. */
  rejects: COUNT,
})

export type RejectsQuery = {
  code?: string
  field?: string
  company?: string
  store?: string
  upload?: string
  since?: string
}

/** A group of rejects, as the API returns it. */
export type RejectGroupView = Static<typeof GROUP>

/** A page of groups of rejects, as the API returns it. */
export type RejectPage = Static<typeof REJECTS_RESPONSE>
