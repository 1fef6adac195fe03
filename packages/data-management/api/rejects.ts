/** `GET /api/rejects`: why rows of all uploads were rejected, grouped; `/api/rejects/lines`: these rows as JSON Lines. */
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { Problem } from '@splitcart/shared/problem.ts'
import { create } from 'content-disposition'
import type { FastifyInstance } from 'fastify'
import {
  countMeant,
  type FileWithRejects,
  filesWithRejects,
  type GroupKey,
  keyOf,
  type RejectFilter,
  type RejectsOfSource,
  rejectsMeant,
  rejectsOfSources,
  samplesOf,
} from '../catalogue/queries/rejects.ts'
import type { StoredReject } from '../catalogue/rejects.ts'
import { cursorOf, keyIn } from './cursor.ts'
import { answerIn } from './description.ts'
import { readable } from './parameters.ts'
import { rawOf } from './reject-line.ts'
import {
  REJECT_LINES_QUERY,
  REJECTS_QUERY,
  REJECTS_RESPONSE,
  type RejectGroupView,
  type RejectPage,
  type RejectsQuery,
} from './rejects-schema.ts'
import type { Services } from './services.ts'

const SAMPLES_MAX = 3
const FILES_AT_ONCE = 100

type PageQuery = RejectsQuery & { limit: number; after?: string }

/** Adds the routes. */
export function rejectsRoutes(server: FastifyInstance, services: Services): void {
  const { database } = services.catalogue
  const groups = readable(REJECTS_QUERY, {
    summary: 'Why rows were rejected, by code, field and source, the most frequent first',
    response: { 200: REJECTS_RESPONSE },
  })
  server.get<{ Querystring: PageQuery }>('/api/rejects', groups, async ({ query }) => {
    const filter = await filterOf(services, query)
    const after = keyIn('rejects', query.after, [0, '', '', '', ''] as GroupKey)
    const found = await rejectsOfSources(database, filter, after, query.limit + 1)
    const page = found.slice(0, query.limit)
    const last = found.length > query.limit ? page.at(-1) : undefined
    return {
      groups: await Promise.all(page.map((group) => viewOf(services, group, filter))),
      next: cursorOf('rejects', last === undefined ? null : keyOf(last)),
      rejects: await countMeant(database, filter),
    } satisfies RejectPage
  })

  const lines = readable(REJECT_LINES_QUERY, {
    summary: 'Rejected rows of all uploads, as JSON Lines, the newest file first',
    response: answerIn('application/x-ndjson', 'One reject a line'),
  })
  // To HEAD all of them would be read, for nothing.
  server.get<{ Querystring: RejectsQuery }>(
    '/api/rejects/lines',
    { ...lines, exposeHeadRoute: false },
    async ({ query }, reply) => {
      const filter = await filterOf(services, query)
      return reply
        .type('application/x-ndjson')
        .header('content-disposition', create('rejects.jsonl'))
        .send(Readable.from(linesOf(services, filter), { objectMode: false }))
    },
  )
}

async function filterOf({ inbox, catalogue }: Services, query: RejectsQuery): Promise<RejectFilter> {
  const { code = null, field = null, company = null, store = null, upload, since } = query
  const from = since === undefined ? 0 : Date.parse(since)
  if (Number.isNaN(from)) throw new Problem('request_invalid', 'querystring/since is no time')
  const found = upload === undefined ? undefined : await inbox.ledger.uploads.find(upload)
  if (upload !== undefined && found === undefined) throw new Problem('not_found', 'no upload has this id')
  // One that has not been loaded has no rejects.
  const loadId = found === undefined ? null : ((await catalogue.findLoad(found.sha256))?.id ?? 0)
  return { code, field, company, store, loadId, since: from }
}

async function viewOf(
  { inbox, catalogue }: Services,
  group: RejectsOfSource,
  filter: RejectFilter,
): Promise<RejectGroupView> {
  const { lastAt, field, ...told } = group
  const samples = await samplesOf(catalogue.database, group, filter, SAMPLES_MAX)
  const ids = await inbox.ledger.uploads.idsOf(samples.map(({ sha256 }) => sha256))
  return {
    ...told,
    field: field === '' ? null : field,
    store_name: group.store_id === null ? null : (samples[0]?.store_name ?? null),
    last_at: new Date(lastAt).toISOString(),
    samples: samples.map(({ sha256, raw, store_name: _, ...sample }) => {
      return { upload_id: ids.get(sha256) ?? null, ...sample, ...rawOf(raw) }
    }),
  }
}

/** Some hundreds of lines at a time. In between others are served. */
async function* linesOf({ inbox, catalogue: { database } }: Services, filter: RejectFilter): AsyncGenerator<string> {
  for (let before = Number.MAX_SAFE_INTEGER; ; ) {
    const files = await filesWithRejects(database, filter, before, FILES_AT_ONCE)
    const ids = await inbox.ledger.uploads.idsOf(files.map(({ sha256 }) => sha256))
    for (const file of files)
      for await (const rejects of rejectsMeant(database, file.loadId, filter)) {
        await setImmediate()
        const lines = rejects.map((reject) => lineOf(file, ids.get(file.sha256) ?? null, reject))
        if (lines.length > 0) yield lines.join('')
      }
    if (files.length < FILES_AT_ONCE) return
    before = files.at(-1)!.loadId
  }
}

function lineOf(file: FileWithRejects, upload_id: string | null, { raw, ...reject }: StoredReject): string {
  const { filename, company, store_id } = file
  return `${JSON.stringify({ upload_id, filename, company, store_id, ...reject, ...rawOf(raw) })}\n`
}
