/** The parameters and answers that several requests of the read API have in common, as JSON Schema. */
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyRequest } from 'fastify'
import { CURSOR_CHARACTERS_MAX } from './cursor.ts'

/** Who may look: keys with one of these scopes. */
export const MAY_READ = { scopes: ['read', 'admin'] } as const

/** Who may change things, and see what is secret to others. */
export const MAY_CHANGE = { scopes: ['admin'] } as const

const TEXT_CHARACTERS_MAX = 300

/** A code or name, as it stands in the files. */
export const TEXT = { type: 'string', minLength: 1, maxLength: TEXT_CHARACTERS_MAX } as const

export const DATE = { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' } as const

export const DATE_MIN = '0000-01-01'
export const DATE_MAX = '9999-12-31'

/** Company and store id with a slash between them, e.g. aldi/G700. */
export const STORE = { type: 'string', pattern: '^.+/.+$', maxLength: 2 * TEXT_CHARACTERS_MAX + 1 } as const

/** The `next` of the page before. */
export const AFTER = { type: 'string', minLength: 1, maxLength: CURSOR_CHARACTERS_MAX } as const

/** How many elements a page has. */
export function limitOf(fallback: number, maximum: number) {
  return { type: 'integer', minimum: 1, maximum, default: fallback } as const
}

export const TEXT_OR_NULL = { type: ['string', 'null'] } as const
export const FLAG_OR_NULL = { type: ['boolean', 'null'] } as const
export const CENTS = { type: 'integer' } as const
export const CENTS_OR_NULL = { type: ['integer', 'null'] } as const
export const COUNT = { type: 'integer', minimum: 0 } as const
export const COUNT_OR_NULL = { type: ['integer', 'null'], minimum: 0 } as const
export const TIME = { type: 'string', format: 'date-time' } as const
export const TIME_OR_NULL = { anyOf: [{ type: 'null' }, TIME] } as const

/** How many there are; not exact: at least so many. */
export const BOUNDED_COUNT = {
  type: 'object',
  required: ['count', 'exact'],
  properties: { count: COUNT, exact: { type: 'boolean' } },
} as const

type ObjectSchema = Readonly<{ properties: Readonly<Record<string, unknown>> }>
type Described = Readonly<{ summary: string; response: object }>

/** The options of a route that may be read. */
export function readable(querystring: ObjectSchema, schema: Described) {
  return {
    config: MAY_READ,
    schema: { ...schema, querystring },
    preValidation: refuseUnknown('querystring', querystring),
  }
}

/** The options of a route that takes a small body of JSON. */
export function bodyOf(body: ObjectSchema, schema: Described) {
  return { schema: { ...schema, body }, preValidation: refuseUnknown('body', body) }
}

/** What a request does not know is refused: a misspelt filter would find everything, a misspelt limit would not hold. */
function refuseUnknown(part: 'querystring' | 'body', { properties }: ObjectSchema) {
  return async ({ query, body }: FastifyRequest) => {
    const unknown = Object.keys(Object(part === 'body' ? body : query)).find((name) => !Object.hasOwn(properties, name))
    if (unknown === undefined) return
    // In a body it may be what should have been a value, such as a key: it is not repeated.
    const known = Object.keys(properties).join(', ')
    const isBody = part === 'body'
    const fault = isBody
      ? ` has a field that is not known; known are: ${known}`
      : `/${unknown} is not a parameter of this request`
    throw new Problem('request_invalid', part + fault)
  }
}

/** Of a request that takes no parameters. */
export const NO_QUERY = { type: 'object', properties: {} } as const
