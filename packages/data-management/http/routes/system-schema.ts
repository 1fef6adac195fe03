/** The answer of `GET /api/system`, as JSON Schema. */

import type { Static } from 'typebox'
import { objectOf } from '../edge/object-schema.ts'
import { COUNT, TEXT_OR_NULL, TIME, TIME_OR_NULL } from '../edge/parameters.ts'
import { PROGRESS_SCHEMA } from '../events/events-schema.ts'

/** The state of update-db. `since`: when it began to load this upload, or became idle. */
export const LOADER_SCHEMA = objectOf({
  state: { enum: ['working', 'idle', 'not running'] },
  since: TIME_OR_NULL,
  upload: {
    anyOf: [{ type: 'null' }, objectOf({ id: { type: 'string' }, filename: { type: 'string' }, bytes: COUNT })],
  },
  progress: { anyOf: [{ type: 'null' }, PROGRESS_SCHEMA] },
})

export const DISK_SCHEMA = objectOf({
  is_low: { type: 'boolean' },
  free_bytes: COUNT,
  total_bytes: COUNT,
  kept_bytes: COUNT,
})

export const INBOX_SCHEMA = objectOf({ files: COUNT, bytes: COUNT, oldest_received_at: TEXT_OR_NULL })

/** A setting. The `value` of a secret is the word "set"; null: it is not set. `from`: where the value comes from. */
const SETTING = objectOf({
  name: { type: 'string' },
  value: TEXT_OR_NULL,
  is_secret: { type: 'boolean' },
  from: { enum: ['flag', 'environment', '.env', 'user file', 'system file', 'key file', 'default', 'nowhere'] },
  about: { type: 'string' },
})

export const SYSTEM_RESPONSE = objectOf({
  at: TIME,
  started_at: TIME,
  /** The time zone in which days begin. */
  time_zone: { type: 'string' },
  versions: objectOf({ program: { type: 'string' }, node: { type: 'string' }, sqlite: { type: 'string' } }),
  /** What to type before and after a command's name to run it against this server. */
  shell: objectOf({ before: { type: 'string' }, after: { type: 'string' } }),
  settings: { type: 'array', items: SETTING },
  inbox: INBOX_SCHEMA,
  loader: LOADER_SCHEMA,
  disk: DISK_SCHEMA,
  /** `log_bytes`: the size of the write-ahead log. */
  databases: {
    type: 'array',
    items: objectOf({
      name: { enum: ['catalogue', 'ledger'] },
      path: { type: 'string' },
      bytes: COUNT,
      log_bytes: COUNT,
    }),
  },
  uploads: objectOf({ accepted: COUNT, loading: COUNT, loaded: COUNT, held: COUNT, failed: COUNT }),
  /** The latest backup by `splitcart backup`; null: none is on record. */
  backup: {
    anyOf: [{ type: 'null' }, objectOf({ at: TIME, path: TEXT_OR_NULL })],
  },
  /** The latest integrity check of databases and stored files; null: none yet. */
  integrity: {
    anyOf: [{ type: 'null' }, objectOf({ at: TIME, faults: { type: 'array', items: { type: 'string' } } })],
  },
  /** The number of open event streams. */
  listeners: COUNT,
})

/** The state of the server and its machine, as the API returns it. */
export type SystemView = Static<typeof SYSTEM_RESPONSE>

export type LoaderView = Static<typeof LOADER_SCHEMA>

export type SettingView = Static<typeof SETTING>
