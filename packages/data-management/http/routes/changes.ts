/**
 * `GET /api/changes`: what became cheaper or dearer, and what is new, gone or back, the largest change first; as paged
 * JSON, as CSV with all lines, or as an Atom feed.
 */

import { addDays } from '@splitcart/shared/date.ts'
import { moneyFormatter } from '@splitcart/shared/money.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { create } from 'content-disposition'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { csvOf } from '../../catalogue/export-formats.ts'
import { CHANGE_KINDS, type ChangeKind } from '../../catalogue/model/changes.ts'
import { type ChangeView, changeViews } from '../../catalogue/queries/changed-listings.ts'
import { type ChangeOrder, type ChangesQuery, findChanges, latestChanges } from '../../catalogue/queries/changes.ts'
import { countedRevision, hasUncountedChanges } from '../../catalogue/queries/count-changes.ts'
import { companyIdOf } from '../../catalogue/queries/find-products.ts'
import { findStore } from '../../catalogue/queries/find-store.ts'
import { datesOfLoad, datesOfStore, type StoreDates } from '../../catalogue/queries/transitions.ts'
import { cursorKeyIn, cursorOf } from '../edge/cursor.ts'
import { etagOf, isKnownEtag } from '../edge/etag.ts'
import { DATE_MAX, DATE_MIN, readable } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWith, askerOf, type LineBatch, linesOf, readableOf } from '../threads/answering.ts'
import { momentOf, type Reading, runQuery } from '../threads/reading.ts'
import { CHANGE_FORMATS, CHANGES_QUERY, CHANGES_RESPONSE, type ChangePage } from './changes-schema.ts'
import { feedOf } from './feed.ts'

/** Query parameters for changes. */
export type ChangesParameters = {
  from?: string
  to?: string
  days: number
  kind?: ChangeKind[]
  company?: string
  store?: string
  category?: string
  upload?: string
  sort: ChangeOrder
  limit: number
  after?: string
}

type Format = keyof typeof CHANGE_FORMATS
type Asked = FastifyRequest<{ Querystring: ChangesParameters & { format?: Format } }>

const CSV_LINES_AT_ONCE = 500
const CSV_FIELDS = Object.keys(CHANGES_RESPONSE.properties.changes.items.properties)
const FEED_DAYS = 7

/** Adds the route. */
export function changesRoutes(server: FastifyInstance, services: Services): void {
  const options = readable(CHANGES_QUERY, {
    summary: 'What changed within a span of dates, the largest first; as JSON, CSV or an Atom feed',
    response: {
      200: {
        description: 'A page; as CSV all of them',
        content: {
          'application/json': { schema: CHANGES_RESPONSE },
          'text/csv': { schema: {} },
          'application/atom+xml': { schema: {} },
        },
      },
      304: { description: 'Nothing has changed since the ETag that If-None-Match names', type: 'null' },
    },
  })
  server.get('/api/changes', options, (request: Asked, reply) => answer(services, request, reply))
}

async function answer(services: Services, request: Asked, reply: FastifyReply): Promise<FastifyReply> {
  const { format: _, ...query } = request.query
  const format = formatOf(request)
  const today = dateOf(services.inbox.now())
  const { zone } = momentOf(services)
  const { currency } = services
  const state = await countedRevision(services.catalogue.database)
  const etag = etagOf(format, query, today, zone.name, currency ?? '', state, services.program?.version ?? '')
  reply.header('etag', etag).header('vary', 'accept').header('cache-control', 'private, no-cache')
  if (isKnownEtag(request.headers['if-none-match'], etag)) return reply.code(304).send()
  if (format === 'json') return await answerWith(services, request, reply, ['changes', query])
  const asker = askerOf(request, reply, services.inbox.now())
  if (format === 'atom') {
    const parameters = { ...query, days: Math.max(query.days, FEED_DAYS) }
    const page = await runQuery<ChangePage>(services.queries, 'changes', parameters, asker)
    return reply
      .type('application/atom+xml; charset=utf-8')
      .send(feedOf(page, request.url, { zone, money: moneyFormatter(currency) }))
  }
  const lines = await readableOf(linesOf(services, ['changeLines', query], asker))
  return reply.type('text/csv; charset=utf-8').header('content-disposition', create('changes.csv')).send(lines)
}

/** The format from the query, else from `Accept`, else JSON. */
function formatOf({ query, headers }: Asked): Format {
  if (query.format !== undefined) return query.format
  const [first = ''] = (headers.accept ?? '').split(',')
  const type = first.split(';')[0]!.trim().toLowerCase()
  return (Object.keys(CHANGE_FORMATS) as Format[]).find((format) => CHANGE_FORMATS[format] === type) ?? 'json'
}

