/** A scene made ready to be played again and again: the state it starts from, and the points of an undisturbed run. */
import { join } from 'node:path'
import { temporaryFolder } from '../../test/folders.ts'
import type { Fault } from '../campaign.ts'
import { copyPlace, makePlace, type Place } from './place.ts'
import { labelOf, nextNumber, type Point } from './points.ts'
import { firstFault, type Scene, type Told } from './scene.ts'
import { type Blow, type Call, callsIn, startTraced, struckIn } from './strace.ts'

/** Which points there are to the calls of a run on the files below a root. */
export type Choose = (calls: readonly Call[], root: string) => readonly Point[]

/** Where a scene is played once. `cut` takes the power away, where that is what it is for, and brings it back. */
export type Ground = AsyncDisposable & Readonly<{ place: Place; cut: () => Promise<void> }>

/** Makes grounds that start from a state. */
export type World = Readonly<{
  open: (from: Place) => Promise<Ground>
  /** For the process that is hit. */
  environment: Readonly<Record<string, string>>
}>

/** What came of a run: what the process told, the calls that were hit, and all that were seen; `wanted`: what it acknowledges undisturbed. */
export type Hit = Told & Readonly<{ struck: readonly Call[]; calls: readonly Call[]; wanted: number }>

// A call that is not met in so many runs will not be.
const TRIES_MAX = 8

/** Temporary folders, whose disk never fails. */
export const FOLDERS: World = {
  environment: {},
  open: async (from) => {
    const at = await temporaryFolder()
    const place = await makePlace(at.path)
    await copyPlace(from, place)
    return { place, cut: async () => {}, [Symbol.asyncDispose]: () => leave(place, at) }
  },
}

async function leave(place: Place, at: AsyncDisposable): Promise<void> {
  await place.closing.disposeAsync()
  await at[Symbol.asyncDispose]()
}

/** What is wrong on a ground after a blow. */
export type Judge = (ground: Ground, hit: Hit) => Promise<Fault>

type Prepared = Readonly<{ scene: Scene; points: readonly Point[]; from: Place; wanted: number }>

/** A scene with its state and its points. Close it to have its folder removed. */
export class Stage implements AsyncDisposable {
  readonly scene: Scene
  readonly points: readonly Point[]
  /** The state the scene starts from. */
  readonly from: Place
  /** How many runs hit another call than the one that was meant, and were played anew. */
  missed = 0
  readonly #wanted: number

  private constructor({ scene, points, from, wanted }: Prepared) {
    this.scene = scene
    this.points = points
    this.from = from
    this.#wanted = wanted
  }

  /** Prepares a scene and plays it undisturbed, which must go well, to learn its points. */
  static async open(scene: Scene, choose: Choose): Promise<Stage> {
    const at = await temporaryFolder()
    const from = await makePlace(at.path)
    await scene.prepare(from)
    await using ground = await FOLDERS.open(from)
    const log = join(ground.place.root, 'strace')
    const told = await scene.act(ground.place, (what) => startTraced({ ...what, cwd: ground.place.root, log }))
    const fault =
      (await scene.faultAfterBlow(ground.place, told)) ??
      (await scene.recover(ground.place)) ??
      (await scene.faultWhenQuiet(ground.place))
    if (fault !== undefined) throw new Error(`${scene.name} fails undisturbed: ${fault}`)
    const points = choose(await callsIn(log), ground.place.root)
    from.closing.use(at)
    return new Stage({ scene, points, from, wanted: told.acknowledged.length })
  }

  /** Plays the scene on a ground with a blow to a point, or with none. */
  async play(ground: Ground, blow: Blow | undefined, environment: World['environment']): Promise<Hit> {
    const { root } = ground.place
    const log = join(root, 'strace')
    const paths = blow?.paths.map((path) => join(root, path)) ?? []
    const told = await this.scene.act(ground.place, (what) =>
      startTraced({
        args: what.args,
        environment: { ...what.environment, ...environment },
        cwd: root,
        log,
        blow: blow && { ...blow, paths },
      }),
    )
    const calls = await callsIn(log)
    return { ...told, struck: blow ? struckIn(calls, blow) : [], calls, wanted: this.#wanted }
  }

  /** Plays the scene with a blow to a point, anew where another call was hit, and judges what came of it. It is a fault when the point never comes. */
  async strike(point: Point, effect: string, world: World, judge: Judge): Promise<Fault> {
    let { at } = point.blow
    let printed = ''
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      await using ground = await world.open(this.from)
      const { root } = ground.place
      const told = await this.play(ground, { ...point.blow, at, effect }, world.environment)
      if (hasMet(told, point, root)) return await judge(ground, told)
      this.missed++
      at = nextNumber(point, at, told.calls, root)
      printed = `${told.code ?? 'a signal'}: ${told.printed}`
    }
    return `it did not come in ${TRIES_MAX} runs; the last ended with ${printed}`
  }

  /** What is wrong on a ground after a blow, after starting again, or when all is quiet. */
  faultAfter(ground: Ground, told: Told): Promise<Fault> {
    const { place } = ground
    return firstFault(
      () => this.scene.faultAfterBlow(place, told),
      () => this.scene.recover(place),
      () => this.scene.faultWhenQuiet(place),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.from.closing.disposeAsync()
  }
}

/** Whether a blow hit the call that is meant, and, where the process lived on, no pipe of Node as well. */
function hasMet({ struck, killed }: Hit, { label }: Point, root: string): boolean {
  const isOurs = ({ paths }: Call) => paths.some((path) => path.startsWith(root))
  return struck.some((call) => labelOf(call, root) === label) && (killed || struck.every(isOurs))
}
