/**
 * Who does what when. All that a simulated process does to a disk, a database or the network waits for its turn; chance gives the
 * turns, one after the other, so a seed always tells the same story. In the middle of any turn a process may be killed or a machine
 * may lose its power; what a dead process still wanted to do never happens.
 */
import type { Chance } from '../../packages/data-management/test/random.ts'
import { Store } from './memory-disk.ts'

const STEPS_MAX = 6_000
const NEAR_STEPS = 40
// A stream may need a few rounds of the event loop between two calls.
const STILL_ROUNDS_MAX = 200
const STEP_MS = 100
const START_MS = Date.UTC(2025, 8, 23)
const IDLE_SHARE = 0.03

/** Ends the code of a process that was killed in a synchronous call. */
class Killed extends Error {}

type Waiter = {
  process: Process
  run: () => unknown
  resolve: (value: never) => void
  reject: (e: unknown) => void
  idle: boolean
}

/** A machine: a disk, and the processes that run on it now. */
export type Machine = {
  readonly name: string
  readonly store: Store
  running: Process[]
  onCut: (chance: Chance) => void
}

/** When a crash comes, and which. */
export type Crash = Readonly<{ at: number; hits: (world: World) => Process | undefined; kind: 'kill' | 'cut' }>

/** When the clock of a machine is set, and by how much. */
export type Jump = Readonly<{ machine: string; at: number; by: number }>

/** A running process. */
export class Process {
  readonly machine: Machine
  readonly #world: World
  readonly #restart: () => void
  /** Told when it dies, at once: open connections break. */
  readonly onDeath = new Set<() => void>()
  isDead = false
  openFiles = 0

  constructor(world: World, machine: Machine, restart: () => void) {
    this.#world = world
    this.machine = machine
    this.#restart = restart
    machine.running.push(this)
  }

  /** Does something when it is this process's turn. After death the promise stays open for ever. */
  turn<T>(run: () => T, idle = false): Promise<Awaited<T>> {
    return new Promise((resolve, reject) => {
      if (!this.isDead) this.#world.wait({ process: this, run, resolve: resolve as never, reject, idle })
    })
  }

  /** Does something without waiting for a turn: it must be nothing that another process could notice. */
  now<T>(run: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (!this.isDead) resolve(run())
    })
  }

  /** Gives way to the others for a while. */
  pause(): Promise<void> {
    return this.turn(() => {}, true)
  }

  /** Dies in a synchronous call when a crash is due. */
  mayDieHere(): void {
    if (this.isDead || this.#world.isCrashDue(this)) throw new Killed()
  }

  die(): void {
    if (this.isDead) return
    this.isDead = true
    this.machine.running.splice(this.machine.running.indexOf(this), 1)
    for (const tell of this.onDeath) tell()
  }

  restart(): void {
    this.#restart()
  }
}

/** One story. */
export class World {
  readonly chance: Chance
  readonly #busy: Waiter[] = []
  readonly #idle: Waiter[] = []
  readonly #crashes: Crash[]
  readonly #jumps: readonly Jump[]
  #isCrashing = false
  steps = 0
  crashes = 0
  /** Told after each crash, before anything runs again. */
  onCrash: () => void = () => {}
  /** What went wrong; ends the story. */
  fault: string | undefined

  constructor(chance: Chance, crashes: Crash[], jumps: readonly Jump[] = []) {
    this.chance = chance
    this.#crashes = crashes
    this.#jumps = jumps
  }

  /** A clock that nobody sets. */
  readonly steady = () => START_MS + this.steps * STEP_MS

  /** The clock of a machine, as people and time servers set it. */
  clockOf(name: string): () => number {
    const jumps = this.#jumps.filter(({ machine }) => machine === name)
    return () => jumps.reduce((now, { at, by }) => (at <= this.steps ? now + by : now), this.steady())
  }

  wait(waiter: Waiter): void {
    ;(waiter.idle ? this.#idle : this.#busy).push(waiter)
  }

  /** Starts something that goes on by itself, in a process. What it says when that is dead, nobody hears. */
  go(process: Process, work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (!process.isDead) this.fault ??= `an error: ${error instanceof Error ? error.stack : error}`
    })
  }

  /** Runs until `isDone`, or until something is wrong. */
  async run(isDone: () => boolean): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    let still = 0
    const step = () => {
      if (this.fault !== undefined || isDone()) return resolve(this.fault)
      if (this.#busy.length > 0 || this.#idle.length > 0) {
        still = 0
        if (++this.steps > STEPS_MAX) return resolve(`not quiet after ${STEPS_MAX} steps`)
        this.#step()
      } else if (++still > STILL_ROUNDS_MAX) return resolve('nobody has anything to do, and it is not done')
      nextRound(step)
    }
    nextRound(step)
    return promise
  }

  isCrashDue(process: Process): boolean {
    const [next] = this.#crashes
    // A crash that is near may come now: between two halves of a commit is where it hurts most.
    if (next === undefined || this.steps + NEAR_STEPS < next.at || next.hits(this) !== process) return false
    if (this.#isCrashing || this.chance.is(0.5)) return false
    this.#crash(process, next)
    return true
  }

  #step(): void {
    const [next] = this.#crashes
    const victim = next !== undefined && this.steps >= next.at ? next.hits(this) : undefined
    if (victim !== undefined) {
      // What it was about to do may have been done, or half done.
      const last = this.#busy.find(({ process }) => process === victim)
      this.#isCrashing = true
      if (last !== undefined && this.chance.is(0.5)) attempt(last.run)
      this.#isCrashing = false
      this.#crash(victim, next!)
      return
    }
    const { run, resolve, reject } = this.#choose()
    try {
      resolve(run() as never)
    } catch (error) {
      reject(error)
    }
  }

  #choose(): Waiter {
    const [busy, idle] = [this.#busy, this.#idle]
    const isBusy = busy.length > 0 && !this.chance.is(IDLE_SHARE)
    const at = this.chance.between(0, busy.length + (isBusy ? 0 : idle.length) - 1)
    return at < busy.length ? busy.splice(at, 1)[0]! : idle.splice(at - busy.length, 1)[0]!
  }

  #crash(victim: Process, { kind }: Crash): void {
    this.#crashes.shift()
    this.crashes++
    const { machine } = victim
    const dead = kind === 'cut' ? [...machine.running] : [victim]
    for (const process of dead) process.die()
    for (const waiting of [this.#busy, this.#idle])
      for (let at = waiting.length - 1; at >= 0; at--) if (waiting[at]!.process.isDead) waiting.splice(at, 1)
    if (kind === 'cut') machine.onCut(this.chance)
    this.onCrash()
    for (const process of dead) process.restart()
  }
}

// All stories of a thread take their steps in the same rounds of the event loop; between two rounds everything has had its say.
let round: (() => void)[] = []

function nextRound(step: () => void): void {
  if (round.push(step) > 1) return
  setImmediate(() => {
    const steps = round
    round = []
    for (const each of steps) each()
  })
}

function attempt(run: () => unknown): void {
  try {
    run()
  } catch {
    // It failed, and the process is dead: nobody hears of it.
  }
}

/** A machine that has done nothing yet. */
export function newMachine(name: string, now: () => number): Machine {
  const store = new Store(now)
  const machine: Machine = { name, store, running: [], onCut: (chance) => store.cut(chance) }
  return machine
}
