/**
 * Validates JSON values against the subset of JSON Schema that this project's own schemas use. A complete library takes
 * longer to load (200 ms) than a small upload takes.
 */

/** The supported keywords; any other keyword in a schema is an error. */
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
  type: (name) => lookUp(TYPES, name),
  minimum: (least) => (value) => (value as number) >= least,
  minLength: (least) => (value) => (value as string).length >= least,
  maxLength: (most) => (value) => (value as string).length <= most,
  pattern: (source) => {
    const pattern = new RegExp(source)
    return (value) => pattern.test(value as string)
  },
  format: (name) => lookUp(FORMATS, name),
  enum: (values) => (value) => values.includes(value),
  anyOf: (schemas) => {
    const checks = schemas.map(compileCheck)
    return (value) => checks.some((check) => check(value))
  },
  required: (names) => (value) => names.every((name) => Object.hasOwn(value as object, name)),
  properties: (schemas) => {
    const checks = Object.entries(schemas).map(([name, schema]) => [name, compileCheck(schema)] as const)
    return (value) =>
      checks.every(([name, check]) => !Object.hasOwn(value as object, name) || check((value as never)[name]))
  },
  // Applies to all properties: no schema of this project combines it with `properties`, which it would have to exempt.
  additionalProperties: (schema) => {
    const check = compileCheck(schema)
    return (value) => Object.values(value as object).every(check)
  },
  items: (schema) => {
    const check = compileCheck(schema)
    return (value) => (value as unknown[]).every(check)
  },
  // Documentation only.
  description: () => () => true,
}

/** Compiles a schema to a check. `type` is checked first: the other keywords rely on it. Throws on unknown keywords. */
export function compileCheck(schema: object): Check {
  const words = Object.keys(CHECKS).filter((word) => Object.hasOwn(schema, word))
  const unknown = Object.keys(schema).find((word) => !words.includes(word))
  if (unknown !== undefined) throw new Error(`No check is made for "${unknown}" in a schema.`)
  const checks = words.map((word) => lookUp(CHECKS, word)((schema as Schema)[word as keyof Schema] as never))
  return (value) => checks.every((check) => check(value))
}

function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T {
  const found = table[name]
  if (found === undefined) throw new Error(`No check is made for "${name}" in a schema.`)
  return found
}
