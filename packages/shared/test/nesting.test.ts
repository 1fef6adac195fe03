/** Depth and keys of JSON texts, against a walk over what JSON.parse makes of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../../test/properties.ts'
import { computing } from '../../../test/times.ts'
import { countOpeningBrackets, measureNesting, NESTING_MAX } from '../nesting.ts'

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

function keysOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return own + Object.values(value).reduce((sum: number, inner) => sum + keysOf(inner), 0)
}

test('depth and keys are those of the value, whatever its texts hold', () => {
  const anything = fc.jsonValue({ maxDepth: 6 })
  const tricky = fc.dictionary(fc.constantFrom('{', '"', '\\', ':', '[\\"', 'a'), anything)
  fc.assert(
    fc.property(fc.oneof(anything, tricky), fc.constantFrom(undefined, 2), (value, space) => {
      const text = JSON.stringify(value, null, space)
      assert.deepEqual(measureNesting(text), { depth: depthOf(value), keys: keysOf(value) })
    }),
  )
})

test('there are never fewer openings than levels, so few openings need no measuring', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.boolean(), (levels, objects) => {
      const text = objects ? `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}` : '['.repeat(levels) + ']'.repeat(levels)
      assert.equal(measureNesting(text).depth, levels)
      assert.equal(countOpeningBrackets(text), Math.min(levels, NESTING_MAX + 1))
    }),
  )
})

test('ten thousand levels and a million brackets are measured in a moment', () => {
  const computed = computing()
  assert.equal(measureNesting('['.repeat(10_000)).depth, 10_000)
  assert.equal(measureNesting('[]'.repeat(500_000)).depth, 1)
  assert.equal(countOpeningBrackets('{'.repeat(1_000_000)), NESTING_MAX + 1)
  assert.ok(computed() < 500)
})

test('a text that ends inside a string, after a backslash or with too many closings is measured all the same', () => {
  assert.deepEqual(measureNesting('{"a'), { depth: 1, keys: 0 })
  assert.deepEqual(measureNesting('{"a\\'), { depth: 1, keys: 0 })
  assert.deepEqual(measureNesting(']]][['), { depth: 0, keys: 0 })
})
