/** Which code of the program has run, by V8's block coverage. It has to start before that code is loaded. */
import { type Profiler, Session } from 'node:inspector'

const WATCHED = /\/(packages|fuzz\/targets)\/(?!.*\.test\.ts$)/

/** The code seen so far. Only one can watch at a time. */
export class Coverage {
  readonly #session = new Session()
  readonly #seen = new Map<string, Uint8Array>()

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Whether code ran since the last call that had never run before; it counts as seen now unless it is only looked at. */
  hasNew(onlyLook = false): boolean {
    let isNew = false
    for (const { url, functions } of this.#taken())
      if (WATCHED.test(url)) isNew = this.#add(url, functions, onlyLook) || isNew
    return isNew
  }

  /** How many characters of code have run. */
  get size(): number {
    return [...this.#seen.values()].reduce((sum, seen) => sum + seen.reduce((count, byte) => count + byte, 0), 0)
  }

  /** Forgets what was seen, so that a corpus can be chosen anew. */
  forget(): void {
    this.#taken()
    this.#seen.clear()
  }

  close(): void {
    this.#session.post('Profiler.stopPreciseCoverage')
    this.#session.disconnect()
  }

  #taken(): Profiler.ScriptCoverage[] {
    let taken: Profiler.ScriptCoverage[] = []
    // Within one thread the answer is there at once.
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error
      taken = result
    })
    return taken
  }

  #add(url: string, functions: readonly Profiler.FunctionCoverage[], onlyLook: boolean): boolean {
    const ran = paint(functions)
    const seen = this.#seen.get(url) ?? new Uint8Array(0)
    let isNew = false
    for (let at = 0; at < ran.length && !isNew; at++) isNew = ran[at] === 1 && seen[at] !== 1
    if (!isNew || onlyLook) return isNew
    const sum = new Uint8Array(Math.max(seen.length, ran.length))
    sum.set(seen)
    for (let at = 0; at < ran.length; at++) if (ran[at] === 1) sum[at] = 1
    this.#seen.set(url, sum)
    return true
  }
}

/** The characters that ran: a range counts more than the one it lies in. */
function paint(functions: readonly Profiler.FunctionCoverage[]): Uint8Array {
  const ranges = functions.flatMap((each) => each.ranges)
  const ran = new Uint8Array(Math.max(0, ...ranges.map(({ endOffset }) => endOffset)))
  const outerFirst = ranges.toSorted(
    (one, other) => one.startOffset - other.startOffset || other.endOffset - one.endOffset,
  )
  for (const { startOffset, endOffset, count } of outerFirst) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  return ran
}
