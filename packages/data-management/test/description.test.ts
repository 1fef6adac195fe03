/** The description of the API: every route says what it is, what it answers and who may ask. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DETAILS } from '@splitcart/shared/row-details.ts'
import { DETAILS as DETAILS_SCHEMA } from '../api/details-schema.ts'
import { get, openReceiver } from './receiver.ts'

type Operation = Readonly<{ summary?: string; responses?: Record<string, unknown>; security?: readonly object[] }>

// Their answers are those of a protocol, and have no bodies.
const OF_TUS = /^\/api\/upload\/resumable\//

test('every route says what it is, what it answers when all is well and when it is not, and who may ask', async () => {
  await using receiver = await openReceiver()
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

test('every detail that is kept of a thing is described', () => {
  const [object] = DETAILS_SCHEMA.anyOf
  assert.deepEqual(Object.keys(object.properties), Object.keys(DETAILS))
})
