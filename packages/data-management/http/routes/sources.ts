/** `GET /api/sources`: every store with how often, how recently and how completely it is scraped. */

import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { findStore } from '../../catalogue/queries/find-store.ts'
import { type DayRange, type DayState, type FreshnessContext, lastShownDay } from '../../catalogue/queries/freshness.ts'
import { readRecentDays, type Source, type SourceView, sourceView } from '../../catalogue/queries/sources.ts'
import { cursorKeyIn, cursorOf } from '../edge/cursor.ts'
import { objectOf } from '../edge/object-schema.ts'
import { AFTER, BOUNDED_COUNT, COUNT, DATE, limitOf, readable, STORE, TEXT, TEXT_OR_NULL } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWith } from '../threads/answering.ts'
import { momentOf, type Reading } from '../threads/reading.ts'
import { sourcesNow } from './freshness.ts'
import { STORE_SETTINGS } from './store-settings-schema.ts'

// Days shown of each source.
const DAYS_SHOWN = 30

const STATES = ['good', 'late', 'silent', 'snoozed', 'retired'] as const

const LIST_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { company: TEXT, store: STORE, state: { enum: STATES }, limit: limitOf(100, 200), after: AFTER },
} as const

/** The states of a source's days, ending with `days_to`; 'none': no scrape was due. */
export const DAYS = { type: 'array', items: { enum: ['good', 'late', 'partial', 'missing', 'none'] } } as const

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
    items: { ...SOURCE_SCHEMA, required: [...SOURCE_SCHEMA.required, 'days'], properties: { ...SOURCE, days: DAYS } },
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
  const list = readable(LIST_QUERY, { summary: 'Sources, by company and store', response: { 200: LIST_RESPONSE } })
  server.get<{ Querystring: SourcesParameters }>('/api/sources', list, (request, reply) =>
    answerWith(services, request, reply, ['sources', request.query]),
  )
}

/** A page of sources. */
export async function sourcesListed(reading: Reading, query: SourcesParameters): Promise<SourcePage> {
  const { company, store, state, limit } = query
  const named = store === undefined ? undefined : await findStore(reading.catalogue.database, store)
  const after = cursorKeyIn('sources', query.after, ['', ''] as [string, string])
  const moment = momentOf(reading)
  const all = await sourcesNow(reading)
  const days = daysShown(all, moment)
  const sources = all.filter(
    (source) =>
      (company === undefined || source.company === company) &&
      (store === undefined || source.storeId === named?.id) &&
      (state === undefined || source.state === state),
  )
  const rest = after === undefined ? sources : sources.slice(countUpTo(sources, after))
  const page = await withDays(reading, rest.slice(0, limit), days)
  const last = rest.length > limit ? page.at(-1) : undefined
  const next = cursorOf('sources', last === undefined ? null : [last.company, last.store_id])
  const total = { count: sources.length, exact: true }
  return { days_to: days.to, sources: page, next, total } satisfies SourcePage
}

/** The span of days that is shown for these sources. */
export function daysShown(sources: readonly Source[], moment: FreshnessContext): DayRange {
  return {
    to: lastShownDay(
      sources.map(({ last_date }) => last_date),
      moment,
    ),
    count: DAYS_SHOWN,
  }
}

/** The views of sources, with the states of their last days. */
export async function withDays(reading: Reading, sources: readonly Source[], days: DayRange) {
  const moment = momentOf(reading)
  const shown: (SourceView & { days: DayState[] })[] = []
  for (const source of sources)
    shown.push({ ...sourceView(source), days: await readRecentDays(reading.catalogue.database, source, moment, days) })
  return shown
}

/** The number of sources at or before a key, in the order of the database: by bytes. */
function countUpTo(
  sources: readonly { company: string; store_id: string }[],
  [company, store]: readonly [string, string],
): number {
  const place = sources.findIndex((source) => {
    return (
      (Buffer.compare(Buffer.from(source.company), Buffer.from(company)) ||
        Buffer.compare(Buffer.from(source.store_id), Buffer.from(store))) > 0
    )
  })
  return place === -1 ? sources.length : place
}
