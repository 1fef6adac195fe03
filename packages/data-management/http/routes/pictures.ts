/**
 * `GET /api/products/{id}/picture`: the picture of a product or of one of its listings. This server fetches it from the
 * shop, so that the shop does not learn who views it. Only URLs in the catalogue are fetched: a client cannot name one.
 */
import { foldedCode } from '@splitcart/shared/codes.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance } from 'fastify'
import type { ListingName } from '../../catalogue/catalogue.ts'
import { findPictureAddresses } from '../../catalogue/queries/picture-address.ts'
import type { Picture } from '../../pictures/fetch-picture.ts'
import type { PictureCache } from '../../pictures/pictures.ts'
import { TEXT, withQuery } from '../edge/parameters.ts'
import type { Services } from '../services.ts'

const QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { company: TEXT, sku: TEXT, key: TEXT },
} as const

const RESPONSES = {
  200: {
    description: 'The picture, of at most 2 MiB',
    content: Object.fromEntries(
      ['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif'].map((type) => [type, { schema: {} }]),
    ),
  },
} as const

const DAY_SECONDS = 86_400

type Query = { company?: string; sku?: string; key?: string }

/** Adds the route, unless pictures are switched off. */
export function pictureRoutes(server: FastifyInstance, { catalogue, pictures }: Services): void {
  if (pictures === undefined) return
  const summary = 'The picture of a product, or of one listing of it: company and sku, or key where it has none'
  const options = withQuery(QUERY, { summary, response: RESPONSES })
  server.get<{ Params: { id: string }; Querystring: Query }>(
    '/api/products/:id/picture',
    options,
    async ({ params, query }, reply) => {
      const addresses = await findPictureAddresses(catalogue.database, productIdIn(params.id), listingIn(query))
      const { type, bytes } = await firstPicture(pictures, addresses)
      return await reply.type(type).header('cache-control', `private, max-age=${DAY_SECONDS}`).send(bytes)
    },
  )
}

async function firstPicture(pictures: PictureCache, addresses: readonly string[]): Promise<Picture> {
  let why = 'no shop tells of one'
  for (const address of addresses) {
    const picture = await pictures.get(address)
    if (picture === undefined) throw new Problem('pictures_busy')
    if (typeof picture !== 'string') return picture
    why = picture
  }
  throw new Problem('not_found', `there is no picture: ${why}`)
}

function productIdIn(id: string): number {
  if (!/^\d{1,10}$/.test(id)) throw new Problem('not_found', 'the id of a product is a number')
  return Number(id)
}

function listingIn({ company, sku, key }: Query): ListingName | undefined {
  const code = sku ?? key
  if (company === undefined && code === undefined) return undefined
  if (company === undefined || code === undefined)
    throw new Problem('request_invalid', 'querystring/company goes with querystring/sku, or with querystring/key')
  return { company: foldedCode(company), byName: sku === undefined ? 1 : 0, code }
}
