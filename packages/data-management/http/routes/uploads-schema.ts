/** Requests and answers about uploads, as JSON Schema. */

import { RECEIPT_SCHEMA, UPLOAD_STATES } from '@splitcart/shared/receipt.ts'
import type { Static } from 'typebox'
import { UPLOAD_SORTS, type UploadSort } from '../../ledger/sorted-uploads.ts'
import { CURSOR_CHARACTERS_MAX } from '../edge/cursor.ts'
import { objectOf } from '../edge/object-schema.ts'
import {
  CENTS,
  COUNT,
  COUNT_OR_NULL,
  DATE,
  pageSize,
  STORE_TEXTS,
  TEXT_OR_NULL,
  TIME,
  TIME_OR_NULL,
} from '../edge/parameters.ts'

const REASON_CHARACTERS_MAX = 500

export const UPLOADS_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    before: { type: 'string', maxLength: 64 },
    state: { enum: UPLOAD_STATES },
    /** A part of the file's name. */
    q: { type: 'string', minLength: 1, maxLength: 200 },
    /** Upload ids, separated by commas; all other parameters are then ignored. */
    ids: { type: 'string', pattern: '^[0-9a-f-]{36}(,[0-9a-f-]{36}){0,99}$' },
    /** The id of the key that sent it. */
    key: { type: 'string', minLength: 1, maxLength: 64 },
    sort: {
      enum: UPLOAD_SORTS,
      description:
        'the order, instead of the newest first; only together with state, order, after and limit; `after` is the `next` of the previous page',
    },
    order: {
      enum: ['asc', 'desc'],
      description: 'with sort: ascending or descending; by default ascending',
    },
    after: { type: 'string', minLength: 1, maxLength: CURSOR_CHARACTERS_MAX },
    limit: pageSize(50, 200),
  },
} as const

const REQUESTED_ACTION = {
  anyOf: [
    { type: 'null' },
    objectOf({
      what: { enum: ['load', 'undo', 'discard'] },
      by: { type: 'string' },
      reason: { type: 'string' },
    }),
  ],
} as const

/** Details of an upload for keys that may read: its sender, its deliveries, its load and the requested action. */
const DETAILS = objectOf({
  /** The key that sent it first; null: it was copied into the inbox by hand. */
  sender: {
    anyOf: [{ type: 'null' }, objectOf({ key_id: { type: 'string' }, name: { type: 'string' } })],
  },
  times_sent: COUNT,
  wire_bytes: COUNT_OR_NULL,
  load_started_at: TIME_OR_NULL,
  settled_at: TIME_OR_NULL,
  requested_action: REQUESTED_ACTION,
  /** Former name of `requested_action`, until November 2026. */
  wish: { ...REQUESTED_ACTION, deprecated: true },
})

/** A receipt, with details for keys that may read. */
export const UPLOAD_SCHEMA = {
  ...RECEIPT_SCHEMA,
  properties: { ...RECEIPT_SCHEMA.properties, details: DETAILS },
} as const

export const UPLOADS_RESPONSE = objectOf({ uploads: { type: 'array', items: UPLOAD_SCHEMA }, next: TEXT_OR_NULL })

/** Uploads, and in `history` the id of the ledger: if it changes, the server may have lost earlier uploads. */
export const REQUESTED_RESPONSE = {
  ...UPLOADS_RESPONSE,
  properties: { ...UPLOADS_RESPONSE.properties, history: { type: 'string' } },
} as const

/** The actions that a person can request for an upload. */
export const ACTIONS = ['release', 'discard', 'undo', 'replay'] as const

export const ACTION_BODY = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    reason: { type: 'string', maxLength: REASON_CHARACTERS_MAX },
    /** With `release`: apply the repair that the hold offers, every time the file is loaded. */
    repair: { type: 'boolean' },
  },
} as const

const LISTING = { ...STORE_TEXTS, sku: TEXT_OR_NULL, name: { type: 'string' } } as const

const PREVIEW = objectOf({
  made_at: TIME,
  /** The scrapes in the file; `rows_before` is from the store's previous scrape. */
  stores: {
    type: 'array',
    items: objectOf({ ...STORE_TEXTS, date: DATE, rows: COUNT, rows_before: COUNT_OR_NULL }),
  },
  inserted: COUNT,
  changed: COUNT,
  unchanged: COUNT,
  disappeared: COUNT,
  /** The largest price changes, largest first; up to 20. */
  jumps: {
    type: 'array',
    items: objectOf({ ...LISTING, from_cents: CENTS, to_cents: CENTS }),
  },
  /** Up to 20 of the listings that would disappear. */
  first_disappeared: { type: 'array', items: objectOf(LISTING) },
})

/** The preview of an upload; null unless the loader's checks hold it. An upload that is held after an undo has none. */
export const PREVIEW_RESPONSE = objectOf({
  upload_id: { type: 'string' },
  preview: { anyOf: [{ type: 'null' }, PREVIEW] },
})

export type UploadsQuery = {
  before?: string
  state?: (typeof UPLOAD_STATES)[number]
  q?: string
  ids?: string
  key?: string
  sort?: UploadSort
  order?: 'asc' | 'desc'
  after?: string
  limit: number
}

/** An upload, as the API returns it. */
export type UploadView = Static<typeof UPLOAD_SCHEMA>

/** A page of uploads, as the API returns it. */
export type UploadPage = Static<typeof UPLOADS_RESPONSE>

export type RequestedPage = Static<typeof REQUESTED_RESPONSE>

export type UploadDetails = Static<typeof DETAILS>

export type ActionName = (typeof ACTIONS)[number]

/** What loading a held file would change. */
export type HoldPreview = Static<typeof PREVIEW>

/** The preview of an upload, as the API returns it. */
export type PreviewView = Static<typeof PREVIEW_RESPONSE>
