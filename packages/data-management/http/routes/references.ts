/** `GET /api/references`: figures of earlier scrapes to compare a new one with, so that a client checks it first. */

import { foldedCode } from '@splitcart/shared/codes.ts'
import { addDays } from '@splitcart/shared/date.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { BeliefInForce } from '@splitcart/shared/truth/beliefs.ts'
import type { References } from '@splitcart/shared/truth/rule-input.ts'
import type { FastifyInstance } from 'fastify'
import { otherStoreReferences, sameStoreReferences } from '../../catalogue/references.ts'
import { writePermissionOf } from '../../permission.ts'
import { principalOf } from '../auth/authentication.ts'
import { objectOf } from '../edge/object-schema.ts'
import { DATE, TEXT, withQuery } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWithQuery } from '../threads/answering.ts'
import type { QueryContext } from '../threads/query-context.ts'

const QUERY = {
  type: 'object',
  additionalProperties: false,
  required: ['company', 'store_id', 'date'],
  properties: { company: TEXT, store_id: TEXT, date: DATE },
} as const

/** `references`: figures of scrapes, as packages/shared/truth/figures.ts computes them. */
const RESPONSE = objectOf({
  references: { type: 'object', additionalProperties: {} },
  beliefs: { type: 'array', items: { type: 'object', additionalProperties: {} } },
})

/** The store and date of the new scrape. */
export type ReferencesParameters = Readonly<{ company: string; store_id: string; date: string }>

// Keys that may only upload are allowed, too.
const MAY_ASK = { scopes: ['upload', 'read', 'admin'] } as const

/** Adds the route. */
export function referencesRoutes(server: FastifyInstance, services: Services): void {
  const summary = 'What a scrape of a store and date would be compared with'
  const options = { ...withQuery(QUERY, { summary, response: { 200: RESPONSE } }), config: MAY_ASK }
  server.get<{ Querystring: ReferencesParameters }>('/api/references', options, (request, reply) => {
    const { company, store_id } = request.query
    const { scopes, onlyFor } = principalOf(request)
    const mayRead = scopes.has('read') || scopes.has('admin')
    if (!mayRead && !writePermissionOf(onlyFor)(foldedCode(company), foldedCode(store_id)))
      throw new Problem('scope_missing', `the key may not write for ${company}/${store_id}, and may not read`)
    return answerWithQuery(services, request, reply, ['references', request.query])
  })
}

type Store = Readonly<{ company_id: number; store_id: number | null }>

/** What a scrape that arrives now would be compared with. */
export async function readReferences(
  { catalogue, inbox }: QueryContext,
  { company, store_id: code, date }: ReferencesParameters,
): Promise<{ references: References; beliefs: readonly BeliefInForce[] }> {
  const { database } = catalogue
  const store = await database.get<Store>(
    `select company.id as company_id, store.id as store_id from company
      left join store on store.company_id = company.id and store.code = ? where company.code = ?`,
    foldedCode(code),
    foldedCode(company),
  )
  if (store === undefined) return { references: { usual: [], sisters: [] }, beliefs: [] }
  const until = addDays(TimeZone.utc.dateAt(inbox.now()), 1)
  const at = { companyId: store.company_id, storeId: store.store_id ?? 0, date, until }
  const references = { ...(await sameStoreReferences(database, at)), sisters: await otherStoreReferences(database, at) }
  return { references, beliefs: await readBeliefs(inbox, foldedCode(company)) }
}

/** The beliefs in force about a company, without person and reason. */
async function readBeliefs({ ledger }: QueryContext['inbox'], code: string): Promise<BeliefInForce[]> {
  const beliefs = (await ledger.beliefs.current()).filter(({ company }) => company === code)
  return beliefs.map(({ id, company, store, rule, field, since }) => ({ id, company, store, rule, field, since }))
}
