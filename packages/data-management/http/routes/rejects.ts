/** `GET /api/rejects`: groups of rejected rows of all uploads; `/api/rejects/lines`: the rows as JSON Lines. */
import { Problem } from '@splitcart/shared/problem.ts'
import { create } from 'content-disposition'
import type { FastifyInstance } from 'fastify'
import {
  countFilteredRejects,
  type FileWithRejects,
  filesWithRejects,
  filteredRejects,
  groupCursorOf,
  type RejectFilter,
  type RejectGroupCursor,
  type RejectsOfSource,
  readRejectSamples,
  rejectsOfSources,
} from '../../catalogue/queries/rejects.ts'
import type { StoredReject } from '../../catalogue/rejects.ts'
import { cursorKeyIn, cursorOf } from '../edge/cursor.ts'
import { responseWithMediaType } from '../edge/openapi.ts'
import { withQuery } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWithQuery, askerOf, type LineBatch, queryLines, streamOf } from '../threads/answering.ts'
import type { QueryContext } from '../threads/query-context.ts'
import { rawView } from './reject-line.ts'
import {
  REJECT_LINES_QUERY,
  REJECTS_QUERY,
  REJECTS_RESPONSE,
  type RejectGroupView,
  type RejectPage,
  type RejectsQuery,
} from './rejects-schema.ts'

const SAMPLES_MAX = 3
const FILES_AT_ONCE = 100
const LINES_AT_ONCE = 500
// The most pages of rejects that are read for one batch, if few rejects match the filter.
const PAGES_READ_MAX = 200

/** Query parameters for groups of rejects. */
export type RejectGroupsParameters = RejectsQuery & { limit: number; after?: string }

/** Where the next batch begins: after a line of a load; older loads follow. */
type RejectCursor = readonly [loadId: number, line: number]

/** Query for lines of rejects. */
export type RejectLinesParameters = Readonly<{ query: RejectsQuery; after?: RejectCursor }>

/** Adds the routes. */
export function rejectsRoutes(server: FastifyInstance, services: Services): void {
  const groups = withQuery(REJECTS_QUERY, {
    summary: 'Why rows were rejected, by code, field and source, the most frequent first',
    response: { 200: REJECTS_RESPONSE },
  })
  server.get<{ Querystring: RejectGroupsParameters }>('/api/rejects', groups, (request, reply) =>
    answerWithQuery(services, request, reply, ['rejectGroups', request.query]),
  )

  const lines = withQuery(REJECT_LINES_QUERY, {
    summary: 'Rejected rows of all uploads, as JSON Lines, the newest file first',
    response: responseWithMediaType('application/x-ndjson', 'One reject a line'),
  })
  // No HEAD route: it would read all rejects and send none.
  server.get<{ Querystring: RejectsQuery }>(
    '/api/rejects/lines',
    { ...lines, exposeHeadRoute: false },
    async (request, reply) => {
      const asker = askerOf(request, reply, services.inbox.now())
      const stream = await streamOf(queryLines(services, ['rejectLines', { query: request.query }], asker))
      return reply.type('application/x-ndjson').header('content-disposition', create('rejects.jsonl')).send(stream)
    },
  )
}

/** A page of groups of rejected rows. */
export async function rejectGroups(context: QueryContext, query: RejectGroupsParameters): Promise<RejectPage> {
  const { database } = context.catalogue
  const filter = await resolveFilter(context, query)
  const after = cursorKeyIn('rejects', query.after, [0, '', '', '', ''] as RejectGroupCursor)
  const found = await rejectsOfSources(database, filter, after, query.limit + 1)
  const page = found.slice(0, query.limit)
  const last = found.length > query.limit ? page.at(-1) : undefined
  return {
    groups: await Promise.all(page.map((group) => groupView(context, group, filter))),
    next: cursorOf('rejects', last === undefined ? null : groupCursorOf(last)),
    rejects: await countFilteredRejects(database, filter),
  } satisfies RejectPage
}

async function resolveFilter({ inbox, catalogue }: QueryContext, query: RejectsQuery): Promise<RejectFilter> {
  const { code = null, field = null, company = null, store = null, upload, since } = query
  const from = since === undefined ? 0 : Date.parse(since)
  if (Number.isNaN(from)) throw new Problem('request_invalid', 'querystring/since is no time')
  const found = upload === undefined ? undefined : await inbox.ledger.uploads.find(upload)
  if (upload !== undefined && found === undefined) throw new Problem('not_found', 'no upload has this id')
  // An upload without a load record has no rejects: no load has the id 0.
  const loadId = found === undefined ? null : ((await catalogue.findLoad(found.sha256))?.id ?? 0)
  return { code, field, company, store, loadId, since: from }
}

async function groupView(
  { inbox, catalogue }: QueryContext,
  group: RejectsOfSource,
  filter: RejectFilter,
): Promise<RejectGroupView> {
  const { lastAt, field, ...told } = group
  const samples = await readRejectSamples(catalogue.database, group, filter, SAMPLES_MAX)
  const ids = await inbox.ledger.uploads.idsOf(samples.map(({ sha256 }) => sha256))
  return {
    ...told,
    field: field === '' ? null : field,
    store_name: group.store_id === null ? null : (samples[0]?.store_name ?? null),
    last_at: new Date(lastAt).toISOString(),
    samples: samples.map(({ sha256, raw, store_name: _, ...sample }) => {
      return { upload_id: ids.get(sha256) ?? null, ...sample, ...rawView(raw) }
    }),
  }
}

/** A batch of lines after a cursor. It may be empty if few rejects match: `next` continues the search. */
export async function rejectLines(
  context: QueryContext,
  { query, after }: RejectLinesParameters,
): Promise<LineBatch<RejectCursor>> {
  const { database } = context.catalogue
  const filter = await resolveFilter(context, query)
  const [loadId, line] = after ?? [Number.MAX_SAFE_INTEGER - 1, 0]
  const files = await filesWithRejects(database, filter, loadId + 1, FILES_AT_ONCE)
  const { uploads } = context.inbox.ledger
  const ids = await uploads.idsOf(files.map(({ sha256 }) => sha256))
  const lines: string[] = []
  let pagesRead = 0
  for (const file of files)
    for await (const page of filteredRejects(database, file.loadId, filter, file.loadId === loadId ? line : 0)) {
      for (const reject of page.rejects) lines.push(lineOfReject(file, ids.get(file.sha256) ?? null, reject))
      if (lines.length >= LINES_AT_ONCE || ++pagesRead >= PAGES_READ_MAX)
        return { text: lines.join(''), next: [file.loadId, page.last] }
    }
  const last = files.at(-1)
  const isEnd = last === undefined || files.length < FILES_AT_ONCE
  return { text: lines.join(''), next: isEnd ? null : [last.loadId, Number.MAX_SAFE_INTEGER] }
}

function lineOfReject(file: FileWithRejects, upload_id: string | null, { raw, ...reject }: StoredReject): string {
  const { filename, company, store_id } = file
  return `${JSON.stringify({ upload_id, filename, company, store_id, ...reject, ...rawView(raw) })}\n`
}
