/** A power cut at every system call of each process, on each kind of file system: nothing that was acknowledged is lost or torn. */
import { existsSync } from 'node:fs'
import type { Case, Fault } from '../campaign.ts'
import { KINDS, worldOn } from './images.ts'
import { changes, durablyDifferent, type Point, pointsIn } from './points.ts'
import { SCENES } from './scenes.ts'
import type { Choose, Judge, Stage, World } from './stage.ts'
import { sweepCase } from './sweep.ts'

// The cut comes when the process has ended.
const END: Point = { label: 'the end', blow: { call: '', at: 0, paths: [] }, order: 0 }

/** The case: a seed is a point, cut once on each kind of file system. */
export function powerCutCase(scenes = SCENES): Case {
  const worlds = KINDS.map((kind) => ({ kind, world: worldOn(kind, {}) }))
  const attempt = async (stage: Stage, point: Point): Promise<Fault> => {
    for (const { kind, world } of worlds) {
      const fault = await faultOfCut(stage, point, world)
      if (fault !== undefined) return `on ${kind.name}: ${fault}`
    }
    return undefined
  }
  const choose: Choose = (calls, root) => [...durablyDifferent(pointsIn(calls, root, changes)), END]
  return sweepCase({ scenes, choose, attempt })
}

async function faultOfCut(stage: Stage, point: Point, world: World): Promise<Fault> {
  const judge: Judge = async (ground, told) => {
    await ground.cut()
    return stage.faultAfter(ground, told)
  }
  if (point !== END) return stage.strike(point, 'signal=SIGKILL', world, judge)
  await using ground = await world.open(stage.from)
  return await judge(ground, await stage.play(ground, undefined, world.environment))
}

const LIBRARY = '/usr/lib/x86_64-linux-gnu/libeatmydata.so'

/** Why nothing can be made unsafe here; false when it can. */
export const EATMYDATA_MISSING: string | false =
  !existsSync(LIBRARY) && `${LIBRARY} is missing (in the package libeatmydata1 of Debian)`

/**
 * The test of the test: with a library that makes every fsync a lie, a power cut after the end must lose what was acknowledged. A
 * seed is a scene and a kind of file system; it is a fault when nothing is seen to be lost.
 */
export function unsafePowerCutCase(): Case {
  const worlds = KINDS.map((kind) => ({ kind, world: worldOn(kind, { LD_PRELOAD: LIBRARY }) }))
  let losses = 0
  const attempt = async (stage: Stage): Promise<Fault> => {
    for (const { kind, world } of worlds) {
      await using ground = await world.open(stage.from)
      const told = await stage.play(ground, undefined, world.environment)
      await ground.cut()
      // Not opened further: what is left may be no database at all.
      const lost = await stage.scene.faultAfterBlow(ground.place, told).catch(String)
      if (lost === undefined) return `on ${kind.name} nothing is lost, although nothing was synced`
      losses++
    }
    return undefined
  }
  const scenes = SCENES.filter(({ onlyGives = false }) => !onlyGives)
  const sweep = sweepCase({ scenes, choose: () => [END], attempt })
  return Object.assign(sweep, { figure: () => `${losses} losses seen` })
}
