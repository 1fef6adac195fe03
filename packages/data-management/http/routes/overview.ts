/** `GET /api/overview`: what needs attention, what arrived today, and how sources were in the last days. */
import type { Disk } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { activitySince, catalogueTotals, hourlyLoads } from '../../catalogue/queries/activity.ts'
import type { ZonedNow } from '../../catalogue/queries/freshness.ts'
import { COUNT_MAX, cappedCount } from '../../catalogue/queries/word-index.ts'
import { inboxOf } from '../../inbox/folder/folder-inbox.ts'
import type { InboxStatus } from '../../inbox/inbox.ts'
import { withQuery } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWithQuery } from '../threads/answering.ts'
import { freshnessContext, type QueryContext } from '../threads/query-context.ts'
import { readAttention, sourceRank } from './attention.ts'
import { sourcesNow } from './freshness.ts'
import { loaderState } from './loader-state.ts'
import { readDisk, readWaiting } from './machine.ts'
import { OVERVIEW_QUERY, OVERVIEW_RESPONSE } from './overview-schema.ts'
import { shownDays, withDays } from './sources.ts'

const HOURS_SHOWN = 24
const SINCE_DAYS_MAX = 7
const SOURCES_MAX = 50

/** The overview, as the API returns it. */
export type Overview = Static<typeof OVERVIEW_RESPONSE>

/** Adds the route. */
export function overviewRoutes(server: FastifyInstance, services: Services): void {
  const overview = withQuery(OVERVIEW_QUERY, {
    summary: 'What needs attention, what arrived, and how the sources have been',
    response: { 200: OVERVIEW_RESPONSE },
  })
  server.get<{ Querystring: { since?: string } }>('/api/overview', overview, async (request, reply) => {
    const since = startOfTodayIn(request.query.since, freshnessContext(services))
    return answerWithQuery(services, request, reply, ['overview', await readParameters(services, since)])
  })
}

/** When "today" began: midnight in the server's time zone, unless the query gives another time. */
function startOfTodayIn(text: string | undefined, { now, zone }: ZonedNow): number {
  if (text === undefined) return zone.startOf(zone.dateAt(now))
  const since = Date.parse(text)
  if (Number.isNaN(since) || since < now - SINCE_DAYS_MAX * DAY_MS)
    throw new Problem('request_invalid', `querystring/since must be within the last ${SINCE_DAYS_MAX} days`)
  return since
}

/** The parameters of the query. Only the main thread can read the disk (`diskStats`) and a shared inbox (`pending`). */
export type OverviewParameters = Readonly<{
  since: number
  diskStats: Readonly<{ bavail: number; blocks: number; bsize: number }>
  pending: InboxStatus
}>

async function readParameters({ inbox }: Services, since: number): Promise<OverviewParameters> {
  const { bavail, blocks, bsize } = await inbox.disk.statfs(inbox.folders.inbox)
  return { since, diskStats: { bavail, blocks, bsize }, pending: await inboxOf(inbox).status() }
}

/** Reads the overview, with the disk space from the parameters. */
export function readOverview({ inbox, ...reading }: QueryContext, parameters: OverviewParameters): Promise<Overview> {
  const { since, diskStats, pending } = parameters
  const disk = { ...inbox.disk, statfs: (async () => diskStats) as unknown as Disk['statfs'] }
  return buildOverview({ ...reading, inbox: { ...inbox, disk } }, since, pending)
}

async function buildOverview(context: QueryContext, since: number, pending: InboxStatus): Promise<Overview> {
  const { inbox, catalogue } = context
  const { database } = catalogue
  const moment = freshnessContext(context)
  const sources = await sourcesNow(context)
  const days = shownDays(sources, moment)
  const uploads = await inbox.ledger.uploads.countSince(since, COUNT_MAX + 1)
  return {
    at: new Date(moment.now).toISOString(),
    attention: {
      ...(await readAttention(context, sources)),
      disk: await readDisk(context),
      loader: await loaderState(context, pending),
    },
    today: {
      since: new Date(since).toISOString(),
      uploads: cappedCount(uploads),
      ...(await activitySince(database, since)),
    },
    inbox: await readWaiting(context, pending),
    throughput: await hourlyLoads(database, moment.now, HOURS_SHOWN),
    totals: await catalogueTotals(database),
    days_to: days.to,
    sources: await withDays(
      context,
      sources.toSorted((one, other) => sourceRank(one) - sourceRank(other)).slice(0, SOURCES_MAX),
      days,
    ),
  }
}
