/** Heartbeats of scraping machines, as sent and as returned, as JSON Schema. */

import type { Static } from 'typebox'
import { objectOf } from '../edge/object-schema.ts'
import { COUNT, TIME } from '../edge/parameters.ts'

const FILES = { type: 'integer', minimum: 0, maximum: 1_000_000_000 } as const
const BYTES = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
/** A short word, such as "win32" or "x64". */
const WORD = { type: 'string', pattern: '^[0-9A-Za-z._-]{1,30}$' } as const

/** A heartbeat as sent. Further fields of newer clients are ignored. */
export const HEARTBEAT_BODY = objectOf({
  version: { type: 'string', pattern: '^[0-9A-Za-z.+-]{1,50}$' },
  platform: WORD,
  arch: WORD,
  waiting_files: FILES,
  waiting_bytes: BYTES,
  refused_files: FILES,
  /** The time by the machine's own clock. */
  sent_at: TIME,
})

/** A heartbeat as returned. `clock_skew_seconds` above 0: the machine's clock is behind the server's. */
export const MACHINE_SCHEMA = objectOf({
  heard_at: TIME,
  version: { type: 'string' },
  /** Whether the server has a newer version. */
  is_outdated: { type: 'boolean' },
  platform: { type: 'string' },
  arch: { type: 'string' },
  waiting_files: COUNT,
  waiting_bytes: COUNT,
  refused_files: COUNT,
  clock_skew_seconds: { type: 'integer' },
})

/** The latest heartbeat of a machine, as the API returns it. */
export type MachineView = Static<typeof MACHINE_SCHEMA>
