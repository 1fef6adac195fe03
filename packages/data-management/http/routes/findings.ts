/** `GET /api/findings`: the current findings by company; `POST /api/beliefs`: a person accepts one as correct. */
import { Problem } from '@splitcart/shared/problem.ts'
import { type BeliefInForce, coveringBelief } from '@splitcart/shared/truth/beliefs.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type ChainFinding, chainFindings, unknownName } from '../../catalogue/queries/findings.ts'
import { type BeliefRecord, describeBelief, whyNotBelievable } from '../../ledger/beliefs.ts'
import { auditName, principalOf } from '../auth/authentication.ts'
import { MAY_CHANGE, NO_QUERY, withBody, withQuery } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWithQuery } from '../threads/answering.ts'
import type { QueryContext } from '../threads/query-context.ts'
import {
  BELIEF_BODY,
  BELIEF_SCHEMA,
  type BeliefBody,
  type BeliefView,
  type ChainFindingView,
  FINDINGS_RESPONSE,
  type FindingsView,
} from './findings-schema.ts'

type WithId = { Params: { id: string } }

/** Adds the routes. */
export function findingsRoutes(server: FastifyInstance, services: Services): void {
  const summary = 'What is told of the newest scrapes, a line for each company, and what is believed'
  const list = withQuery(NO_QUERY, { summary, response: { 200: FINDINGS_RESPONSE } })
  server.get('/api/findings', list, (request, reply) => answerWithQuery(services, request, reply, ['findings', {}]))

  const hold = withBody(BELIEF_BODY, {
    summary: 'Believe what a rule says of a company, or of one of its stores, from now on',
    response: { 201: BELIEF_SCHEMA },
  })
  server.post<{ Body: BeliefBody }>('/api/beliefs', { ...hold, config: MAY_CHANGE }, async (request, reply) =>
    reply.code(201).send(await holdBelief(services, request)),
  )

  const undo = { summary: 'Take a belief back', response: { 200: BELIEF_SCHEMA } }
  server.post<WithId>('/api/beliefs/:id/undo', { config: MAY_CHANGE, schema: undo }, (request) =>
    undoBelief(services, request),
  )
}

async function holdBelief({ inbox, catalogue }: Services, request: FastifyRequest<{ Body: BeliefBody }>) {
  const { company, store_id: store = null, rule, field = null, reason = '' } = request.body
  const fault = whyNotBelievable(rule) ?? (await unknownName(catalogue.database, company, store))
  if (fault !== undefined) throw new Problem('request_invalid', `body: ${fault}`)
  const who = auditName(principalOf(request))
  const at = inbox.now()
  const record = await inbox.ledger.beliefs.add({
    company,
    store,
    rule,
    field,
    at,
    who,
    reason: reason.trim() || null,
  })
  await inbox.ledger.audit({ at, who, what: 'belief held', about: String(record.id), detail: describeBelief(record) })
  return beliefView(record)
}

async function undoBelief({ inbox }: Services, request: FastifyRequest<WithId>): Promise<BeliefView> {
  const { id } = request.params
  const { beliefs } = inbox.ledger
  if (!(await beliefs.undo(id, auditName(principalOf(request)), inbox.now())))
    throw new Problem('not_found', 'no belief that counts has this id')
  return beliefView((await beliefs.list()).find((each) => each.id === Number(id))!)
}

/** The current findings by company, and all beliefs. */
export async function readFindings(context: QueryContext): Promise<FindingsView> {
  const beliefs = await context.inbox.ledger.beliefs.list()
  return {
    findings: await findingViews(context, await chainFindings(context.catalogue.database)),
    beliefs: beliefs.map(beliefView),
  }
}

/** Identifies a finding, as the subject of conditions and ticks. */
export function findingKey({ company, rule, field, brief }: Omit<ChainFinding, 'stores' | 'example'>): string {
  return JSON.stringify([company, rule, field, brief])
}

/** Findings that lack a belief for some store, most stores first: their count, and those that `isMeant` selects. */
export async function unbelievedFindings(
  context: QueryContext,
  isMeant: (finding: ChainFinding, index: number) => boolean,
) {
  const beliefs = await context.inbox.ledger.beliefs.current()
  const found = await chainFindings(context.catalogue.database)
  const told = found.filter((finding) => countBelievedStores(beliefs, finding) < finding.stores.length)
  return { count: told.length, exact: true, first: await findingViews(context, told.filter(isMeant)) }
}

function countBelievedStores(
  beliefs: readonly BeliefInForce[],
  { company, stores, rule, field }: ChainFinding,
): number {
  return stores.filter((store) => coveringBelief(beliefs, { company, store, rule, field }) !== undefined).length
}

async function findingViews({ inbox }: QueryContext, found: readonly ChainFinding[]): Promise<ChainFindingView[]> {
  const { uploads, beliefs } = inbox.ledger
  const current = await beliefs.current()
  const ids = await uploads.idsOf([...new Set(found.map(({ example }) => example.sha256))])
  return found.map((finding) => {
    const { company, rule, field, brief, stores, example } = finding
    const { sha256, ...shown } = example
    const upload_id = ids.get(sha256) ?? null
    const counts = { stores: stores.length, believed_stores: countBelievedStores(current, finding) }
    return { company, rule, field, brief, ...counts, example: { upload_id, ...shown } }
  })
}

function beliefView({ undoneAt: undone_at, undoneBy: undone_by, ...record }: BeliefRecord): BeliefView {
  return { ...record, undone_at, undone_by }
}
