/** The small check of JSON Schema. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileCheck } from '../schema-check.ts'

test('a word that is not known is refused when the check is made, wherever it stands', () => {
  assert.throws(() => compileCheck({ type: 'string', maximum: 5 }), /"maximum"/)
  assert.throws(() => compileCheck({ type: 'object', properties: { a: { multipleOf: 2 } } }), /"multipleOf"/)
  assert.throws(() => compileCheck({ anyOf: [{ type: 'bigint' }] }), /"bigint"/)
  assert.throws(() => compileCheck({ type: 'string', format: 'uri' }), /"uri"/)
})

const NAMED = compileCheck({
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 2, maxLength: 3 },
    size: { anyOf: [{ type: 'null' }, { type: 'integer', minimum: 1 }] },
  },
})

test('what fits is taken, with properties that are not described', () => {
  for (const value of [{ name: 'ab' }, { name: 'abc', size: null }, { name: 'ab', size: 1, other: {} }])
    assert.ok(NAMED(value), JSON.stringify(value))
})

test('what does not fit is not taken', () => {
  const names = [{}, { name: 'a' }, { name: 'abcd' }, { name: 5 }, { name: null }]
  const sizes = [0, 1.5, '1', true, [], {}].map((size) => ({ name: 'ab', size }))
  for (const value of [
    ...names,
    ...sizes,
    null,
    undefined,
    'ab',
    5,
    ['name'],
    JSON.parse('{"__proto__": {"name": "ab"}}'),
  ])
    assert.ok(!NAMED(value), JSON.stringify(value))
})
