/** `GET /api/openapi.json`: describes the API as OpenAPI, generated from the schemas of its routes. */

import { constants, gzipSync } from 'node:zlib'
import swagger, { type SwaggerTransform } from '@fastify/swagger'
import { PROBLEM_MEDIA_TYPE } from '@splitcart/shared/problem.ts'
import type { FastifyInstance } from 'fastify'
import { objectOf } from './object-schema.ts'
import { takesGzip } from './takes-gzip.ts'

const TEXT = { type: 'string' } as const

const PROBLEM = {
  description: 'A problem; docs/problems.md lists them all',
  content: {
    [PROBLEM_MEDIA_TYPE]: {
      schema: objectOf({ type: TEXT, status: { type: 'integer' }, code: TEXT, title: TEXT, detail: TEXT, todo: TEXT }),
    },
  },
} as const

const SECURITY_SCHEMES = {
  key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
  internalKey: { type: 'apiKey', in: 'header', name: 'X-Internal-API-Key' },
  bearer: { type: 'http', scheme: 'bearer' },
  session: { type: 'apiKey', in: 'cookie', name: 'splitcart_session' },
} as const

/** Registers the OpenAPI generator. It describes only routes that are added after this call. */
export async function registerOpenApi(server: FastifyInstance): Promise<void> {
  const info = { title: 'SplitCart data transfer', version: '1' }
  await server.register(swagger, {
    openapi: { openapi: '3.1.0', info, components: { securitySchemes: SECURITY_SCHEMES } },
    transform: completeSchema,
  })
}

/** Adds the route that serves the OpenAPI document. */
export function openApiRoutes(server: FastifyInstance): void {
  const response = responseWithMediaType('application/json', 'OpenAPI 3.1')
  // Built once, so that repeated requests cost little.
  let prepared: { text: Buffer; gzip: Buffer } | undefined
  server.get('/api/openapi.json', { schema: { summary: 'This description', response } }, async (request, reply) => {
    prepared ??= plainAndGzipped(JSON.stringify(server.swagger()))
    reply.type('application/json; charset=utf-8').header('vary', 'accept-encoding')
    return takesGzip(request) ? reply.header('content-encoding', 'gzip').send(prepared.gzip) : reply.send(prepared.text)
  })
}

function plainAndGzipped(description: string) {
  const text = Buffer.from(description)
  return { text, gzip: gzipSync(text, { level: constants.Z_BEST_COMPRESSION }) }
}

/** The `response` schema of a route for whose answer only the media type is described. */
export function responseWithMediaType(mediaType: string, description: string) {
  return { 200: { description, content: { [mediaType]: { schema: {} } } } } as const
}

/** Adds to the schema of a route its scopes, the ways to authenticate, and the problem document. */
const completeSchema: SwaggerTransform = ({ schema, url, route }) => {
  const { scopes, takesUploads, wantsKey } = route.config ?? {}
  const response = { ...(schema?.response as object), default: PROBLEM }
  if (scopes === undefined) return { url, schema: { ...schema, response, security: [] } as never }
  const ways = takesUploads || wantsKey ? ['key', 'internalKey', 'bearer'] : Object.keys(SECURITY_SCHEMES)
  const description = `Scope: ${scopes.join(' or ')}.`
  return { url, schema: { ...schema, description, response, security: ways.map((way) => ({ [way]: [] })) } as never }
}
