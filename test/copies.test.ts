/** Whatever writes straight into the outbox: a little of what `npm run torture -- copies` does for minutes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copies } from '../torture/copies/copies.ts'
import { seedOf } from './effort.ts'

test('files copied into the outbox in pieces, with the watch killed now and then, arrive whole and once', async (t) => {
  const round = copies({ files: 6, pausems: 1_000, killms: 1_200, rest: 1 })
  assert.equal(await round(seedOf(1e6)), undefined)
  t.diagnostic(round.figure!())
})
