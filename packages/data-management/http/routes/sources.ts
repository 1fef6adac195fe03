/** `GET /api/sources`: every store with how often, how recently and how completely it is scraped. */

import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { findStore } from '../../catalogue/queries/find-store.ts'
import { type DayRange, type DayState, type FreshnessContext, lastShownDay } from '../../catalogue/queries/freshness.ts'
import { readRecentDays, type Source, type SourceView, sourceView } from '../../catalogue/queries/sources.ts'
import { cursorKeyIn, cursorOf } from '../edge/cursor.ts'
import { objectOf } from '../edge/object-schema.ts'
import {
  AFTER,
  BOUNDED_COUNT,
  COUNT,
  DATE,
  pageSize,
  STORE,
  TEXT,
  TEXT_OR_NULL,
  withQuery,
} from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWithQuery } from '../threads/answering.ts'
import { freshnessContext, type QueryContext } from '../threads/query-context.ts'
import { sourcesNow } from './freshness.ts'
import { STORE_SETTINGS } from './store-settings-schema.ts'

// The number of days that are shown of each source.
const DAYS_SHOWN = 30

const STATES = ['good', 'late', 'silent', 'snoozed', 'retired'] as const

const LIST_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { company: TEXT, store: STORE, state: { enum: STATES }, limit: pageSize(100, 200), after: AFTER },
} as const

/** The state of a source on each of its last days, up to `days_to`; 'none': no scrape was due. */
export const DAY_STATES = { type: 'array', items: { enum: ['good', 'late', 'partial', 'missing', 'none'] } } as const

const SOURCE = {
  company: { type: 'string' },
  store_id: { type: 'string' },
  store_name: { type: 'string' },
  last_date: DATE,
  received_at: { type: 'string', format: 'date-time' },
  usual_days: { type: ['number', 'null'] },
  due_date: TEXT_OR_NULL,
  state: { enum: STATES },
  rows: COUNT,
  usual_rows: { type: 'number' },
  is_partial: { type: 'boolean' },
  reject_share: { type: 'number' },
  place: { type: 'string' },
  is_closed: { type: 'boolean' },
  settings: { anyOf: [{ type: 'null' }, STORE_SETTINGS] },
} as const

/** A source, as the API returns it. */
export const SOURCE_SCHEMA = {
  type: 'object',
  required: [
    'company',
    'store_id',
    'store_name',
    'last_date',
    'received_at',
    'usual_days',
    'due_date',
    'state',
    'rows',
    'usual_rows',
    'is_partial',
    'reject_share',
    'settings',
  ],
  properties: SOURCE,
} as const

const LIST_RESPONSE = objectOf({
  days_to: DATE,
  sources: {
    type: 'array',
    items: {
      ...SOURCE_SCHEMA,
      required: [...SOURCE_SCHEMA.required, 'days'],
      properties: { ...SOURCE, days: DAY_STATES },
    },
  },
  next: TEXT_OR_NULL,
  total: BOUNDED_COUNT,
})

/** Query parameters for the list of sources. */
export type SourcesParameters = {
  company?: string
  store?: string
  state?: (typeof STATES)[number]
  limit: number
  after?: string
}

/** A page of sources, as the API returns it. */
export type SourcePage = Static<typeof LIST_RESPONSE>

/** Adds the route. */
export function sourcesRoutes(server: FastifyInstance, services: Services): void {
  const list = withQuery(LIST_QUERY, { summary: 'Sources, by company and store', response: { 200: LIST_RESPONSE } })
  server.get<{ Querystring: SourcesParameters }>('/api/sources', list, (request, reply) =>
    answerWithQuery(services, request, reply, ['sources', request.query]),
  )
}

/** A page of sources. */
export async function sourcePage(context: QueryContext, query: SourcesParameters): Promise<SourcePage> {
  const { company, store, state, limit } = query
  const named = store === undefined ? undefined : await findStore(context.catalogue.database, store)
  const after = cursorKeyIn('sources', query.after, ['', ''] as [string, string])
  const moment = freshnessContext(context)
  const all = await sourcesNow(context)
  const days = shownDays(all, moment)
  const sources = all.filter(
    (source) =>
      (company === undefined || source.company === company) &&
      (store === undefined || source.storeId === named?.id) &&
      (state === undefined || source.state === state),
  )
  const rest = after === undefined ? sources : sources.slice(countUpTo(sources, after))
  const page = await withDays(context, rest.slice(0, limit), days)
  const last = rest.length > limit ? page.at(-1) : undefined
  const next = cursorOf('sources', last === undefined ? null : [last.company, last.store_id])
  const total = { count: sources.length, exact: true }
  return { days_to: days.to, sources: page, next, total } satisfies SourcePage
}

/** The last days that are shown of these sources. */
export function shownDays(sources: readonly Source[], moment: FreshnessContext): DayRange {
  return {
    to: lastShownDay(
      sources.map(({ last_date }) => last_date),
      moment,
    ),
    count: DAYS_SHOWN,
  }
}

/** The views of sources, with the states of their last days. */
export async function withDays(context: QueryContext, sources: readonly Source[], days: DayRange) {
  const moment = freshnessContext(context)
  const shown: (SourceView & { days: DayState[] })[] = []
  for (const source of sources)
    shown.push({ ...sourceView(source), days: await readRecentDays(context.catalogue.database, source, moment, days) })
  return shown
}

/** The number of sources up to a company and store, in the byte order of the database. */
function countUpTo(
  sources: readonly { company: string; store_id: string }[],
  [company, store]: readonly [string, string],
): number {
  const index = sources.findIndex((source) => {
    return (
      (Buffer.compare(Buffer.from(source.company), Buffer.from(company)) ||
        Buffer.compare(Buffer.from(source.store_id), Buffer.from(store))) > 0
    )
  })
  return index === -1 ? sources.length : index
}
