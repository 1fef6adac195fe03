/** A few points of the campaigns that take the power, fail a system call or fill the disk: other ones with every run. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { mountsMissing } from '../torture/own-mounts.ts'
import { imageProgramsMissing } from '../torture/points/images.ts'
import { EATMYDATA_MISSING } from '../torture/points/power-cuts.ts'
import { STRACE_MISSING } from '../torture/points/strace.ts'
import { startProgram } from './machines.ts'
import { neededHere } from './needed.ts'

const RUN = join(import.meta.dirname, '..', 'torture', 'run.ts')
const LATEST = 1_000_000
const LONG = { timeout: 170_000 }

/** Programs that are missing are a fault of the build server; rights that are missing are not. */
const NO_MOUNTS = mountsMissing()
const NO_IMAGES = NO_MOUNTS || neededHere(STRACE_MISSING || imageProgramsMissing())

test(
  'a power cut at any system call, on ext4 and XFS, takes nothing that was acknowledged',
  {
    ...LONG,
    skip: NO_IMAGES,
  },
  (t) => campaign(t, 'power-cuts', 3),
)

test(
  'the same power cuts show losses when every fsync is a lie',
  {
    ...LONG,
    skip: NO_IMAGES || neededHere(EATMYDATA_MISSING),
  },
  (t) => campaign(t, 'power-cuts-unsafe', 1),
)

test(
  'an error at any system call has one clear answer, and the next run finishes the rest',
  {
    ...LONG,
    skip: neededHere(STRACE_MISSING),
  },
  (t) => campaign(t, 'errors', 6),
)

test(
  'a disk that fills up costs nothing that was acknowledged',
  {
    ...LONG,
    skip: NO_MOUNTS || neededHere(STRACE_MISSING),
  },
  (t) => campaign(t, 'full-disks', 3),
)

async function campaign(t: TestContext, name: string, points: number): Promise<void> {
  const seed = Math.floor(Math.random() * LATEST)
  const { code, stdout, stderr } = await startProgram(
    [RUN, name, '--seed', String(seed), '--points', String(points)],
    import.meta.dirname,
    process.env,
  ).ended
  assert.equal(code, 0, stdout + stderr)
  const notRun = /not run, (.*)/.exec(stdout)?.[1]
  if (notRun !== undefined) t.skip(notRun)
  else t.diagnostic(stdout.trim().split('\n').at(-1) ?? '')
}
