/** Names that are something else with every look: a little of the campaign `swaps` of `npm run torture`. */
import assert from 'node:assert/strict'
import { constants } from 'node:fs'
import { test } from 'node:test'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { swaps } from '../torture/swaps/swaps.ts'
import { seedOf } from './effort.ts'

const ROUNDS_MAX = 10
const WINDOWS = process.platform === 'win32' && 'Windows has no FIFOs, and few may make links'

test('names that are a file, a link, a FIFO, a folder and nothing by turns lead sender and loader nowhere', {
  skip: WINDOWS,
}, async (t) => {
  const seed = seedOf(1e9)
  const round = swaps({ turns: 1_000 })
  assert.equal(await round(seed), undefined, `npm run torture -- swaps --seed ${seed} --turns 1000`)
  t.diagnostic(round.figure?.() ?? '')
})

test('a disk that follows links is noticed', { skip: WINDOWS }, async () => {
  const disk = realDisk()
  const follows: Disk['open'] = (path, flags, mode) =>
    disk.open(path, typeof flags === 'number' ? flags & ~constants.O_NOFOLLOW : flags, mode)
  const round = swaps({ turns: 3_000 }, { ...disk, open: follows })
  // Who is first, the swap or the look before it, is chance: it depends on the machine how many rounds that takes.
  let fault: string | undefined
  for (let seed = 1; fault === undefined && seed <= ROUNDS_MAX; seed++) fault = await round(seed)
  assert.match(fault ?? '', /secret/)
})
