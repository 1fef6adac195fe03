/** A small fleet of real processes, of which each may die: what `npm run torture -- fleet` does for minutes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fleetFaults } from '../torture/fleet/faults.ts'
import { NO_FLEET } from '../torture/fleet/fleet.ts'

const MS_MAX = 400_000

test('two receivers and three loaders, killed with their NATS servers and PostgreSQL, load every file once', {
  skip: NO_FLEET,
  timeout: MS_MAX,
}, async (t) => {
  const round = fleetFaults({ files: 60, seconds: 15 })
  const fault = await round(Math.floor(Math.random() * 1_000_000))
  t.diagnostic(round.figure!())
  assert.equal(fault, undefined)
})
