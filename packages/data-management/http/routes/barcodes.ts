/** `POST /api/barcodes/lookup`: looks up barcodes by SKU, so that a scraper fetches only those that are unknown. */

import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { knownBarcodes } from '../../catalogue/queries/barcodes.ts'
import { objectOf } from '../edge/object-schema.ts'
import { MAY_READ, TEXT, withBody } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWithQuery } from '../threads/answering.ts'
import type { QueryContext } from '../threads/query-context.ts'

const SKUS_MAX = 5_000
const BODY_BYTES_MAX = 2 * 1024 * 1024

const BODY = objectOf({ company: TEXT, skus: { type: 'array', maxItems: SKUS_MAX, items: TEXT } })

const RESPONSE = objectOf({
  company: { type: 'string' },
  barcodes: {
    type: 'array',
    items: objectOf({ sku: { type: 'string' }, barcode: { type: 'string' } }),
  },
  unknown: { type: 'array', items: { type: 'string' } },
})

/** What to look up: SKUs of a company. */
export type BarcodesParameters = Static<typeof BODY>

/** The known barcodes, and the SKUs without one, as the API returns them. */
export type BarcodesAnswer = Static<typeof RESPONSE>

/** Adds the route. */
export function barcodesRoutes(server: FastifyInstance, services: Services): void {
  const options = withBody(BODY, { summary: 'The barcodes that are known of some SKUs', response: { 200: RESPONSE } })
  const limited = { ...options, config: MAY_READ, bodyLimit: BODY_BYTES_MAX }
  server.post<{ Body: BarcodesParameters }>('/api/barcodes/lookup', limited, (request, reply) =>
    answerWithQuery(services, request, reply, ['barcodes', request.body]),
  )
}

/** The barcodes of SKUs, and the SKUs whose barcode is unknown; each SKU once. */
export async function lookUpBarcodes({ catalogue }: QueryContext, { company, skus }: BarcodesParameters) {
  const each = [...new Set(skus)]
  const barcodes = await knownBarcodes(catalogue.database, company, each)
  const known = new Set(barcodes.map(({ sku }) => sku))
  return { company, barcodes, unknown: each.filter((sku) => !known.has(sku)) } satisfies BarcodesAnswer
}
