/**
 * Checks values from JSON against those words of JSON Schema that our own schemas are made of. A library that knows all of them takes
 * longer to load (200 ms) than a small upload takes.
 */

/** A schema in these words; any other word in it is refused. */
type Schema = Readonly<{
  type?: string
  minimum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  format?: string
  enum?: readonly unknown[]
  anyOf?: readonly object[]
  required?: readonly string[]
  properties?: Readonly<Record<string, object>>
  additionalProperties?: object
  items?: object
  description?: string
}>

type Check = (value: unknown) => boolean
type Checks = { [Word in keyof Schema]-?: (given: NonNullable<Schema[Word]>) => Check }

const TYPES: Readonly<Record<string, Check>> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === 'boolean',
  string: (value) => typeof value === 'string',
  integer: Number.isInteger,
  number: Number.isFinite,
  array: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

// RFC 3339, which is stricter than what Date takes.
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

const FORMATS: Readonly<Record<string, Check>> = {
  'date-time': (value) => DATE_TIME.test(value as string) && !Number.isNaN(Date.parse(value as string)),
}

const CHECKS: Checks = {
  type: (name) => known(TYPES, name),
  minimum: (least) => (value) => (value as number) >= least,
  minLength: (least) => (value) => (value as string).length >= least,
  maxLength: (most) => (value) => (value as string).length <= most,
  pattern: (source) => {
    const pattern = new RegExp(source)
    return (value) => pattern.test(value as string)
  },
  format: (name) => known(FORMATS, name),
  enum: (values) => (value) => values.includes(value),
  anyOf: (schemas) => {
    const checks = schemas.map(checkFor)
    return (value) => checks.some((check) => check(value))
  },
  required: (names) => (value) => names.every((name) => Object.hasOwn(value as object, name)),
  properties: (schemas) => {
    const checks = Object.entries(schemas).map(([name, schema]) => [name, checkFor(schema)] as const)
    return (value) =>
      checks.every(([name, check]) => !Object.hasOwn(value as object, name) || check((value as never)[name]))
  },
  // Beside `properties` it would have to leave those out: no schema of ours has both.
  additionalProperties: (schema) => {
    const check = checkFor(schema)
    return (value) => Object.values(value as object).every(check)
  },
  items: (schema) => {
    const check = checkFor(schema)
    return (value) => (value as unknown[]).every(check)
  },
  // For people.
  description: () => () => true,
}

/** Makes the check of a schema. The type is looked at first: the other words may rely on it. */
export function checkFor(schema: object): Check {
  const words = Object.keys(CHECKS).filter((word) => Object.hasOwn(schema, word))
  const unknown = Object.keys(schema).find((word) => !words.includes(word))
  if (unknown !== undefined) throw new Error(`No check is made for "${unknown}" in a schema.`)
  const checks = words.map((word) => known(CHECKS, word)((schema as Schema)[word as keyof Schema] as never))
  return (value) => checks.every((check) => check(value))
}

function known<T>(table: Readonly<Record<string, T>>, name: string): T {
  const found = table[name]
  if (found === undefined) throw new Error(`No check is made for "${name}" in a schema.`)
  return found
}
