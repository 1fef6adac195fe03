/** Extracts from an OpenAPI description what the page shows. Pure; unexpected parts are left out. */

/** The parts of a JSON Schema that are shown. */
export type Schema = Readonly<{
  type?: string | readonly string[]
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
  items?: Schema
  enum?: readonly unknown[]
  anyOf?: readonly Schema[]
  format?: string
  default?: unknown
  minimum?: number
  maximum?: number
  description?: string
}>

type Parameter = Readonly<{ name: string; place: string; isRequired: boolean; schema: Schema; about: string }>
type ApiResponse = Readonly<{ status: string; schema: Schema | undefined; about: string }>

/** One operation of the API. */
export type Operation = Readonly<{
  id: string
  method: string
  path: string
  summary: string
  description: string
  parameters: readonly Parameter[]
  body: Schema | undefined
  responses: readonly ApiResponse[]
}>

type Content = Readonly<Record<string, { schema?: Schema }>>
type RawParameter = Readonly<{ name: string; in: string; required?: boolean; schema?: Schema; description?: string }>
type RawResponse = Readonly<{ description?: string; content?: Content }>
type RawOperation = Readonly<{
  summary?: string
  description?: string
  parameters?: readonly RawParameter[]
  requestBody?: { content?: Content }
  responses?: Readonly<Record<string, RawResponse>>
}>

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head'] as const

/** The operations of a description, sorted by path. */
export function operationsIn(description: unknown): Operation[] {
  const { paths = {} } = description as { paths?: Readonly<Record<string, Readonly<Record<string, RawOperation>>>> }
  return Object.entries(paths)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([path, of]) =>
      METHODS.flatMap((method) => {
        const operation = of[method]
        // HEAD is not shown where GET is.
        if (operation === undefined || (method === 'head' && of.get !== undefined)) return []
        return [operationOf(method.toUpperCase(), path, operation)]
      }),
    )
}

function operationOf(method: string, path: string, operation: RawOperation): Operation {
  const { summary = '', description = '', parameters = [], requestBody, responses = {} } = operation
  return {
    id: `${method}${path}`
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/-$/, ''),
    method,
    path,
    summary,
    description,
    parameters: parameters.map(({ name, in: place, required = false, schema = {}, description: about }) => {
      return { name, place, isRequired: required, schema, about: about ?? schema.description ?? '' }
    }),
    body: schemaIn(requestBody?.content),
    responses: Object.entries(responses).map(([status, { description: about = '', content }]) => ({
      status,
      schema: schemaIn(content),
      about: about === 'Default Response' ? '' : about,
    })),
  }
}

function schemaIn(content: Content | undefined): Schema | undefined {
  return Object.values(content ?? {})[0]?.schema
}
