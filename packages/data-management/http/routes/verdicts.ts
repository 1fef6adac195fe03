/** `GET /api/suggestions`: pairs of listings for a person to judge; `/api/verdicts`: the verdicts of people. */
import { foldedCode } from '@splitcart/shared/codes.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { isoTime } from '@splitcart/shared/time.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ListingName } from '../../catalogue/catalogue.ts'
import { type PairCursor, pairsToJudge } from '../../catalogue/queries/suggested-pairs.ts'
import { isKnownListing } from '../../catalogue/queries/suggestions.ts'
import type { VerdictRecord } from '../../ledger/verdicts.ts'
import { auditName, principalOf } from '../auth/authentication.ts'
import { cursorKeyIn, cursorOf } from '../edge/cursor.ts'
import { MAY_CHANGE, NEWEST_FIRST_PAGE_QUERY, withBody, withQuery } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWithQuery } from '../threads/answering.ts'
import type { QueryContext } from '../threads/query-context.ts'
import { currentNow } from './freshness.ts'
import {
  SUGGESTIONS_QUERY,
  SUGGESTIONS_RESPONSE,
  type SuggestionPage,
  VERDICT_BODY,
  VERDICT_SCHEMA,
  VERDICTS_RESPONSE,
  type VerdictBody,
  type VerdictPage,
  type VerdictView,
} from './verdicts-schema.ts'

/** Query parameters for pairs to judge. */
export type SuggestionsParameters = { limit: number; after?: string }
type VerdictsQuery = { before?: number; limit: number }
type WithId = { Params: { id: string } }

/** Adds the routes. */
export function verdictRoutes(server: FastifyInstance, services: Services): void {
  const suggested = { summary: 'Pairs of listings for a person to judge, the likeliest first' }
  const pairs = withQuery(SUGGESTIONS_QUERY, { ...suggested, response: { 200: SUGGESTIONS_RESPONSE } })
  server.get<{ Querystring: SuggestionsParameters }>('/api/suggestions', pairs, (request, reply) =>
    answerWithQuery(services, request, reply, ['suggestions', request.query]),
  )

  const listed = { summary: 'What people have said of two listings, the newest first' }
  const list = withQuery(NEWEST_FIRST_PAGE_QUERY, { ...listed, response: { 200: VERDICTS_RESPONSE } })
  server.get<{ Querystring: VerdictsQuery }>('/api/verdicts', { ...list, config: MAY_CHANGE }, ({ query }) =>
    verdictPage(services, query),
  )

  const summary = 'Say that two listings are the same, comparable or not the same; update-db applies it'
  const give = withBody(VERDICT_BODY, { summary, response: { 201: VERDICT_SCHEMA } })
  server.post<{ Body: VerdictBody }>('/api/verdicts', { ...give, config: MAY_CHANGE }, async (request, reply) =>
    reply.code(201).send(await giveVerdict(services, request)),
  )

  const undo = { summary: 'Take a verdict back', response: { 200: VERDICT_SCHEMA } }
  server.post<WithId>('/api/verdicts/:id/undo', { config: MAY_CHANGE, schema: undo }, (request) =>
    undoVerdict(services, request),
  )
}

// The cursor of the first page: its first part is above every score.
const FIRST: PairCursor = [1_000_000, 0, 0]

/** A page of the pairs without a verdict. */
export async function suggestionPage(
  context: QueryContext,
  { limit, after }: SuggestionsParameters,
): Promise<SuggestionPage> {
  const { database } = context.catalogue
  const said = (await context.inbox.ledger.verdicts.current()).map(({ one, other }) => [one, other] as const)
  const from = cursorKeyIn('suggestions', after, [0, 0, 0] as PairCursor & [number, number, number]) ?? FIRST
  const current = await currentNow(context)
  const { pairs, next } = await pairsToJudge(database, { after: from, limit }, said, current)
  return { pairs, next: cursorOf('suggestions', next) }
}

async function verdictPage({ inbox }: Services, { before, limit }: VerdictsQuery): Promise<VerdictPage> {
  const found = await inbox.ledger.verdicts.list({ before, limit })
  return { verdicts: found.map(verdictView), next: found.length === limit ? found.at(-1)!.id : null }
}

async function giveVerdict(services: Services, request: FastifyRequest<{ Body: VerdictBody }>): Promise<VerdictView> {
  const { ledger, now } = services.inbox
  const { a, b, verdict, reason = '' } = request.body
  const [one, other] = [await listingIn(services, 'a', a), await listingIn(services, 'b', b)]
  if (JSON.stringify(one) === JSON.stringify(other))
    throw new Problem('request_invalid', 'body/a and body/b are one and the same listing')
  const [at, who] = [now(), auditName(principalOf(request))]
  const given = { one, other, verdict, at, who, reason: reason.trim() || null }
  const id = await ledger.verdicts.add(given)
  await ledger.audit({ at, who, what: 'verdict given', about: String(id), detail: verdict })
  return verdictView((await ledger.verdicts.find(id))!)
}

async function listingIn({ catalogue }: Services, field: string, named: VerdictBody['a']): Promise<ListingName> {
  const { company, sku = null, key } = named
  const code = sku ?? key
  if (code === undefined)
    throw new Problem('request_invalid', `body/${field} must have a sku, or a key where it has none`)
  const listing = { company: foldedCode(company), byName: sku === null ? (1 as const) : (0 as const), code }
  if (await isKnownListing(catalogue.database, listing)) return listing
  throw new Problem('not_found', `body/${field} is no listing that is known`)
}

async function undoVerdict({ inbox }: Services, request: FastifyRequest<WithId>): Promise<VerdictView> {
  const { id } = request.params
  const { verdicts } = inbox.ledger
  if (!(await verdicts.undo(id, auditName(principalOf(request)), inbox.now())))
    throw new Problem('not_found', 'no verdict that counts has this id')
  return verdictView((await verdicts.find(Number(id)))!)
}

function verdictView({ one, other, at, undoneAt, undoneBy, ...record }: VerdictRecord): VerdictView {
  const named = ({ company, byName, code }: ListingName) =>
    byName === 1 ? { company, sku: null, key: code } : { company, sku: code, key: null }
  return {
    ...record,
    a: named(one),
    b: named(other),
    at: new Date(at).toISOString(),
    undone_at: isoTime(undoneAt),
    undone_by: undoneBy,
  }
}
