/** What machines say of themselves, and how it is answered, as JSON Schema. */
import type { Static } from 'typebox'
import { COUNT, TIME } from '../edge/parameters.ts'

const FILES = { type: 'integer', minimum: 0, maximum: 1_000_000_000 } as const
const BYTES = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
/** Such as "win32" and "x64". */
const WORD = { type: 'string', pattern: '^[0-9A-Za-z._-]{1,30}$' } as const

/** What a newer machine says beside this is left out: it is no reason to hear nothing of it. */
export const HEARTBEAT_BODY = {
  type: 'object',
  required: ['version', 'platform', 'arch', 'waiting_files', 'waiting_bytes', 'refused_files', 'sent_at'],
  properties: {
    version: { type: 'string', pattern: '^[0-9A-Za-z.+-]{1,50}$' },
    platform: WORD,
    arch: WORD,
    waiting_files: FILES,
    waiting_bytes: BYTES,
    refused_files: FILES,
    /** The time by the machine's own clock. */
    sent_at: TIME,
  },
} as const

/** Positive seconds of skew: the machine's clock is behind the server's. The texts are the machine's own. */
export const MACHINE_SCHEMA = {
  type: 'object',
  required: [
    'heard_at',
    'version',
    'is_outdated',
    'platform',
    'arch',
    'waiting_files',
    'waiting_bytes',
    'refused_files',
    'clock_skew_seconds',
  ],
  properties: {
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
  },
} as const

/** What a machine said of itself last, as it is answered. */
export type MachineView = Static<typeof MACHINE_SCHEMA>
