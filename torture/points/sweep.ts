/** Goes through the points of all scenes: consecutive seeds are points of different scenes, and enough of them are all points. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Case, Fault } from '../campaign.ts'
import type { Point } from './points.ts'
import type { Scene } from './scene.ts'
import { type Choose, Stage } from './stage.ts'

/** What is done at a point, and how it is judged. */
export type Try = (stage: Stage, point: Point) => Promise<Fault>

export type Sweep = Readonly<{ scenes: readonly Scene[]; choose: Choose; attempt: Try }>

// Prime, and larger than the number of points of any scene: steps of this size meet each of them.
const STRIDE = 1009

/** The case of a sweep. A point that was tried before in this run is not tried again. */
export function sweepCase({ scenes, choose, attempt }: Sweep): Case {
  // A thousand starts of Node: each has half as much to do when it finds its modules compiled.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache')
  const stages = new Map<Scene, Promise<Stage>>()
  const tried = new Set<string>()
  const opened: Stage[] = []
  const open = (scene: Scene): Promise<Stage> => {
    const opening = stages.get(scene) ?? Stage.open(scene, choose)
    if (!stages.has(scene))
      opening.then(
        (stage) => opened.push(stage),
        () => {},
      )
    stages.set(scene, opening)
    return opening
  }
  const faultOf = async (seed: number): Promise<Fault> => {
    const scene = scenes[seed % scenes.length]!
    const stage = await open(scene)
    const at = (Math.floor(seed / scenes.length) * STRIDE) % stage.points.length
    const point = stage.points[at]!
    if (tried.has(`${scene.name} ${at}`)) return undefined
    tried.add(`${scene.name} ${at}`)
    const fault = await attempt(stage, point)
    return fault && `${scene.name}, point ${at + 1} of ${stage.points.length} (${nameOf(point)}): ${fault}`
  }
  const figure = () => {
    const points = opened.reduce((sum, stage) => sum + stage.points.length, 0)
    const missed = opened.reduce((sum, stage) => sum + stage.missed, 0)
    return `${tried.size} of the ${points} points of ${opened.length} scenes, ${missed} runs hit another call and were played anew`
  }
  const close = async () => {
    for (const stage of stages.values()) await (await stage.catch(() => undefined))?.[Symbol.asyncDispose]()
  }
  return Object.assign(faultOf, { figure, close })
}

function nameOf({ label, effect }: Point): string {
  return effect === undefined ? label : `${effect} at ${label}`
}
