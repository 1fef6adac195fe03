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

/** What is said of the scrapes of a file. */
const FINDING_SCHEMA = {
  type: 'object',
  required: ['rule', 'held', 'field', 'sentence', 'rows', 'before', 'now', 'examples', 'picture', 'repair'],
  properties: {
    rule: { type: 'string' },
    /** Whether it holds the file. */
    held: { type: 'boolean' },
    field: { anyOf: [{ type: 'null' }, { type: 'string' }] },
    sentence: { type: 'string' },
    rows: COUNT,
    before: { anyOf: [{ type: 'null' }, { type: 'number' }] },
    now: { anyOf: [{ type: 'null' }, { type: 'number' }] },
    examples: { type: 'array', items: { type: 'string' } },
    /** Its figures, to be drawn: prices by their ratio, or rows of categories then and now. */
    picture: { type: ['object', 'null'], additionalProperties: true },
    /** What would make it right, each time the bytes are read. */
    repair: { type: ['object', 'null'], additionalProperties: true },
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
    findings: { type: 'array', items: FINDING_SCHEMA },
  },
} as const

/** `findings`: kept with the result; a receipt tells them beside it. */
export type LoadResult = Static<typeof LOAD_RESULT_SCHEMA> & { findings?: readonly Verdict[] }
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
