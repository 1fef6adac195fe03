/** Query and answer of `GET /api/overview`, as JSON Schema. */
import { objectOf } from '../edge/object-schema.ts'
import { BOUNDED_COUNT, COUNT, DATE, TEXT_OR_NULL, TIME } from '../edge/parameters.ts'
import { CHAIN_FINDING } from './findings-schema.ts'
import { DAYS, SOURCE_SCHEMA } from './sources.ts'
import { DISK_SCHEMA, INBOX_SCHEMA, LOADER_SCHEMA } from './system-schema.ts'
import { TICKED } from './ticks-schema.ts'

/** `since`: when today began, for example midnight in the viewer's time zone. */
export const OVERVIEW_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { since: TIME },
} as const

const LATEST_UPLOADS = objectOf({
  ...BOUNDED_COUNT.properties,
  first: {
    type: 'array',
    items: objectOf({
      upload_id: { type: 'string' },
      filename: { type: 'string' },
      received_at: TIME,
      problem: TEXT_OR_NULL,
    }),
  },
})

const LATEST_REJECTS = objectOf({
  ...BOUNDED_COUNT.properties,
  first: {
    type: 'array',
    items: objectOf({
      upload_id: TEXT_OR_NULL,
      /** The subject of its tick if the upload is unknown. */
      sha256: { type: 'string' },
      filename: { type: 'string' },
      finished_at: TIME,
      rows: COUNT,
      rejected: COUNT,
    }),
  },
})

const SOURCES = objectOf({ ...BOUNDED_COUNT.properties, first: { type: 'array', items: SOURCE_SCHEMA } })

const ATTENTION = objectOf({
  disk: DISK_SCHEMA,
  loader: LOADER_SCHEMA,
  silent: SOURCES,
  late: SOURCES,
  partial: SOURCES,
  held: LATEST_UPLOADS,
  failed: LATEST_UPLOADS,
  /** Findings that no belief covers yet, one line per company. */
  findings: objectOf({ ...BOUNDED_COUNT.properties, first: { type: 'array', items: CHAIN_FINDING } }),
  rejects: LATEST_REJECTS,
  /** Entries that would be listed above but were ticked off. */
  ...TICKED,
})

/** Counts of the files that were loaded; only `rejects` counts the rejected rows of all files. */
const TODAY = objectOf({
  since: TIME,
  uploads: BOUNDED_COUNT,
  files: COUNT,
  rows: COUNT,
  inserted: COUNT,
  changed: COUNT,
  rejected: COUNT,
  rejects: COUNT,
})

const TOTALS = objectOf({ companies: COUNT, stores: COUNT, listings: COUNT, products: COUNT, scrapes: COUNT })

export const OVERVIEW_RESPONSE = {
  type: 'object',
  required: ['at', 'attention', 'today', 'inbox', 'throughput', 'totals', 'days_to', 'sources'],
  properties: {
    at: TIME,
    days_to: DATE,
    attention: ATTENTION,
    today: TODAY,
    inbox: INBOX_SCHEMA,
    throughput: {
      type: 'array',
      items: objectOf({ from: TIME, files: COUNT, rows: COUNT }),
    },
    totals: TOTALS,
    sources: {
      type: 'array',
      items: objectOf({
        company: { type: 'string' },
        store_id: { type: 'string' },
        store_name: { type: 'string' },
        state: SOURCE_SCHEMA.properties.state,
        days: DAYS,
      }),
    },
  },
} as const
