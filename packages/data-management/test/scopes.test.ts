/** Every route with every scope: who is let in, and who is not. A route that stands in no list here fails the test. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SCOPES, type Scope } from '../ledger/keys.ts'
import { get, openReceiver, type Receiver } from './receiver.ts'

const UPLOAD = ['upload'] as const
const READ = ['read', 'admin'] as const
const ADMIN = ['admin'] as const
// What a key has sent itself, or all of it.
const SENDER = ['upload', 'admin'] as const
const OPEN = undefined

const TUS = '/api/upload/resumable/'

/** Which scopes open which route; OPEN: it asks for no key. */
const ROUTES: Readonly<Record<string, readonly Scope[] | undefined>> = {
  'POST /api/upload/': UPLOAD,
  'POST /api/upload/{kind}/': UPLOAD,
  'OPTIONS /api/upload/': UPLOAD,
  'OPTIONS /api/upload/{kind}/': UPLOAD,
  [`POST ${TUS}`]: UPLOAD,
  [`OPTIONS ${TUS}`]: UPLOAD,
  [`HEAD ${TUS}{id}`]: UPLOAD,
  [`PATCH ${TUS}{id}`]: UPLOAD,
  [`DELETE ${TUS}{id}`]: UPLOAD,
  [`OPTIONS ${TUS}{id}`]: UPLOAD,
  'POST /api/heartbeat': UPLOAD,
  'GET /api/uploads': SCOPES,
  'GET /api/uploads/requested': SCOPES,
  'GET /api/uploads/{id}': SCOPES,
  'GET /api/uploads/{id}/rejects': SCOPES,
  'GET /api/uploads/{id}/preview': READ,
  'GET /api/uploads/{id}/repair': READ,
  'GET /api/uploads/{id}/content': SENDER,
  'POST /api/uploads/{id}/release': ADMIN,
  'POST /api/uploads/{id}/discard': ADMIN,
  'POST /api/uploads/{id}/undo': ADMIN,
  'POST /api/uploads/{id}/replay': ADMIN,
  'GET /api/products': READ,
  'GET /api/products/{id}': READ,
  'GET /api/products/{id}/picture': READ,
  'GET /api/products/{id}/prices': READ,
  'GET /api/products/{id}/chains': READ,
  'GET /api/changes': READ,
  'GET /api/stores': READ,
  'PUT /api/stores/settings': ADMIN,
  'POST /api/barcodes/lookup': READ,
  'GET /api/findings': READ,
  'GET /api/suggestions': READ,
  'GET /api/verdicts': ADMIN,
  'POST /api/verdicts': ADMIN,
  'POST /api/verdicts/{id}/undo': ADMIN,
  'POST /api/beliefs': ADMIN,
  'POST /api/beliefs/{id}/undo': ADMIN,
  'GET /api/references': SCOPES,
  'GET /api/export/products': READ,
  'GET /api/export/prices': READ,
  'GET /api/export/observations': READ,
  'GET /api/export/names': READ,
  'GET /api/scrapes': READ,
  'GET /api/sources': READ,
  'GET /api/overview': READ,
  'GET /api/events': READ,
  'GET /api/rejects': READ,
  'GET /api/rejects/lines': READ,
  'POST /api/attention/tick': ADMIN,
  'POST /api/attention/untick': ADMIN,
  'GET /api/notices': ADMIN,
  'POST /api/notices/test': ADMIN,
  'GET /api/watches': READ,
  'POST /api/watches': ADMIN,
  'DELETE /api/watches/{id}': ADMIN,
  'GET /api/audit': ADMIN,
  'GET /api/system': READ,
  'GET /api/keys': ADMIN,
  'POST /api/keys': ADMIN,
  'POST /api/keys/{id}/rotate': ADMIN,
  'POST /api/keys/{id}/revoke': ADMIN,
  'GET /api/sessions': ADMIN,
  'DELETE /api/sessions/{id}': ADMIN,
  'GET /api/session': SCOPES,
  'POST /api/session': OPEN,
  'DELETE /api/session': OPEN,
  'GET /metrics': READ,
  'GET /healthz': OPEN,
  'GET /readyz': OPEN,
  'GET /api/openapi.json': OPEN,
  'POST /api/invitations': ADMIN,
  'POST /api/invitations/take': OPEN,
  // The last: it ends the key that asks.
  'POST /api/keys/self/revoke': SCOPES,
}

test('every route that is described stands in the list', async () => {
  await using receiver = await openReceiver()
  const { paths } = (await get(receiver, '/api/openapi.json')).body
  const described = Object.entries(Object(paths)).flatMap(([path, methods]) =>
    Object.keys(Object(methods)).map((method) => `${method.toUpperCase()} ${path}`),
  )
  assert.deepEqual(
    described.filter((route) => !Object.hasOwn(ROUTES, route)),
    [],
  )
})

test('each route opens to the scopes it names and to no other, and without a key only where it is open', async () => {
  await using receiver = await openReceiver()
  const keys = Object.fromEntries(
    await Promise.all(SCOPES.map(async (scope) => [scope, await receiver.makeKey(scope)])),
  )
  for (const [route, scopes] of Object.entries(ROUTES)) {
    for (const scope of SCOPES) {
      const status = await statusOf(receiver, route, keys[scope])
      const isIn = scopes === OPEN || scopes.includes(scope)
      assert.equal(status === 403, !isIn, `${route} with ${scope}: ${status}`)
      assert.ok(status !== 401 && status !== 405 && status < 500, `${route} with ${scope}: ${status}`)
    }
    assert.equal((await statusOf(receiver, route, '')) === 401, scopes !== OPEN, `${route} without a key`)
  }
})

async function statusOf({ url }: Receiver, route: string, key: string): Promise<number> {
  const [method = '', path = ''] = route.split(' ')
  const response = await fetch(url + path.replace('{id}', '7').replace('{kind}', 'products'), {
    method,
    headers: { 'X-API-Key': key },
  })
  await response.arrayBuffer()
  return response.status
}
