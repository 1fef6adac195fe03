/** What stands for a part of the page in its address. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildRequest, curlCommand, initialValues } from '../pages/docs/api-request.ts'
import { operationsIn } from '../pages/docs/operations.ts'
import { slugOf } from '../parts/table-state.ts'

test('tables and requests that differ in a number alone have names of their own', () => {
  assert.deepEqual(['Top 10', 'Top 20, new!', 'Größe 2'].map(slugOf), ['top-10', 'top-20-new-', 'größe-2'])
  const paths = { '/v1/{id}': { get: {} }, '/v2/{id}': { get: {} } }
  const ids = operationsIn({ paths }).map(({ id }) => id)
  assert.deepEqual(ids, ['get-v1-id', 'get-v2-id'])
})

test('a described request is filled in, and curl sends the same without the key', () => {
  const parameter = (name: string, place: string, type = 'string') => ({ name, in: place, schema: { type } })
  const post = {
    parameters: [parameter('id', 'path'), parameter('state', 'query', 'array'), parameter('If-Match', 'header')],
    requestBody: { content: { 'application/json': { schema: BODY } } },
  }
  const [operation] = operationsIn({ paths: { '/api/things/{id}': { post } } })
  assert.deepEqual(JSON.parse(initialValues(operation!).body), {
    name: '',
    kinds: ['a'],
    day: '2027-01-31',
    until: null,
    at_least: 3,
  })
  const values = { 'path id': '../a b', 'query state': 'held,failed', 'header If-Match': '"1"' }
  const attempt = buildRequest(operation!, { values, body: `{"it's":1}`, key: 'sc_secret' })
  const { headers, ...rest } = attempt
  const path = '/api/things/..%2Fa%20b?state=held&state=failed'
  assert.deepEqual(rest, { method: 'POST', path, body: `{"it's":1}` })
  assert.deepEqual(headers, { 'If-Match': '"1"', 'X-API-Key': 'sc_secret', 'Content-Type': 'application/json' })
  const lines = [
    `curl -X POST -H "X-API-Key: $API_SECRET_KEY" -H 'If-Match: "1"' -H 'Content-Type: application/json' \\`,
    `  --data '{"it'\\''s":1}' \\`,
    `  'https://data.example.org${path}'`,
  ]
  assert.equal(curlCommand(attempt, 'https://data.example.org'), lines.join('\n'))
})

const BODY = {
  type: 'object',
  required: ['name', 'kinds', 'day', 'until', 'at_least'],
  properties: {
    name: { type: 'string' },
    kinds: { type: 'array', items: { enum: ['a', 'b'] } },
    day: { type: 'string', format: 'date' },
    until: { type: ['string', 'null'], format: 'date' },
    at_least: { type: 'integer', minimum: 3 },
    more: { type: 'string' },
  },
}
