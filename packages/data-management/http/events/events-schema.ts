/**
 * The events of `GET /api/events`, as JSON Schema: server-sent events whose `data` is one line of JSON.
 *
 *   upload      an upload arrived or changed; the data are those of `GET /api/uploads/{id}`
 *   forgotten   an upload was removed because its bytes were lost; the client sends it again
 *   progress    the progress of a load; has no event id, since missed ones do not matter
 *   reload      earlier events are not available: fetch everything again. Sent first, unless the last event id is known
 */

import type { Static } from 'typebox'
import { objectOf } from '../edge/object-schema.ts'
import { COUNT } from '../edge/parameters.ts'
import { UPLOAD_SCHEMA } from '../routes/uploads-schema.ts'

const FORGOTTEN = objectOf({ id: { type: 'string' } })

/** How many bytes of a file its load has read. */
export const PROGRESS_SCHEMA = objectOf({ upload_id: { type: 'string' }, bytes: COUNT, of_bytes: COUNT })

export const EVENT_SCHEMAS = {
  upload: UPLOAD_SCHEMA,
  forgotten: FORGOTTEN,
  progress: PROGRESS_SCHEMA,
  reload: { type: 'object', properties: {} },
} as const

/** The data of each kind of event. */
export type EventData = {
  upload: Static<typeof UPLOAD_SCHEMA>
  forgotten: Static<typeof FORGOTTEN>
  progress: Static<typeof PROGRESS_SCHEMA>
  reload: Record<string, never>
}

/** The progress of a load. */
export type Progress = Static<typeof PROGRESS_SCHEMA>
