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

function killAt(stage: Stage, point: Point): Promise<Fault> {
  return stage.strike(point, 'signal=SIGKILL', FOLDERS, (ground, told) => stage.faultAfter(ground, told))
}
