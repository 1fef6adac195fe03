/** Kills, faults and load at once: what `npm run torture -- everything` does for minutes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everything } from '../torture/chaos/everything.ts'
import { NO_PROC } from './processes.ts'

test('kills of sender, server and loader under load over a bad network: all is loaded once, and soon', {
  skip: NO_PROC,
}, async (t) => {
  const round = everything({ seconds: 8, senders: 2, percent: 15 })
  assert.equal(await round(1), undefined)
  t.diagnostic(round.figure!())
})
