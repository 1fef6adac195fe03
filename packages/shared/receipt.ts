/** The receipt of an upload: the server's response to it, and to later queries of its state. */
import type { Static } from 'typebox'
import { Problem } from './problem.ts'
import { compileCheck } from './schema-check.ts'
import type { Finding } from './truth/finding.ts'

/**
 * The states of an upload: accepted → loading → loaded, held or failed. `delivered`: its kind has no loader; its
 * file lies in the inbox of its kind.
 */
export const UPLOAD_STATES = ['accepted', 'loading', 'loaded', 'held', 'failed', 'delivered'] as const

export type UploadState = (typeof UPLOAD_STATES)[number]

const COUNT = { type: 'integer', minimum: 0 } as const
const TIME = { type: 'string', format: 'date-time' } as const

const WARNINGS = {
  type: 'array',
  items: {
    type: 'object',
    required: ['field', 'reason', 'count', 'lines'],
    properties: {
      field: { type: 'string' },
      reason: { type: 'string' },
      count: COUNT,
      lines: { type: 'array', items: COUNT, description: 'the first ones' },
    },
  },
  description: 'fields that were left out of rows because they are wrong',
} as const

const IGNORED = {
  type: 'object',
  additionalProperties: COUNT,
  description: 'fields that are not known, and in how many rows',
} as const

/** Remarks on loaded rows: invalid fields that were left out, and unknown fields. */
const REMARKS_SCHEMA = {
  type: 'object',
  required: ['warnings', 'ignored'],
  properties: { warnings: WARNINGS, ignored: IGNORED },
} as const

/** The result of a load, in rows: rows = inserted + changed + unchanged + duplicate + rejected. */
const LOAD_RESULT_SCHEMA = {
  type: 'object',
  required: ['rows', 'inserted', 'changed', 'unchanged', 'duplicate', 'rejected', 'warnings', 'finished_at', 'problem'],
  properties: {
    rows: COUNT,
    inserted: COUNT,
    changed: COUNT,
    unchanged: COUNT,
    duplicate: COUNT,
    rejected: COUNT,
    warnings: COUNT,
    finished_at: TIME,
    problem: { anyOf: [{ type: 'null' }, { type: 'string' }] },
  },
} as const

const TEXT_OR_NULL = { anyOf: [{ type: 'null' }, { type: 'string' }] } as const

const BELIEVED = {
  type: 'object',
  required: ['id', 'since'],
  properties: { id: COUNT, since: TIME },
} as const

const ANY_OBJECT_OR_NULL = { anyOf: [{ type: 'null' }, { type: 'object', additionalProperties: {} }] } as const

/** A finding on a scrape of a file, or on the whole file. */
const FINDING_SCHEMA = {
  type: 'object',
  required: ['rule', 'held', 'field', 'sentence', 'rows', 'before', 'now', 'examples', 'picture', 'repair'],
  properties: {
    rule: { type: 'string' },
    /** Whether it puts the file on hold. */
    held: { type: 'boolean' },
    /** The company and store of the scrape; null if it concerns the whole file. */
    company: TEXT_OR_NULL,
    store: TEXT_OR_NULL,
    /** A short form, the same for every scrape of a chain. */
    brief: { type: 'string' },
    /** The belief that covers it; absent if there is none. */
    believed: BELIEVED,
    field: TEXT_OR_NULL,
    sentence: { type: 'string' },
    rows: COUNT,
    before: { anyOf: [{ type: 'null' }, { type: 'number' }] },
    now: { anyOf: [{ type: 'null' }, { type: 'number' }] },
    examples: { type: 'array', items: { type: 'string' } },
    /** Data for a chart: a histogram of price ratios, or rows per category before and now. */
    picture: ANY_OBJECT_OR_NULL,
    /** A repair that can be applied whenever the file is read. */
    repair: ANY_OBJECT_OR_NULL,
  },
} as const

export const RECEIPT_SCHEMA = {
  type: 'object',
  required: ['id', 'filename', 'sha256', 'bytes', 'lines', 'state', 'received_at', 'duplicate', 'message', 'load'],
  properties: {
    id: { type: 'string', minLength: 1, maxLength: 64 },
    kind: { type: 'string' },
    filename: { type: 'string', minLength: 1 },
    sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    bytes: COUNT,
    lines: COUNT,
    state: { enum: UPLOAD_STATES },
    received_at: TIME,
    duplicate: { type: 'boolean' },
    message: { type: 'string' },
    load: { anyOf: [{ type: 'null' }, LOAD_RESULT_SCHEMA] },
    warnings: WARNINGS,
    ignored: IGNORED,
    findings: { type: 'array', items: FINDING_SCHEMA },
    /** Until when its sender may use this file as a dictionary (dcz); absent if it cannot be one. */
    dictionary_until: TIME,
  },
} as const

/** The result of a load. `remarks` and `findings` are stored with it; a receipt has them at its top level. */
export type LoadResult = Static<typeof LOAD_RESULT_SCHEMA> & {
  remarks?: FileRemarks | null
  findings?: readonly Finding[]
}
/** Remarks on the rows of a file. `ignored`: by unknown field, the number of rows that have it. */
export type FileRemarks = Static<typeof REMARKS_SCHEMA>

/** No remarks. */
export const NO_REMARKS: FileRemarks = { warnings: [], ignored: {} }

export type Receipt = Static<typeof RECEIPT_SCHEMA>

/** Whether the state of the upload will not change without a person. */
export function isFinal(receipt: Receipt): boolean {
  return receipt.state !== 'accepted' && receipt.state !== 'loading'
}

/** Reads a receipt from an answer or a file, or throws `answer_unknown`. */
export function parseReceipt(text: string): Receipt {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new Problem('answer_unknown', 'it is not JSON', { cause })
  }
  isReceipt ??= compileCheck(RECEIPT_SCHEMA)
  if (!isReceipt(value)) throw new Problem('answer_unknown', 'it is not a receipt')
  return value as Receipt
}

let isReceipt: ReturnType<typeof compileCheck> | undefined
