/** `/api/keys`: lists, creates, rotates and revokes the keys of the server. */
import { Problem } from '@splitcart/shared/problem.ts'
import { isAddressOrNetwork } from '@splitcart/shared/setting-readers.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type KeyRecord, type KeyWithText, type NewKey, SCOPES } from '../../ledger/keys.ts'
import type { MachineRecord } from '../../ledger/machines.ts'
import { faultOfRight } from '../../ledger/rights.ts'
import { auditName, principalOf } from '../auth/authentication.ts'
import { cursorKeyIn, cursorOf } from '../edge/cursor.ts'
import { MAY_CHANGE, withBody, withQuery } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { keyView } from './key-view.ts'
import {
  KEY_SCHEMA,
  KEYS_QUERY,
  KEYS_RESPONSE,
  type KeyPage,
  type KeyView,
  MADE_KEY_SCHEMA,
  type MadeKeyView,
  NEW_KEY_BODY,
  type NewKeyBody,
  REVOKE_QUERY,
  ROTATE_BODY,
} from './keys-schema.ts'
import { machineView } from './machine-view.ts'

const OVERLAP_HOURS = 24
/** Route config: creating keys needs a key, so that a stolen session cannot create keys that outlive it. */
export const NEEDS_KEY = { ...MAY_CHANGE, wantsKey: true } as const

type WithId = { Params: { id: string } }
type Rotation = WithId & { Body: { overlap_hours?: number } | null }
type Revocation = WithId & { Querystring: { successors: boolean } }
type ListQuery = { limit: number; after?: string }

/** Adds the routes. */
export function keysRoutes(server: FastifyInstance, services: Services): void {
  const { ledger, now } = services.inbox
  const list = withQuery(KEYS_QUERY, { summary: 'Keys, the oldest first', response: { 200: KEYS_RESPONSE } })
  server.get<{ Querystring: ListQuery }>('/api/keys', { ...list, config: MAY_CHANGE }, async ({ query }) =>
    listKeys(services, query),
  )

  const make = withBody(NEW_KEY_BODY, { summary: 'Make a key', response: { 201: MADE_KEY_SCHEMA } })
  server.post<{ Body: NewKeyBody }>('/api/keys', { ...make, config: NEEDS_KEY }, async (request, reply) =>
    reply.code(201).send(await makeKey(services, request)),
  )

  const rotate = withBody(ROTATE_BODY, {
    summary: 'Make a key that replaces another',
    response: { 201: MADE_KEY_SCHEMA },
  })
  server.post<Rotation>('/api/keys/:id/rotate', { ...rotate, config: NEEDS_KEY }, async (request, reply) =>
    reply.code(201).send(await rotateKey(services, request)),
  )

  const own = { summary: 'Stop the key of this request from working, for ever', response: { 200: KEY_SCHEMA } }
  const byItself = { config: { scopes: SCOPES, wantsKey: true }, schema: own } as const
  server.post('/api/keys/self/revoke', byItself, async (request) => revokeOwnKey(services, request))

  const summary = 'Stop a key from working, for ever; with those that have replaced it, where that is wanted'
  const revoke = { summary, querystring: REVOKE_QUERY, response: { 200: KEY_SCHEMA } }
  server.post<Revocation>('/api/keys/:id/revoke', { config: MAY_CHANGE, schema: revoke }, async (request) => {
    const { id } = await findKey(services, request.params.id)
    const revoked = request.query.successors
      ? await ledger.keys.revokeWithSuccessors(id, now())
      : (await ledger.keys.revoke(id, now()))
        ? [id]
        : []
    for (const about of revoked) await auditKey(services, request, { what: 'key revoked', about })
    return keyViewOf(services, await findKey(services, id))
  })
}

/** Revokes the key of the request, whatever its scopes: for a machine that is taken out of service. */
async function revokeOwnKey(services: Services, request: FastifyRequest): Promise<KeyView> {
  const { ledger, now } = services.inbox
  const { keyId } = principalOf(request)
  if (!(await ledger.keys.revoke(keyId, now())))
    throw new Problem('state_other', 'it stands in the settings of the server, which only a person can change')
  await auditKey(services, request, { what: 'key revoked', about: keyId, detail: 'by itself' })
  return keyViewOf(services, await findKey(services, keyId))
}

async function listKeys(services: Services, { limit, after }: ListQuery): Promise<KeyPage> {
  const { ledger } = services.inbox
  const found = await ledger.keys.list(cursorKeyIn('keys', after, [0, ''] as [number, string]), limit + 1)
  const page = found.slice(0, limit)
  const last = found.length > limit ? page.at(-1) : undefined
  const next = cursorOf('keys', last === undefined ? null : [last.created_at, last.id])
  const machines = await ledger.machines.findByKeys(page.map(({ id }) => id))
  return { keys: page.map((key) => keyViewOf(services, key, machines.get(key.id))), next }
}

async function makeKey(services: Services, request: FastifyRequest<{ Body: NewKeyBody }>): Promise<MadeKeyView> {
  const { ledger, now } = services.inbox
  const made = await ledger.keys.create(newKeyOf(request.body, now()), now(), auditName(principalOf(request)))
  return madeKeyView(services, made)
}

/** The key described by a body. Throws `request_invalid` if the key would be unusable. */
export function newKeyOf(body: NewKeyBody, now: number): NewKey {
  const { name, scopes, only_for: onlyFor = null, only_from: onlyFrom = null, expires_at } = body
  const expiresAt = expires_at === undefined ? null : Date.parse(expires_at)
  if (expiresAt !== null && !(expiresAt > now)) throw new Problem('request_invalid', 'body/expires_at has passed')
  for (const right of onlyFor ?? []) {
    const fault = faultOfRight(right)
    if (fault !== undefined) throw new Problem('request_invalid', `body/only_for: ${JSON.stringify(right)} ${fault}`)
  }
  if (onlyFrom?.every(isAddressOrNetwork) === false)
    throw new Problem('request_invalid', 'body/only_from must be addresses and networks, such as 203.0.113.0/24')
  return { name, scopes, onlyFor, onlyFrom, expiresAt }
}

async function rotateKey(services: Services, request: FastifyRequest<Rotation>): Promise<MadeKeyView> {
  const { ledger, now } = services.inbox
  const { id } = await findKey(services, request.params.id)
  const until = now() + (request.body?.overlap_hours ?? OVERLAP_HOURS) * HOUR_MS
  const made = await ledger.keys.rotate(id, until, now(), auditName(principalOf(request)))
  if (made === undefined) throw new Problem('state_other', `the key ${id} works no more, or has been replaced already`)
  return madeKeyView(services, made)
}

async function findKey({ inbox }: Services, id: string): Promise<KeyRecord> {
  const key = await inbox.ledger.keys.find(id)
  if (key === undefined) throw new Problem('not_found', 'no key has this id')
  return key
}

/** The view of a new key, with its secret text. */
export async function madeKeyView(services: Services, { id, text }: KeyWithText): Promise<MadeKeyView> {
  return { ...keyViewOf(services, await findKey(services, id)), key: text }
}

type KeyAction = Readonly<{ what: string; about: string; detail?: string }>

function auditKey({ inbox }: Services, request: FastifyRequest, done: KeyAction): Promise<void> {
  return inbox.ledger.audit({ at: inbox.now(), who: auditName(principalOf(request)), ...done })
}

function keyViewOf({ inbox, program }: Services, key: KeyRecord, machine?: MachineRecord): KeyView {
  return keyView(key, machineView(machine, program?.version), inbox.now())
}