/** A page of changes. */
export async function changesFound(reading: Reading, parameters: ChangesParameters): Promise<ChangePage> {
  const { database } = reading.catalogue
  const { query, from, to } = await queryOf(reading, parameters)
  const found = query === undefined ? undefined : await findChanges(database, query)
  return {
    from: from ?? null,
    to: to ?? null,
    counts: found?.counts ?? CHANGE_KINDS.map((kind) => ({ kind, lines: 0, stores: 0 })),
    changes: found === undefined ? [] : await changeViews(database, found.lines),
    next: cursorOf(listOf(parameters), found?.next ?? null),
    is_counted: query?.storeDates !== undefined || !(await hasUncountedChanges(database)),
  } satisfies ChangePage
}

/** A batch of up to `CSV_LINES_AT_ONCE` lines of CSV. */
export async function changeLines(
  reading: Reading,
  { after, ...parameters }: Omit<ChangesParameters, 'after'> & { after?: string },
): Promise<LineBatch<string>> {
  const asked = { ...parameters, limit: CSV_LINES_AT_ONCE, ...(after !== undefined && { after }) }
  const { changes, next } = await changesFound(reading, asked)
  const lines = await Array.fromAsync(csvOf(each(changes), CSV_FIELDS))
  return { text: (after === undefined ? lines : lines.slice(1)).join(''), next }
}

async function* each(changes: readonly ChangeView[]): AsyncGenerator<ChangeView> {
  yield* changes
}

type Span = Readonly<{ query: ChangesQuery | undefined; from?: string | undefined; to?: string | undefined }>

/** Resolves the parameters; without dates, the latest ones with changes. `query` is undefined if nothing can match. */
async function queryOf(reading: Reading, parameters: ChangesParameters): Promise<Span> {
  const { database } = reading.catalogue
  const { company, store, upload, category, sort, limit, kind = [] } = parameters
  const companyId = company === undefined ? undefined : await companyIdOf(database, company)
  if (company !== undefined && companyId === undefined) return { query: undefined }
  if ([company, store, upload].filter((each) => each !== undefined).length > 1)
    throw new Problem('request_invalid', 'querystring: of company, store and upload only one can be asked for')
  const named = await datesNamed(reading, parameters)
  if (named === 'none') return { query: undefined }
  const isDated = parameters.from !== undefined || parameters.to !== undefined
  // Tomorrow by this clock is today in some time zone.
  const until = dateOf(momentOf(reading).now + DAY_MS)
  const latest =
    isDated || named?.isAll ? undefined : (named?.latest ?? (await latestChanges(database, until, companyId)))
  if (!isDated && named === undefined && latest === undefined) return { query: undefined }
  const from = parameters.from ?? (latest === undefined ? DATE_MIN : addDays(latest, 1 - parameters.days))
  const to = parameters.to ?? latest ?? DATE_MAX
  const after = cursorKeyIn(listOf(parameters), parameters.after, [0, 0, 0, 0, 0, ''] as [
    number,
    number,
    number,
    number,
    number,
    string,
  ])
  const kinds = kind.length === 0 ? CHANGE_KINDS : kind
  const storeDates = named?.at(from, to)
  return { query: { from, to, kinds, companyId, storeDates, category, order: sort, after, limit }, from, to }
}

type Named = Readonly<{ at: (from: string, to: string) => StoreDates; latest?: string; isAll?: boolean }>

/** The dates of the requested store or upload; undefined: all stores; 'none': the store is unknown. */
async function datesNamed(
  { catalogue, inbox }: Reading,
  parameters: ChangesParameters,
): Promise<Named | 'none' | undefined> {
  const { store, upload } = parameters
  if (store !== undefined) {
    const found = await findStore(catalogue.database, store)
    if (found === undefined) return 'none'
    return { at: (from, to) => datesOfStore(found.id, from, to), latest: found.lastDate ?? DATE_MIN }
  }
  if (upload === undefined) return undefined
  const found = await inbox.ledger.uploads.find(upload)
  if (found === undefined) throw new Problem('not_found', 'no upload has this id')
  return { at: () => datesOfLoad(found.sha256), isAll: true }
}

/** The list's name in cursors: a cursor of one sort order is invalid for the other. */
function listOf({ sort }: ChangesParameters): string {
  return `changes by ${sort}`
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
