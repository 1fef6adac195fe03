/** `POST /api/barcodes/lookup`: the barcodes that are known already, so that a scraper fetches only the others. */

import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { knownBarcodes } from '../../catalogue/queries/barcodes.ts'
import { objectOf } from '../edge/object-schema.ts'
import { bodyOf, MAY_READ, TEXT } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWith } from '../threads/answering.ts'
import type { Reading } from '../threads/reading.ts'

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

/** A lookup: a company and its SKUs. */
export type BarcodesParameters = Static<typeof BODY>

/** The known barcodes, and the SKUs without one, as the API returns them. */
export type BarcodesAnswer = Static<typeof RESPONSE>

/** Adds the route. */
export function barcodesRoutes(server: FastifyInstance, services: Services): void {
  const options = bodyOf(BODY, { summary: 'The barcodes that are known of some SKUs', response: { 200: RESPONSE } })
  const limited = { ...options, config: MAY_READ, bodyLimit: BODY_BYTES_MAX }
  server.post<{ Body: BarcodesParameters }>('/api/barcodes/lookup', limited, (request, reply) =>
    answerWith(services, request, reply, ['barcodes', request.body]),
  )
}

/** The barcodes of some SKUs, and which of these have none; each SKU once. */
export async function barcodesKnown({ catalogue }: Reading, { company, skus }: BarcodesParameters) {
  const each = [...new Set(skus)]
  const barcodes = await knownBarcodes(catalogue.database, company, each)
  const known = new Set(barcodes.map(({ sku }) => sku))
  return { company, barcodes, unknown: each.filter((sku) => !known.has(sku)) } satisfies BarcodesAnswer
}
