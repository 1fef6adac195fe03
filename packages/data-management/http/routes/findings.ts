/** `GET /api/findings`: the current findings per chain; `POST /api/beliefs`: a person accepts one from now on. */
import { Problem } from '@splitcart/shared/problem.ts'
import { type BeliefInForce, coveringBelief } from '@splitcart/shared/truth/beliefs.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type ChainFinding, chainFindings, faultOfNames } from '../../catalogue/queries/findings.ts'
import { aboutOf, type BeliefRecord, whyNotBelievable } from '../../ledger/beliefs.ts'
import { nameOf, principalOf } from '../auth/authentication.ts'
import { bodyOf, MAY_CHANGE, NO_QUERY, readable } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWith } from '../threads/answering.ts'
import type { Reading } from '../threads/reading.ts'
import {
  BELIEF_BODY,
  BELIEF_SCHEMA,
  type BeliefBody,
  type BeliefView,
  type ChainFindingView,
  FINDINGS_RESPONSE,
  type FindingsView,
} from './findings-schema.ts'

type OfOne = { Params: { id: string } }

/** Adds the routes. */
export function findingsRoutes(server: FastifyInstance, services: Services): void {
  const summary = 'What is told of the newest scrapes, a line for each company, and what is believed'
  const list = readable(NO_QUERY, { summary, response: { 200: FINDINGS_RESPONSE } })
  server.get('/api/findings', list, (request, reply) => answerWith(services, request, reply, ['findings', {}]))

  const hold = bodyOf(BELIEF_BODY, {
    summary: 'Believe what a rule says of a company, or of one of its stores, from now on',
    response: { 201: BELIEF_SCHEMA },
  })
  server.post<{ Body: BeliefBody }>('/api/beliefs', { ...hold, config: MAY_CHANGE }, async (request, reply) =>
    reply.code(201).send(await believe(services, request)),
  )

  const undo = { summary: 'Take a belief back', response: { 200: BELIEF_SCHEMA } }
  server.post<OfOne>('/api/beliefs/:id/undo', { config: MAY_CHANGE, schema: undo }, (request) =>
    undoBelief(services, request),
  )
}

async function believe({ inbox, catalogue }: Services, request: FastifyRequest<{ Body: BeliefBody }>) {
  const { company, store_id: store = null, rule, field = null, reason = '' } = request.body
  const fault = whyNotBelievable(rule) ?? (await faultOfNames(catalogue.database, company, store))
  if (fault !== undefined) throw new Problem('request_invalid', `body: ${fault}`)
  const who = nameOf(principalOf(request))
  const at = inbox.now()
  const record = await inbox.ledger.beliefs.hold({
    company,
    store,
    rule,
    field,
    at,
    who,
    reason: reason.trim() || null,
  })
  await inbox.ledger.audit({ at, who, what: 'belief held', about: String(record.id), detail: aboutOf(record) })
  return beliefView(record)
}

async function undoBelief({ inbox }: Services, request: FastifyRequest<OfOne>): Promise<BeliefView> {
  const { id } = request.params
  const { beliefs } = inbox.ledger
  if (!(await beliefs.undo(id, nameOf(principalOf(request)), inbox.now())))
    throw new Problem('not_found', 'no belief that counts has this id')
  return beliefView((await beliefs.list()).find((each) => each.id === Number(id))!)
}

/** The current findings per chain, and every belief. */
export async function findingsNow(reading: Reading): Promise<FindingsView> {
  const beliefs = await reading.inbox.ledger.beliefs.list()
  return {
    findings: await viewsOf(reading, await chainFindings(reading.catalogue.database)),
    beliefs: beliefs.map(beliefView),
  }
}

/** The key of a finding in the attention list and in ticks. */
export function findingKey({ company, rule, field, brief }: Omit<ChainFinding, 'stores' | 'example'>): string {
  return JSON.stringify([company, rule, field, brief])
}

/** Findings not yet covered by beliefs, most stores first: their count, and those that `isMeant` selects. */
export async function unbelievedFindings(reading: Reading, isMeant: (finding: ChainFinding, index: number) => boolean) {
  const beliefs = await reading.inbox.ledger.beliefs.current()
  const found = await chainFindings(reading.catalogue.database)
  const told = found.filter((finding) => believedIn(beliefs, finding) < finding.stores.length)
  return { count: told.length, exact: true, first: await viewsOf(reading, told.filter(isMeant)) }
}

function believedIn(beliefs: readonly BeliefInForce[], { company, stores, rule, field }: ChainFinding): number {
  return stores.filter((store) => coveringBelief(beliefs, { company, store, rule, field }) !== undefined).length
}

async function viewsOf({ inbox }: Reading, found: readonly ChainFinding[]): Promise<ChainFindingView[]> {
  const { uploads, beliefs } = inbox.ledger
  const current = await beliefs.current()
  const ids = await uploads.idsOf([...new Set(found.map(({ example }) => example.sha256))])
  return found.map((finding) => {
    const { company, rule, field, brief, stores, example } = finding
    const { sha256, ...shown } = example
    const upload_id = ids.get(sha256) ?? null
    const counts = { stores: stores.length, believed_stores: believedIn(current, finding) }
    return { company, rule, field, brief, ...counts, example: { upload_id, ...shown } }
  })
}

function beliefView({ undoneAt: undone_at, undoneBy: undone_by, ...record }: BeliefRecord): BeliefView {
  return { ...record, undone_at, undone_by }
}
