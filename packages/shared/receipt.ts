/** What the server says about an upload, first in answer to it and then whenever it is asked. */
import type { Static } from 'typebox'
import { Problem } from './problem.ts'
import { checkFor } from './schema-check.ts'
import type { Verdict } from './truth/verdict.ts'

/**
 * The states an upload goes through: accepted → loading → loaded, held or failed. What the program does not load itself is `delivered`:
 * its file lies in the inbox of its kind.
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

/** What was found in rows that were loaded: fields that were left out because they are wrong, and fields that are not known. */
export const REMARKS_SCHEMA = {
  type: 'object',
  required: ['warnings', 'ignored'],
  properties: { warnings: WARNINGS, ignored: IGNORED },
} as const

/** What applying an upload to the catalogue did: rows = inserted + changed + unchanged + duplicate + rejected. */
export const LOAD_RESULT_SCHEMA = {
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

/** What is said of the scrapes of a file. */
export const FINDING_SCHEMA = {
  type: 'object',
  required: ['rule', 'held', 'field', 'sentence', 'rows', 'before', 'now', 'examples', 'picture', 'repair'],
  properties: {
    rule: { type: 'string' },
    /** Whether it holds the file. */
    held: { type: 'boolean' },
    /** Whose scrape it is; null: it is said of the whole file. */
    company: TEXT_OR_NULL,
    store: TEXT_OR_NULL,
    /** The same words for every scrape of a chain. */
    brief: { type: 'string' },
    /** Since when a person believes it; there only where that is so. */
    believed: BELIEVED,
    field: TEXT_OR_NULL,
    sentence: { type: 'string' },
    rows: COUNT,
    before: { anyOf: [{ type: 'null' }, { type: 'number' }] },
    now: { anyOf: [{ type: 'null' }, { type: 'number' }] },
    examples: { type: 'array', items: { type: 'string' } },
    /** Its figures, to be drawn: prices by their ratio, or rows of categories then and now. */
    picture: ANY_OBJECT_OR_NULL,
    /** What would make it right, each time the bytes are read. */
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
    /** Until when its sender may name it as a dictionary (dcz), at least; not there: it cannot be one. */
    dictionary_until: TIME,
  },
} as const

/** `remarks` and `findings`: kept with the result; a receipt tells them beside it. */
export type LoadResult = Static<typeof LOAD_RESULT_SCHEMA> & {
  remarks?: FileRemarks | null
  findings?: readonly Verdict[]
}
/** What a receipt tells of the rows. `ignored`: how many rows have each field that is not known. */
export type FileRemarks = Static<typeof REMARKS_SCHEMA>

/** Of a file of which nothing is to be told. */
export const NO_REMARKS: FileRemarks = { warnings: [], ignored: {} }

export type Receipt = Static<typeof RECEIPT_SCHEMA>

/** Whether nothing more will happen to the upload by itself. */
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
  isReceipt ??= checkFor(RECEIPT_SCHEMA)
  if (!isReceipt(value)) throw new Problem('answer_unknown', 'it is not a receipt')
  return value as Receipt
}

let isReceipt: ReturnType<typeof checkFor> | undefined
