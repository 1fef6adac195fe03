/** Builds a request from its OpenAPI description and the form's values, also as a curl command. Pure. */
import type { Operation, Schema } from './operations.ts'

/** The values of the form: `values` by `formKeyOf` of the parameter; an empty `key` means the current session. */
export type FormValues = Readonly<{ values: Readonly<Record<string, string>>; body: string; key: string }>

/** A request to send. */
export type ApiRequest = Readonly<{
  method: string
  path: string
  headers: Readonly<Record<string, string>>
  body?: string
}>

type Parameter = Operation['parameters'][number]

const DEPTH_MAX = 6
const TEXTS: Readonly<Record<string, string>> = { date: '2027-01-31', 'date-time': '2027-01-31T00:00:00Z' }

/** The key of a parameter's value in `FormValues`. */
export function formKeyOf({ place, name }: Parameter): string {
  return `${place} ${name}`
}

/** The parameters that can be filled in: not cookies, which the browser controls. */
export function fillableParameters({ parameters }: Operation): Parameter[] {
  return parameters.filter(({ place }) => place !== 'cookie')
}

/** The initial values of a form. */
export function initialValues({ body }: Operation): FormValues {
  return { values: {}, body: body === undefined ? '' : JSON.stringify(exampleOf(body), null, 2), key: '' }
}

/** The request for the filled-in values. The values of a list are separated by commas. */
export function buildRequest(operation: Operation, { values, body, key }: FormValues): ApiRequest {
  const { method, path } = operation
  const given = fillableParameters(operation).map((each) => ({ ...each, value: values[formKeyOf(each)]?.trim() ?? '' }))
  const filled = given
    .filter(({ place }) => place === 'path')
    .reduce(
      (text, { name, value }) => text.replace(`{${name}}`, value === '' ? `{${name}}` : encodeURIComponent(value)),
      path,
    )
  const query = new URLSearchParams()
  for (const { place, name, value, schema } of given) {
    if (place !== 'query' || value === '') continue
    for (const each of schema.type === 'array' ? value.split(',') : [value]) query.append(name, each)
  }
  const givenHeaders = given.filter(({ place, value }) => place === 'header' && value !== '')
  const headers = {
    ...Object.fromEntries(givenHeaders.map(({ name, value }) => [name, value])),
    ...(key !== '' && { 'X-API-Key': key }),
    ...(operation.body !== undefined && { 'Content-Type': 'application/json' }),
  }
  return {
    method,
    path: query.size === 0 ? filled : `${filled}?${query}`,
    headers,
    ...(operation.body !== undefined && { body }),
  }
}

/** The request as a curl command; it never contains the key, but `$API_SECRET_KEY`. */
export function curlCommand({ method, path, headers, body }: ApiRequest, server: string): string {
  const { 'X-API-Key': _, ...rest } = headers
  const others = Object.entries(rest).map(([name, value]) => ` -H ${quoted(`${name}: ${value}`)}`)
  return [
    `curl${method === 'GET' ? '' : ` -X ${method}`} -H "X-API-Key: $API_SECRET_KEY"${others.join('')}`,
    ...(body === undefined ? [] : [`--data ${quoted(body)}`]),
    quoted(`${server}${path}`),
  ].join(' \\\n  ')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** An example value of a schema; of an object, the required fields only. */
function exampleOf(schema: Schema, depth = 0): unknown {
  if (schema.default !== undefined) return schema.default
  if (schema.enum !== undefined) return schema.enum[0]
  if (schema.anyOf !== undefined) return exampleOf(schema.anyOf[0] ?? {}, depth)
  const kinds = [schema.type ?? 'object'].flat()
  const [kind] = kinds
  if (kinds.includes('null') || depth > DEPTH_MAX) return null
  if (kind === 'string') return TEXTS[schema.format ?? ''] ?? ''
  if (kind === 'number' || kind === 'integer') return schema.minimum ?? 1
  if (kind === 'boolean') return false
  if (kind === 'array') return schema.items === undefined ? [] : [exampleOf(schema.items, depth + 1)]
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name))
  return Object.fromEntries(fields.map(([name, field]) => [name, exampleOf(field, depth + 1)]))
}
