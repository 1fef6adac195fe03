/** `GET /api/stores`: the stores; `GET /api/scrapes`: the scrapes of a store, and the file that each came from. */

import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { listScrapes, listStores } from '../../catalogue/queries/stores.ts'
import { cursorKeyIn, cursorOf } from '../edge/cursor.ts'
import { objectOf } from '../edge/object-schema.ts'
import {
  AFTER,
  COUNT,
  COUNT_OR_NULL,
  DATE,
  DATE_MAX,
  DATE_MIN,
  FLAG_OR_NULL,
  pageSize,
  STORE,
  TEXT,
  TEXT_OR_NULL,
  withQuery,
} from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWithQuery } from '../threads/answering.ts'
import type { QueryContext } from '../threads/query-context.ts'

const DATE_OR_NULL = { anyOf: [{ type: 'null' }, DATE] } as const
const NUMBER_OR_NULL = { type: ['number', 'null'] } as const

const LIST_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { company: TEXT, limit: pageSize(100, 500), after: AFTER },
} as const

const LIST_RESPONSE = objectOf({
  stores: {
    type: 'array',
    items: {
      type: 'object',
      required: ['company', 'store_id', 'name', 'state', 'first_date', 'last_date', 'listings', 'described_on'],
      properties: {
        company: { type: 'string' },
        store_id: { type: 'string' },
        name: { type: 'string' },
        state: TEXT_OR_NULL,
        first_date: DATE_OR_NULL,
        last_date: DATE_OR_NULL,
        listings: COUNT_OR_NULL,
        address: TEXT_OR_NULL,
        suburb: TEXT_OR_NULL,
        postcode: TEXT_OR_NULL,
        latitude: NUMBER_OR_NULL,
        longitude: NUMBER_OR_NULL,
        phone: TEXT_OR_NULL,
        is_open: FLAG_OR_NULL,
        described_on: DATE_OR_NULL,
      },
    },
  },
  next: TEXT_OR_NULL,
})

const SCRAPES_QUERY = {
  type: 'object',
  additionalProperties: false,
  required: ['store'],
  properties: { store: STORE, from: DATE, to: DATE, limit: pageSize(50, 200), after: AFTER },
} as const

const SCRAPES_RESPONSE = objectOf({
  scrapes: {
    type: 'array',
    items: objectOf({ date: DATE, listings: COUNT, filename: { type: 'string' }, upload_id: TEXT_OR_NULL }),
  },
  next: TEXT_OR_NULL,
})

/** Query parameters for the list of stores. */
export type StoresParameters = { company?: string; limit: number; after?: string }

/** Query parameters for the scrapes of a store. */
export type ScrapesParameters = { store: string; from?: string; to?: string; limit: number; after?: string }

/** A page of stores, as the API returns it. */
export type StorePage = Static<typeof LIST_RESPONSE>

/** A page of scrapes, as the API returns it. */
export type ScrapePage = Static<typeof SCRAPES_RESPONSE>

/** Adds the routes. */
export function storesRoutes(server: FastifyInstance, services: Services): void {
  const list = withQuery(LIST_QUERY, { summary: 'Stores, by company and store', response: { 200: LIST_RESPONSE } })
  server.get<{ Querystring: StoresParameters }>('/api/stores', list, (request, reply) =>
    answerWithQuery(services, request, reply, ['stores', request.query]),
  )

  const scrapes = withQuery(SCRAPES_QUERY, {
    summary: 'The scrapes of a store and the uploads they came with, the newest first',
    response: { 200: SCRAPES_RESPONSE },
  })
  server.get<{ Querystring: ScrapesParameters }>('/api/scrapes', scrapes, (request, reply) =>
    answerWithQuery(services, request, reply, ['scrapes', request.query]),
  )
}

/** A page of stores. */
export async function storePage({ catalogue }: QueryContext, query: StoresParameters): Promise<StorePage> {
  const { company, limit } = query
  const after = cursorKeyIn('stores', query.after, ['', ''] as [string, string])
  const found = await listStores(catalogue.database, { company, after, limit: limit + 1 })
  const stores = found.slice(0, limit)
  const last = found.length > limit ? stores.at(-1) : undefined
  const next = cursorOf('stores', last === undefined ? null : [last.company, last.store_id])
  return { stores, next } satisfies StorePage
}

/** A page of the scrapes of a store. */
export async function scrapePage({ inbox, catalogue }: QueryContext, query: ScrapesParameters): Promise<ScrapePage> {
  const { store, from = DATE_MIN, to = DATE_MAX, limit } = query
  const after = cursorKeyIn('scrapes', query.after, ['', ''] as [string, string])
  const found = await listScrapes(catalogue.database, { store, from, to, after, limit: limit + 1 })
  const page = found.slice(0, limit)
  const last = found.length > limit ? page.at(-1) : undefined
  const ids = await inbox.ledger.uploads.idsOf(page.map(({ sha256 }) => sha256))
  const answer = page.map(({ date, listings, filename, sha256 }) => {
    return { date, listings, filename, upload_id: ids.get(sha256) ?? null }
  })
  const next = cursorOf('scrapes', last === undefined ? null : [last.date, last.sha256])
  return { scrapes: answer, next } satisfies ScrapePage
}
