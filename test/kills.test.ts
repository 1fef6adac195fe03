/** A few of the points of `npm run torture -- kills`: other ones with every commit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killCase } from '../torture/points/kills.ts'
import { SCENES } from '../torture/points/scenes.ts'
import { STRACE_MISSING } from '../torture/points/strace.ts'
import { seedOf } from './effort.ts'
import { neededHere } from './needed.ts'

const PROCESSES = 2
const LATEST = 1_000_000

test('killed at any system call, each process leaves what the next run finishes: nothing lost, doubled or left over', {
  skip: neededHere(STRACE_MISSING),
  timeout: 170_000,
}, async (t) => {
  const scene = PROCESSES * seedOf(Math.ceil(SCENES.length / PROCESSES))
  const point = seedOf(LATEST)
  const faultOf = killCase()
  t.after(() => faultOf.close?.())
  const seeds = SCENES.slice(scene, scene + PROCESSES).map((_, index) => point * SCENES.length + scene + index)
  // Two at once, as there are two processors.
  for (let at = 0; at < seeds.length; at += 2)
    await Promise.all(
      seeds.slice(at, at + 2).map(async (seed) => {
        const fault = await faultOf(seed)
        assert.equal(fault, undefined, `again: npm run torture -- kills --seed ${seed} --points 1`)
      }),
    )
  t.diagnostic(faultOf.figure?.() ?? '')
})
