/** What stands for a part of the page in its address. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operationsIn } from '../pages/docs/operations.ts'
import { nameOf } from '../parts/table-state.ts'

test('tables and requests that differ in a number alone have names of their own', () => {
  assert.deepEqual(['Top 10', 'Top 20, new!', 'Größe 2'].map(nameOf), ['top-10', 'top-20-new-', 'größe-2'])
  const paths = { '/v1/{id}': { get: {} }, '/v2/{id}': { get: {} } }
  const ids = operationsIn({ paths }).map(({ id }) => id)
  assert.deepEqual(ids, ['get-v1-id', 'get-v2-id'])
})
