/** Bombs against a server that has 256 MiB of memory: each refused, none left on the disk, and who is honest notices nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { throwBombs } from './bombed.ts'
import { makeBombs } from './bombs.ts'
import { NO_PROC } from './processes.ts'

test('every bomb is refused in 256 MiB of memory while honest files arrive', { skip: NO_PROC }, async (t) => {
  const { faults, memoryBytesMax, isLimited, honest } = await throwBombs(makeBombs())
  const memory = `${Math.round(memoryBytesMax / 2 ** 20)} MiB at most, ${isLimited ? 'limited' : 'only measured'}`
  t.diagnostic(`${memory}; ${honest} honest files`)
  assert.deepEqual(faults, [])
})
