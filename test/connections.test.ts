/** Connections that are held open or break off: a little of the campaigns `half-open` and `aborts` of `npm run torture`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aborts } from '../torture/connections/aborts.ts'
import { halfOpen } from '../torture/connections/half-open.ts'
import { seedOf } from './effort.ts'
import { NO_PROC } from './processes.ts'

test('while some addresses hold 300 connections half open, another one is served within 2 s', async (t) => {
  const round = halfOpen({ sockets: 300, addresses: 2, seconds: 3 })
  assert.equal(await round(1), undefined)
  t.diagnostic(round.figure?.() ?? '')
})

test('2,000 requests that break off anywhere leave the server as it was', { skip: NO_PROC }, async (t) => {
  const seed = seedOf(1e9)
  const round = await aborts({ aborts: 2_000 })
  try {
    assert.equal(await round(seed), undefined, `seed ${seed}`)
  } finally {
    await round.close?.()
  }
  t.diagnostic(round.figure?.() ?? '')
})
