/**
 * `GET /api/changes`: listings that became cheaper or dearer, or are new, gone or back, the largest change first; as
 * pages of JSON, as CSV with all lines, or as an Atom feed.
 */

import { addDays } from '@splitcart/shared/date.ts'
import { moneyFormatter } from '@splitcart/shared/money.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import { create } from 'content-disposition'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { csvLines } from '../../catalogue/export-formats.ts'
import { CHANGE_KINDS, type ChangeKind } from '../../catalogue/model/changes.ts'
import { type ChangeView, changeViews } from '../../catalogue/queries/changed-listings.ts'
import { type ChangeOrder, type ChangesQuery, findChanges, latestChangeDate } from '../../catalogue/queries/changes.ts'
import { changesRevision, hasUncountedChanges } from '../../catalogue/queries/count-changes.ts'
import { findCompanyId } from '../../catalogue/queries/find-products.ts'
import { findStore } from '../../catalogue/queries/find-store.ts'
import { datesOfLoad, datesOfStore, type StoreDates } from '../../catalogue/queries/transitions.ts'
import { cursorKeyIn, cursorOf } from '../edge/cursor.ts'
import { etagOf, isKnownEtag } from '../edge/etag.ts'
import { DATE_MAX, DATE_MIN, withQuery } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWithQuery, askerOf, type LineBatch, queryLines, streamOf } from '../threads/answering.ts'
import { freshnessContext, type QueryContext, runQuery } from '../threads/query-context.ts'
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
type ChangesRequest = FastifyRequest<{ Querystring: ChangesParameters & { format?: Format } }>

const CSV_LINES_AT_ONCE = 500
const CSV_FIELDS = Object.keys(CHANGES_RESPONSE.properties.changes.items.properties)
const FEED_DAYS = 7

/** Adds the route. */
export function changesRoutes(server: FastifyInstance, services: Services): void {
  const options = withQuery(CHANGES_QUERY, {
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
  server.get('/api/changes', options, (request: ChangesRequest, reply) => answer(services, request, reply))
}

async function answer(services: Services, request: ChangesRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { format: _, ...query } = request.query
  const format = formatOf(request)
  const today = TimeZone.utc.dateAt(services.inbox.now())
  const { zone } = freshnessContext(services)
  const { currency } = services
  const state = await changesRevision(services.catalogue.database)
  const etag = etagOf(format, query, today, zone.name, currency ?? '', state, services.program?.version ?? '')
  reply.header('etag', etag).header('vary', 'accept').header('cache-control', 'private, no-cache')
  if (isKnownEtag(request.headers['if-none-match'], etag)) return reply.code(304).send()
  if (format === 'json') return await answerWithQuery(services, request, reply, ['changes', query])
  const asker = askerOf(request, reply, services.inbox.now())
  if (format === 'atom') {
    const parameters = { ...query, days: Math.max(query.days, FEED_DAYS) }
    const page = await runQuery<ChangePage>(services.queries, 'changes', parameters, asker)
    return reply
      .type('application/atom+xml; charset=utf-8')
      .send(feedOf(page, request.url, { zone, money: moneyFormatter(currency) }))
  }
  const lines = await streamOf(queryLines(services, ['changeLines', query], asker))
  return reply.type('text/csv; charset=utf-8').header('content-disposition', create('changes.csv')).send(lines)
}

/** The format from the query, else from `Accept`, else JSON. */
function formatOf({ query, headers }: ChangesRequest): Format {
  if (query.format !== undefined) return query.format
  const [first = ''] = (headers.accept ?? '').split(',')
  const type = first.split(';')[0]!.trim().toLowerCase()
  return (Object.keys(CHANGE_FORMATS) as Format[]).find((format) => CHANGE_FORMATS[format] === type) ?? 'json'
}

/** A page of changes. */
export async function changePage(context: QueryContext, parameters: ChangesParameters): Promise<ChangePage> {
  const { database } = context.catalogue
  const { query, from, to } = await resolveQuery(context, parameters)
  const found = query === undefined ? undefined : await findChanges(database, query)
  return {
    from: from ?? null,
    to: to ?? null,
    counts: found?.counts ?? CHANGE_KINDS.map((kind) => ({ kind, lines: 0, stores: 0 })),
    changes: found === undefined ? [] : await changeViews(database, found.lines),
    next: cursorOf(listName(parameters), found?.next ?? null),
    is_counted: query?.storeDates !== undefined || !(await hasUncountedChanges(database)),
  } satisfies ChangePage
}

/** A batch of up to `CSV_LINES_AT_ONCE` lines of CSV. */
export async function changeLines(
  context: QueryContext,
  { after, ...parameters }: Omit<ChangesParameters, 'after'> & { after?: string },
): Promise<LineBatch<string>> {
  const asked = { ...parameters, limit: CSV_LINES_AT_ONCE, ...(after !== undefined && { after }) }
  const { changes, next } = await changePage(context, asked)
  const lines = await Array.fromAsync(csvLines(toAsync(changes), CSV_FIELDS))
  return { text: (after === undefined ? lines : lines.slice(1)).join(''), next }
}

async function* toAsync(changes: readonly ChangeView[]): AsyncGenerator<ChangeView> {
  yield* changes
}

type ResolvedQuery = Readonly<{ query: ChangesQuery | undefined; from?: string | undefined; to?: string | undefined }>

/** Resolves parameters; without dates, to the latest ones with changes. `query` is undefined if nothing can match. */
async function resolveQuery(context: QueryContext, parameters: ChangesParameters): Promise<ResolvedQuery> {
  const { database } = context.catalogue
  const { company, store, upload, category, sort, limit, kind = [] } = parameters
  const companyId = company === undefined ? undefined : await findCompanyId(database, company)
  if (company !== undefined && companyId === undefined) return { query: undefined }
  if ([company, store, upload].filter((each) => each !== undefined).length > 1)
    throw new Problem('request_invalid', 'querystring: of company, store and upload only one can be asked for')
  const named = await requestedDates(context, parameters)
  if (named === 'none') return { query: undefined }
  const isDated = parameters.from !== undefined || parameters.to !== undefined
  // Tomorrow by this clock is today in some time zone.
  const until = TimeZone.utc.dateAt(freshnessContext(context).now + DAY_MS)
  const latest =
    isDated || named?.isAll ? undefined : (named?.latest ?? (await latestChangeDate(database, until, companyId)))
  if (!isDated && named === undefined && latest === undefined) return { query: undefined }
  const from = parameters.from ?? (latest === undefined ? DATE_MIN : addDays(latest, 1 - parameters.days))
  const to = parameters.to ?? latest ?? DATE_MAX
  const after = cursorKeyIn(listName(parameters), parameters.after, [0, 0, 0, 0, 0, ''] as [
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

type RequestedDates = Readonly<{ at: (from: string, to: string) => StoreDates; latest?: string; isAll?: boolean }>

/** The dates of the store or upload in the parameters; undefined: they name none; 'none': the store is unknown. */
async function requestedDates(
  { catalogue, inbox }: QueryContext,
  parameters: ChangesParameters,
): Promise<RequestedDates | 'none' | undefined> {
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

/** The name of the list in cursors: a cursor is valid only for its sort order. */
function listName({ sort }: ChangesParameters): string {
  return `changes by ${sort}`
}
