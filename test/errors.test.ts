/** A few points of the campaigns that fail a system call or fill the disk. */
import { test } from 'node:test'
import { mountsMissing } from '../torture/own-mounts.ts'
import { STRACE_MISSING } from '../torture/points/strace.ts'
import { campaign } from './campaign.ts'
import { effort } from './effort.ts'
import { neededHere } from './needed.ts'

const LONG = { timeout: 170_000 }
const NO_STRACE = neededHere(STRACE_MISSING)

test(
  'an error at any system call has one clear answer, and the next run finishes the rest',
  {
    ...LONG,
    skip: NO_STRACE,
  },
  (t) => campaign(t, 'errors', { points: effort(1, 2) }),
)

test('a disk that fills up costs nothing that was acknowledged', { ...LONG, skip: mountsMissing() || NO_STRACE }, (t) =>
  campaign(t, 'full-disks', { points: effort(1, 2) }),
)
