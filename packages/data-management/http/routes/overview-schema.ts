/** Query and answer of `GET /api/overview`, as JSON Schema. */
import { objectOf } from '../edge/object-schema.ts'
import { BOUNDED_COUNT, COUNT, DATE, STORE_TEXTS, TEXT_OR_NULL, TIME } from '../edge/parameters.ts'
import { CHAIN_FINDING } from './findings-schema.ts'
import { DAY_STATES, SOURCE_SCHEMA } from './sources.ts'
import { DISK_SCHEMA, INBOX_SCHEMA, LOADER_SCHEMA } from './system-schema.ts'
import { TICKS_RESPONSE_FIELDS } from './ticks-schema.ts'

/** `since`: the begin of `today` in the answer, such as midnight in the viewer's time zone. */
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
      /** The subject for a tick if the upload is unknown. */
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
  /** Ticks of entries that would be listed above. */
  ...TICKS_RESPONSE_FIELDS,
})

/** Counts of the loaded files; only `rejects` counts the rejected rows of all files. */
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

export const OVERVIEW_RESPONSE = objectOf({
  at: TIME,
  days_to: DATE,
  attention: ATTENTION,
  today: TODAY,
  inbox: INBOX_SCHEMA,
  throughput: { type: 'array', items: objectOf({ from: TIME, files: COUNT, rows: COUNT }) },
  totals: TOTALS,
  sources: {
    type: 'array',
    items: objectOf({ ...STORE_TEXTS, state: SOURCE_SCHEMA.properties.state, days: DAY_STATES }),
  },
})
