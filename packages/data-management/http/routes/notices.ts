/** `GET /api/notices`: conditions, notices and the state of the receivers; and a route that sends a test notice. */

import { isoTime } from '@splitcart/shared/time.ts'
import type { FastifyInstance } from 'fastify'
import type { Ledger } from '../../ledger/ledger.ts'
import { listReceivers, noticesBefore, type ReceiverRecord } from '../../ledger/notice-outbox.ts'
import { conditionKind } from '../../notices/conditions.ts'
import { testReceivers } from '../../notices/outbox.ts'
import type { NoticeReceiver } from '../../notices/receivers/receiver.ts'
import { MAY_CHANGE, NEWEST_FIRST_PAGE_QUERY, withBody, withQuery } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWithQuery } from '../threads/answering.ts'
import { NOTICES_RESPONSE, type NoticesView, type ReceiverView, TEST_BODY, TEST_RESPONSE } from './notices-schema.ts'
import { ticksView } from './ticks.ts'

const CONDITIONS_MAX = 200
const NO_TARGETS = { receivers: [], page: undefined } as const

type Page = Readonly<{ before?: number; limit: number }>

/** The parameters of the query. They include the receivers, which only the main thread knows. */
export type NoticesParameters = Page & Readonly<{ receivers: readonly Pick<NoticeReceiver, 'name' | 'where'>[] }>

/** Adds the routes. */
export function noticesRoutes(server: FastifyInstance, services: Services): void {
  const { inbox, noticeTargets = NO_TARGETS } = services
  const { ledger, now } = inbox
  const listed = { summary: 'What needs a person, and what was told of it', response: { 200: NOTICES_RESPONSE } }
  const list = withQuery(NEWEST_FIRST_PAGE_QUERY, listed)
  server.get<{ Querystring: Page }>('/api/notices', { ...list, config: MAY_CHANGE }, (request, reply) => {
    const receivers = noticeTargets.receivers.map(({ name, where }) => ({ name, where }))
    return answerWithQuery(services, request, reply, ['notices', { ...request.query, receivers }])
  })

  const summary = 'Send a test to everybody who is told of what needs a person, or to one of them'
  const test = withBody(TEST_BODY, { summary, response: { 200: TEST_RESPONSE } })
  server.post<{ Body: { receiver?: string } }>(
    '/api/notices/test',
    { ...test, config: MAY_CHANGE },
    async (request) => {
      const { receiver } = request.body
      return { answers: await testReceivers({ ...noticeTargets, notices: ledger.notices, now }, receiver) }
    },
  )
}

/** A page of notices, with conditions, ticks and receivers. */
export async function noticePage(
  { notices, ticks }: Pick<Ledger, 'notices' | 'ticks'>,
  { receivers, before = Number.MAX_SAFE_INTEGER, limit }: NoticesParameters,
): Promise<NoticesView> {
  const onRecord = new Map((await listReceivers(notices.database)).map((each) => [each.name, each]))
  const conditions = await notices.list(CONDITIONS_MAX)
  const told = await noticesBefore(notices.database, before, limit)
  return {
    receivers: receivers.map((receiver) => receiverView(receiver, onRecord.get(receiver.name))),
    conditions: conditions.map(({ kind, subject, text, since, told_at }) => {
      const at = new Date(since).toISOString()
      return { kind, subject, text, since: at, is_told: told_at !== null, todo: conditionKind(kind)?.todo ?? '' }
    }),
    ...ticksView((await ticks.list()).filter(({ kind }) => conditionKind(kind) !== undefined)),
    notices: told.map(({ id, at, kind, subject, is_over, text }) => {
      return { id, at: new Date(at).toISOString(), kind, subject, is_over: is_over === 1, text }
    }),
    next: told.length === limit ? told.at(-1)!.id : null,
  }
}

function receiverView(
  { name, where }: NoticesParameters['receivers'][number],
  record: ReceiverRecord | undefined,
): ReceiverView {
  return {
    name,
    where,
    waiting: record?.waiting ?? 0,
    failures: record?.failures ?? 0,
    last_at: isoTime(record?.last_at ?? null),
    last_answer: record?.last_answer ?? null,
    told_at: isoTime(record?.told_at ?? null),
    next_at: isoTime(record?.next_at || null),
  }
}
