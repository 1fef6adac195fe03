/** What `GET /api/system` answers, as JSON Schema. */
import type { Static } from 'typebox'
import { COUNT, TEXT_OR_NULL, TIME, TIME_OR_NULL } from '../edge/parameters.ts'
import { PROGRESS_SCHEMA } from '../events/events-schema.ts'

/** What update-db does. `since`: from when on it has worked on this upload, or has had nothing to do. */
export const LOADER_SCHEMA = {
  type: 'object',
  required: ['state', 'since', 'upload', 'progress'],
  properties: {
    state: { enum: ['working', 'idle', 'not running'] },
    since: TIME_OR_NULL,
    upload: {
      anyOf: [
        { type: 'null' },
        {
          type: 'object',
          required: ['id', 'filename', 'bytes'],
          properties: { id: { type: 'string' }, filename: { type: 'string' }, bytes: COUNT },
        },
      ],
    },
    progress: { anyOf: [{ type: 'null' }, PROGRESS_SCHEMA] },
  },
} as const

export const DISK_SCHEMA = {
  type: 'object',
  required: ['is_low', 'free_bytes', 'total_bytes', 'kept_bytes'],
  properties: { is_low: { type: 'boolean' }, free_bytes: COUNT, total_bytes: COUNT, kept_bytes: COUNT },
} as const

export const INBOX_SCHEMA = {
  type: 'object',
  required: ['files', 'bytes', 'oldest_received_at'],
  properties: { files: COUNT, bytes: COUNT, oldest_received_at: TEXT_OR_NULL },
} as const

/** Of a secret `value` is the word set; null: it is not set. `from`: which of these it was taken from. */
const SETTING = {
  type: 'object',
  required: ['name', 'value', 'is_secret', 'from', 'about'],
  properties: {
    name: { type: 'string' },
    value: TEXT_OR_NULL,
    is_secret: { type: 'boolean' },
    from: { enum: ['flag', 'environment', '.env', 'user file', 'system file', 'key file', 'default', 'nowhere'] },
    about: { type: 'string' },
  },
} as const

export const SYSTEM_RESPONSE = {
  type: 'object',
  required: [
    'at',
    'started_at',
    'time_zone',
    'versions',
    'shell',
    'settings',
    'inbox',
    'loader',
    'disk',
    'databases',
    'uploads',
    'backup',
    'integrity',
    'listeners',
  ],
  properties: {
    at: TIME,
    started_at: TIME,
    /** In which days begin. */
    time_zone: { type: 'string' },
    versions: {
      type: 'object',
      required: ['program', 'node', 'sqlite'],
      properties: { program: { type: 'string' }, node: { type: 'string' }, sqlite: { type: 'string' } },
    },
    /** What a person types before and after the name of a command, for this very server. */
    shell: {
      type: 'object',
      required: ['before', 'after'],
      properties: { before: { type: 'string' }, after: { type: 'string' } },
    },
    settings: { type: 'array', items: SETTING },
    inbox: INBOX_SCHEMA,
    loader: LOADER_SCHEMA,
    disk: DISK_SCHEMA,
    /** Each with its write-ahead log. */
    databases: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'path', 'bytes', 'log_bytes'],
        properties: {
          name: { enum: ['catalogue', 'ledger'] },
          path: { type: 'string' },
          bytes: COUNT,
          log_bytes: COUNT,
        },
      },
    },
    uploads: {
      type: 'object',
      required: ['accepted', 'loading', 'loaded', 'held', 'failed'],
      properties: { accepted: COUNT, loading: COUNT, loaded: COUNT, held: COUNT, failed: COUNT },
    },
    /** The latest one that `splitcart backup` made; null: none that is known of. */
    backup: {
      anyOf: [
        { type: 'null' },
        { type: 'object', required: ['at', 'path'], properties: { at: TIME, path: TEXT_OR_NULL } },
      ],
    },
    /** The latest look at all pages of the databases that are files, and at kept files, and what was wrong; null: none was made yet. */
    integrity: {
      anyOf: [
        { type: 'null' },
        {
          type: 'object',
          required: ['at', 'faults'],
          properties: { at: TIME, faults: { type: 'array', items: { type: 'string' } } },
        },
      ],
    },
    /** How many connections listen to events. */
    listeners: COUNT,
  },
} as const

/** How things stand on the machine, as it is answered. */
export type SystemView = Static<typeof SYSTEM_RESPONSE>

export type LoaderView = Static<typeof LOADER_SCHEMA>

export type SettingView = Static<typeof SETTING>
