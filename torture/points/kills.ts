/** Kill at every system call of each process: then everything is started again, and must be as if nothing had happened. */
import type { Fault } from '../campaign.ts'
import { changes, type Point, pointsIn } from './points.ts'
import { SCENES } from './scenes.ts'
import { FOLDERS, type Stage } from './stage.ts'
import { sweepCase } from './sweep.ts'

/** The case: one kill a seed. */
export function killCase(scenes = SCENES) {
  return sweepCase({ scenes, choose: (calls, root) => pointsIn(calls, root, changes), attempt: killAt })
}

async function killAt(stage: Stage, { blow }: Point): Promise<Fault> {
  await using ground = await FOLDERS.open(stage.from)
  const told = await stage.play(ground, { ...blow, effect: 'signal=SIGKILL' }, {})
  if (!told.killed) return `the kill did not fire; it ended with ${told.code}: ${told.printed}`
  // Awaited here: the ground is gone when this function returns.
  return await stage.faultAfter(ground, told)
}
