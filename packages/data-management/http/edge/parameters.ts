/** JSON Schemas and route options that several routes share. */

import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyRequest } from 'fastify'
import { CURSOR_CHARACTERS_MAX } from './cursor.ts'
import { objectOf } from './object-schema.ts'

/** Route config: reading needs one of these scopes. */
export const MAY_READ = { scopes: ['read', 'admin'] } as const

/** Route config: changes and confidential data need the scope `admin`. */
export const MAY_CHANGE = { scopes: ['admin'] } as const

const TEXT_CHARACTERS_MAX = 300

/** A code or name, as in uploaded files. */
export const TEXT = { type: 'string', minLength: 1, maxLength: TEXT_CHARACTERS_MAX } as const

export const DATE = { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' } as const

export const DATE_MIN = '0000-01-01'
export const DATE_MAX = '9999-12-31'

/** Company and store id with a slash between them, e.g. aldi/G700. */
export const STORE = { type: 'string', pattern: '^.+/.+$', maxLength: 2 * TEXT_CHARACTERS_MAX + 1 } as const

/** A cursor: the `next` of the previous page. */
export const AFTER = { type: 'string', minLength: 1, maxLength: CURSOR_CHARACTERS_MAX } as const

/** The schema of a page size from 1 to `maximum`, by default `fallback`. */
export function pageSize(fallback: number, maximum: number) {
  return { type: 'integer', minimum: 1, maximum, default: fallback } as const
}

/** The query of a list of records, newest first. `before`: only records with smaller ids. */
export const NEWEST_FIRST_PAGE_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { before: { type: 'integer', minimum: 1 }, limit: pageSize(50, 200) },
} as const

export const TEXT_OR_NULL = { type: ['string', 'null'] } as const
export const FLAG_OR_NULL = { type: ['boolean', 'null'] } as const
export const CENTS = { type: 'integer' } as const
export const CENTS_OR_NULL = { type: ['integer', 'null'] } as const
export const COUNT = { type: 'integer', minimum: 0 } as const
export const COUNT_OR_NULL = { type: ['integer', 'null'], minimum: 0 } as const
export const TIME = { type: 'string', format: 'date-time' } as const
export const TIME_OR_NULL = { anyOf: [{ type: 'null' }, TIME] } as const

/** Codes of a company and a store, and the name of the store. */
export const STORE_TEXTS = {
  company: { type: 'string' },
  store_id: { type: 'string' },
  store_name: { type: 'string' },
} as const

/** A count; a lower bound unless it is `exact`. */
export const BOUNDED_COUNT = objectOf({ count: COUNT, exact: { type: 'boolean' } })

type ObjectSchema = Readonly<{ properties: Readonly<Record<string, unknown>> }>
type RouteDescription = Readonly<{ summary: string; response: object }>

/** The options of a read-only route. It refuses query parameters that are not in `querystring`. */
export function withQuery(querystring: ObjectSchema, schema: RouteDescription) {
  return {
    config: MAY_READ,
    schema: { ...schema, querystring },
    preValidation: refuseUnknown('querystring', querystring),
  }
}

/** The options of a route with a small JSON body. It refuses fields that are not in `body`. */
export function withBody(body: ObjectSchema, schema: RouteDescription) {
  return { schema: { ...schema, body }, preValidation: refuseUnknown('body', body) }
}

/** Refuses unknown names: otherwise a misspelt filter would match everything. */
function refuseUnknown(part: 'querystring' | 'body', { properties }: ObjectSchema) {
  return async ({ query, body }: FastifyRequest) => {
    const unknown = Object.keys(Object(part === 'body' ? body : query)).find((name) => !Object.hasOwn(properties, name))
    if (unknown === undefined) return
    // An unknown name in a body is not echoed: it may be a misplaced secret, such as a key.
    const known = Object.keys(properties).join(', ')
    const isBody = part === 'body'
    const fault = isBody
      ? ` has a field that is not known; known are: ${known}`
      : `/${unknown} is not a parameter of this request`
    throw new Problem('request_invalid', part + fault)
  }
}

/** The query of a route without query parameters. */
export const NO_QUERY = { type: 'object', properties: {} } as const
