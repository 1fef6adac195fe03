/** A few points of the campaigns that take the power. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { inOwnMounts, mountsMissing } from '../torture/own-mounts.ts'
import { imageProgramsMissing } from '../torture/points/images.ts'
import { EATMYDATA_MISSING } from '../torture/points/power-cuts.ts'
import { STRACE_MISSING } from '../torture/points/strace.ts'
import { campaign } from './campaign.ts'
import { effort, IS_LONG } from './effort.ts'
import { neededHere } from './needed.ts'

// The exit code of two-cuts.ts where no image can be mounted.
const NOT_POSSIBLE = 3

const LONG = { timeout: 170_000 }

// Programs that are missing are a fault of the build server; rights that are missing are not.
const NO_IMAGES = mountsMissing() || neededHere(STRACE_MISSING || imageProgramsMissing())
const NO_LIES = NO_IMAGES || neededHere(EATMYDATA_MISSING)

test(
  'a power cut at any system call, on ext4 and XFS, takes nothing that was acknowledged',
  {
    ...LONG,
    skip: NO_IMAGES,
  },
  (t) => campaign(t, 'power-cuts', { points: effort(1, 2) }),
)

// Of the campaign itself: `npm run test:long` looks whether it sees what is lost.
if (IS_LONG)
  test('power cuts show losses when every fsync is a lie', { ...LONG, skip: NO_LIES }, (t) =>
    campaign(t, 'power-cuts-unsafe', { points: 1 }),
  )

test('two copies of one state may lose their power at once: each keeps what was synced on it, and no more', {
  ...LONG,
  skip: NO_IMAGES,
}, async (t) => {
  const code = await inOwnMounts(join(import.meta.dirname, 'two-cuts.ts'), [])
  if (code === NOT_POSSIBLE) t.skip('this machine mounts no images of file systems')
  else assert.equal(code, 0)
})
