/** The description of the API: every route says what it is, what it answers and who may ask. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DETAILS } from '@splitcart/shared/row-details.ts'
import { faultsOfLists, routesIn } from '../../../torture/costs/requests.ts'
import { DETAILS as DETAILS_SCHEMA } from '../http/routes/details-schema.ts'
import { get, openReceiver, type Receiver } from './receiver.ts'

type Operation = Readonly<{ summary?: string; responses?: Record<string, unknown>; security?: readonly object[] }>

// Their answers are those of a protocol, and have no bodies.
const OF_TUS = /^\/api\/upload\/resumable\//

let receiver: Receiver
before(async () => {
  receiver = await openReceiver()
})
after(() => receiver[Symbol.asyncDispose]())

test('every route says what it is, what it answers when all is well and when it is not, and who may ask', async () => {
  const { paths, openapi, components } = (await get({ ...receiver, key: '' }, '/api/openapi.json')).body
  assert.equal(openapi, '3.1.0')
  const schemes = Object.keys(Object(Object(components).securitySchemes))
  assert.deepEqual(schemes, ['key', 'internalKey', 'bearer', 'session'])
  let number = 0
  for (const [path, operations] of Object.entries(Object(paths) as Record<string, Record<string, Operation>>))
    for (const [method, { summary, responses = {}, security }] of Object.entries(operations)) {
      number++
      const what = `${method} ${path}`
      assert.ok((summary ?? '').length > 5, what)
      assert.ok(Array.isArray(security), what)
      assert.ok('default' in responses, what)
      assert.ok(OF_TUS.test(path) || Object.keys(responses).some((status) => /^20[0124]$/.test(status)), what)
    }
  assert.ok(number > 35, `${number} routes`)
})

test('what each route costs is measured, or there is a reason why not', async () => {
  const routes = routesIn((await get(receiver, '/api/openapi.json')).body as Parameters<typeof routesIn>[0])
  assert.ok(routes.includes('GET /metrics'))
  assert.deepEqual(faultsOfLists(routes), [])
  const [gone, ...others] = routes
  assert.deepEqual(faultsOfLists([...others, 'GET /api/new']), [
    'GET /api/new is neither asked for nor excused',
    `there is no ${gone}`,
  ])
})

test('every detail that is kept of a thing is described', () => {
  const [object] = DETAILS_SCHEMA.anyOf
  assert.deepEqual(Object.keys(object.properties), Object.keys(DETAILS))
})
