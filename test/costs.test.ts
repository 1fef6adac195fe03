/** No single request holds the server for long, whatever there is; `npm run torture -- costs` does the same at the sizes that are promised. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { costsOf, faultOfCosts, faultOfFirst } from '../torture/costs/costs.ts'
import { REQUESTS } from '../torture/costs/requests.ts'

test('whatever one request asks for, the thread that serves all is not held for 50 ms, and the first answer is one', async () => {
  const sizes = { stores: 2_000, listings: 6_000, giant: 3_000, runs: 100_000, uploads: 20_000 }
  const all = await costsOf(sizes)
  assert.equal(faultOfCosts(all), undefined)
  assert.equal(all.length, REQUESTS.length)
  const [one] = all
  const late = { ...one!, first: { status: 200, bytes: 1, tookMs: 21_800 } }
  assert.match(faultOfFirst([late]) ?? '', /first 200 after 21800 ms/)
  assert.match(faultOfCosts([{ ...one!, first: { ...late.first, status: 503 } }]) ?? '', /first 503/)
})
