/** Strangers between the real program and a real server: what `npm run torture -- strangers` does with hundreds of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { strangers } from '../torture/strangers.ts'

// A portal for everything, one that takes over, a firewall at one step, a proxy that meddles.
const SEEDS = [1, 2, 3, 4]

test('upload-data ends with 5 and keeps its files whatever a stranger says, and delivers them once when he is gone', async (t) => {
  const round = await strangers()
  t.after(() => round.close?.())
  for (const seed of SEEDS)
    assert.equal(await round(seed), undefined, `npm run torture -- strangers --seed ${seed} --strangers 1`)
  t.diagnostic(round.figure?.() ?? '')
})
