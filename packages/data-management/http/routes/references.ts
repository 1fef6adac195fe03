/** `GET /api/references`: what the server compares a scrape with, so that the client can check it before sending. */

import { foldedCode } from '@splitcart/shared/codes.ts'
import { addDays } from '@splitcart/shared/date.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { BeliefInForce } from '@splitcart/shared/truth/beliefs.ts'
import type { References } from '@splitcart/shared/truth/rule-input.ts'
import type { FastifyInstance } from 'fastify'
import { ownReferences, sistersOf } from '../../catalogue/references.ts'
import { permissionOf } from '../../permission.ts'
import { principalOf } from '../auth/authentication.ts'
import { objectOf } from '../edge/object-schema.ts'
import { DATE, readable, TEXT } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWith } from '../threads/answering.ts'
import type { Reading } from '../threads/reading.ts'

const QUERY = {
  type: 'object',
  additionalProperties: false,
  required: ['company', 'store_id', 'date'],
  properties: { company: TEXT, store_id: TEXT, date: DATE },
} as const

/** Figures of scrapes, as packages/shared/truth/figures.ts computes them. */
const RESPONSE = objectOf({
  references: { type: 'object', additionalProperties: {} },
  beliefs: { type: 'array', items: { type: 'object', additionalProperties: {} } },
})

/** The store and date of the scrape. */
export type ReferencesParameters = Readonly<{ company: string; store_id: string; date: string }>

// Keys that may only upload are allowed as well.
const MAY_ASK = { scopes: ['upload', 'read', 'admin'] } as const

/** Adds the route. */
export function referencesRoutes(server: FastifyInstance, services: Services): void {
  const summary = 'What a scrape of a store and date would be compared with'
  const options = { ...readable(QUERY, { summary, response: { 200: RESPONSE } }), config: MAY_ASK }
  server.get<{ Querystring: ReferencesParameters }>('/api/references', options, (request, reply) => {
    const { company, store_id } = request.query
    const { scopes, onlyFor } = principalOf(request)
    const mayRead = scopes.has('read') || scopes.has('admin')
    if (!mayRead && !permissionOf(onlyFor)(foldedCode(company), foldedCode(store_id)))
      throw new Problem('scope_missing', `the key may not write for ${company}/${store_id}, and may not read`)
    return answerWith(services, request, reply, ['references', request.query])
  })
}

type Store = Readonly<{ company_id: number; store_id: number | null }>

/** The references for a scrape that is received now. */
export async function referencesFor(
  { catalogue, inbox }: Reading,
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
  const until = addDays(new Date(inbox.now()).toISOString().slice(0, 10), 1)
  const at = { companyId: store.company_id, storeId: store.store_id ?? 0, date, until }
  const references = { ...(await ownReferences(database, at)), sisters: await sistersOf(database, at) }
  return { references, beliefs: await beliefsOf(inbox, foldedCode(company)) }
}

/** The current beliefs about a company, without author and reason. */
async function beliefsOf({ ledger }: Reading['inbox'], code: string): Promise<BeliefInForce[]> {
  const beliefs = (await ledger.beliefs.current()).filter(({ company }) => company === code)
  return beliefs.map(({ id, company, store, rule, field, since }) => ({ id, company, store, rule, field, since }))
}
