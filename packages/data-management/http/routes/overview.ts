/** `GET /api/overview`: what needs attention, what arrived today, and the recent days of the sources. */
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
import { readable } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWith } from '../threads/answering.ts'
import { momentOf, type Reading } from '../threads/reading.ts'
import { attentionNow, ranked } from './attention.ts'
import { sourcesNow } from './freshness.ts'
import { loaderState } from './loader-state.ts'
import { diskOf, waitingOf } from './machine.ts'
import { OVERVIEW_QUERY, OVERVIEW_RESPONSE } from './overview-schema.ts'
import { daysShown, withDays } from './sources.ts'

const HOURS_SHOWN = 24
const SINCE_DAYS_MAX = 7
const SOURCES_MAX = 50

/** The overview, as the API returns it. */
export type Overview = Static<typeof OVERVIEW_RESPONSE>

/** Adds the route. */
export function overviewRoutes(server: FastifyInstance, services: Services): void {
  const overview = readable(OVERVIEW_QUERY, {
    summary: 'What needs attention, what arrived, and how the sources have been',
    response: { 200: OVERVIEW_RESPONSE },
  })
  server.get<{ Querystring: { since?: string } }>('/api/overview', overview, async (request, reply) => {
    const since = sinceIn(request.query.since, momentOf(services))
    return answerWith(services, request, reply, ['overview', await parametersOf(services, since)])
  })
}

/** When "today" began: midnight in the server's time zone, unless the query gives another time. */
function sinceIn(text: string | undefined, { now, zone }: ZonedNow): number {
  if (text === undefined) return zone.startOf(zone.dateAt(now))
  const since = Date.parse(text)
  if (Number.isNaN(since) || since < now - SINCE_DAYS_MAX * DAY_MS)
    throw new Problem('request_invalid', `querystring/since must be within the last ${SINCE_DAYS_MAX} days`)
  return since
}

/** Query for the overview; `room` (disk space) and `pending` (inbox) are known to the main thread only. */
export type OverviewParameters = Readonly<{
  since: number
  room: Readonly<{ bavail: number; blocks: number; bsize: number }>
  pending: InboxStatus
}>

async function parametersOf({ inbox }: Services, since: number): Promise<OverviewParameters> {
  const { bavail, blocks, bsize } = await inbox.disk.statfs(inbox.folders.inbox)
  return { since, room: { bavail, blocks, bsize }, pending: await inboxOf(inbox).status() }
}

/** The overview. */
export function overviewSince({ inbox, ...reading }: Reading, parameters: OverviewParameters): Promise<Overview> {
  const { since, room, pending } = parameters
  const disk = { ...inbox.disk, statfs: (async () => room) as unknown as Disk['statfs'] }
  return answer({ ...reading, inbox: { ...inbox, disk } }, since, pending)
}

async function answer(services: Reading, since: number, pending: InboxStatus): Promise<Overview> {
  const { inbox, catalogue } = services
  const { database } = catalogue
  const moment = momentOf(services)
  const sources = await sourcesNow(services)
  const days = daysShown(sources, moment)
  const uploads = await inbox.ledger.uploads.countSince(since, COUNT_MAX + 1)
  return {
    at: new Date(moment.now).toISOString(),
    attention: {
      ...(await attentionNow(services, sources)),
      disk: await diskOf(services),
      loader: await loaderState(services, pending),
    },
    today: {
      since: new Date(since).toISOString(),
      uploads: cappedCount(uploads),
      ...(await activitySince(database, since)),
    },
    inbox: await waitingOf(services, pending),
    throughput: await hourlyLoads(database, moment.now, HOURS_SHOWN),
    totals: await catalogueTotals(database),
    days_to: days.to,
    sources: await withDays(
      services,
      sources.toSorted((one, other) => ranked(one) - ranked(other)).slice(0, SOURCES_MAX),
      days,
    ),
  }
}
