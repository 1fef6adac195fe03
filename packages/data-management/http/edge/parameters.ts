/** Parameters, answers and route options that several routes share, as JSON Schema. */

import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyRequest } from 'fastify'
import { CURSOR_CHARACTERS_MAX } from './cursor.ts'
import { objectOf } from './object-schema.ts'

/** Route config: any of these scopes may read. */
export const MAY_READ = { scopes: ['read', 'admin'] } as const

/** Route config: only this scope may change things and see confidential data. */
export const MAY_CHANGE = { scopes: ['admin'] } as const

const TEXT_CHARACTERS_MAX = 300

/** A code or name as it occurs in the uploaded files. */
export const TEXT = { type: 'string', minLength: 1, maxLength: TEXT_CHARACTERS_MAX } as const

export const DATE = { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' } as const

export const DATE_MIN = '0000-01-01'
export const DATE_MAX = '9999-12-31'

/** Company and store id with a slash between them, e.g. aldi/G700. */
export const STORE = { type: 'string', pattern: '^.+/.+$', maxLength: 2 * TEXT_CHARACTERS_MAX + 1 } as const

/** Cursor: the `next` of the previous page. */
export const AFTER = { type: 'string', minLength: 1, maxLength: CURSOR_CHARACTERS_MAX } as const

/** Schema of a page size: from 1 to `maximum`, by default `fallback`. */
export function limitOf(fallback: number, maximum: number) {
  return { type: 'integer', minimum: 1, maximum, default: fallback } as const
}

/** Query of a list of records, newest first; `before`: only those with smaller ids. */
export const BEFORE_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { before: { type: 'integer', minimum: 1 }, limit: limitOf(50, 200) },
} as const

export const TEXT_OR_NULL = { type: ['string', 'null'] } as const
export const FLAG_OR_NULL = { type: ['boolean', 'null'] } as const
export const CENTS = { type: 'integer' } as const
export const CENTS_OR_NULL = { type: ['integer', 'null'] } as const
export const COUNT = { type: 'integer', minimum: 0 } as const
export const COUNT_OR_NULL = { type: ['integer', 'null'], minimum: 0 } as const
export const TIME = { type: 'string', format: 'date-time' } as const
export const TIME_OR_NULL = { anyOf: [{ type: 'null' }, TIME] } as const

/** The company and store of a record, for display. */
export const STORE_TEXTS = {
  company: { type: 'string' },
  store_id: { type: 'string' },
  store_name: { type: 'string' },
} as const

/** A count; if not `exact`, a lower bound. */
export const BOUNDED_COUNT = objectOf({ count: COUNT, exact: { type: 'boolean' } })

type ObjectSchema = Readonly<{ properties: Readonly<Record<string, unknown>> }>
type Described = Readonly<{ summary: string; response: object }>

/** Options of a read-only route; query parameters that are not in `querystring` are refused. */
export function readable(querystring: ObjectSchema, schema: Described) {
  return {
    config: MAY_READ,
    schema: { ...schema, querystring },
    preValidation: refuseUnknown('querystring', querystring),
  }
}

/** Options of a route with a small JSON body; fields that are not in `body` are refused. */
export function bodyOf(body: ObjectSchema, schema: Described) {
  return { schema: { ...schema, body }, preValidation: refuseUnknown('body', body) }
}

/** Refuses unknown names: a misspelt filter would match everything, a misspelt limit would have no effect. */
function refuseUnknown(part: 'querystring' | 'body', { properties }: ObjectSchema) {
  return async ({ query, body }: FastifyRequest) => {
    const unknown = Object.keys(Object(part === 'body' ? body : query)).find((name) => !Object.hasOwn(properties, name))
    if (unknown === undefined) return
    // An unknown name in a body is not repeated: it may be a misplaced value, such as a key.
    const known = Object.keys(properties).join(', ')
    const isBody = part === 'body'
    const fault = isBody
      ? ` has a field that is not known; known are: ${known}`
      : `/${unknown} is not a parameter of this request`
    throw new Problem('request_invalid', part + fault)
  }
}

/** Schema of a request without query parameters. */
export const NO_QUERY = { type: 'object', properties: {} } as const
