/** A few points of the campaigns that take the power. */
import { test } from 'node:test'
import { mountsMissing } from '../torture/own-mounts.ts'
import { imageProgramsMissing } from '../torture/points/images.ts'
import { EATMYDATA_MISSING } from '../torture/points/power-cuts.ts'
import { STRACE_MISSING } from '../torture/points/strace.ts'
import { campaign } from './campaign.ts'
import { neededHere } from './needed.ts'

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
  (t) => campaign(t, 'power-cuts', 2),
)

test('power cuts show losses when every fsync is a lie', { ...LONG, skip: NO_LIES }, (t) =>
  campaign(t, 'power-cuts-unsafe', 1),
)
