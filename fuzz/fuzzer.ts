/**
 * Tries inputs on a target, makes new ones from those that ran code nothing had run before, and stops at the first fault.
 *
 * Inputs are tried by the batch and the coverage is taken once for each: only where a batch ran new code its halves are tried again, and
 * theirs, down to the inputs that ran it. The same seed tries the same inputs as long as the program is the same.
 */
import { performance } from 'node:perf_hooks'
import { Chance } from '../packages/data-management/test/random.ts'
import type { Coverage } from './coverage.ts'
import { mutated } from './mutate.ts'
import type { Target } from './target.ts'

/** How long to try. Whichever comes first ends it. */
export type Effort = Readonly<{ seed: number; executions: number; ms: number }>

/** An input and what is wrong with what the program made of it. */
export type Found = Readonly<{ input: Buffer; fault: string }>

export type Outcome = Readonly<{ executions: number; ms: number; corpus: readonly Buffer[]; found: Found | undefined }>

const BATCH = 128
const MEMORY_BYTES_MAX = 1024 * 1024 * 1024
const CORPUS_MAX = 4000

/** Fuzzes a target from the inputs of a corpus. */
export async function fuzz(
  target: Target,
  coverage: Coverage | undefined,
  given: readonly Buffer[],
  effort: Effort,
): Promise<Outcome> {
  const start = performance.now()
  const end = start + effort.ms
  const fuzzer = new Fuzzer(target, coverage, new Chance(effort.seed))
  coverage?.forget()
  let found = await fuzzer.add(given.length > 0 ? given : [Buffer.alloc(1)])
  while (found === undefined && fuzzer.executions < effort.executions && performance.now() < end)
    found = await fuzzer.tryBatch(Math.min(BATCH, effort.executions - fuzzer.executions))
  return { executions: fuzzer.executions, ms: performance.now() - start, corpus: fuzzer.corpus, found }
}

class Fuzzer {
  readonly #target: Target
  readonly #coverage: Coverage | undefined
  readonly #chance: Chance
  readonly #words: readonly Buffer[]
  readonly #kinds = new Set<string>()
  readonly corpus: Buffer[] = []
  executions = 0

  constructor(target: Target, coverage: Coverage | undefined, chance: Chance) {
    this.#target = target
    this.#coverage = coverage
    this.#chance = chance
    this.#words = target.words.map((word) => Buffer.from(word, 'latin1'))
  }

  /** Tries inputs and takes those into the corpus that do something new; returns the first fault. */
  async add(inputs: readonly Buffer[]): Promise<Found | undefined> {
    for (const input of inputs) {
      const { found, isNewKind } = await this.#try(input)
      if (found !== undefined) return found
      const isNew = this.#coverage?.hasNew() === true || isNewKind
      if (isNew || this.corpus.length === 0) this.corpus.push(input)
    }
    return undefined
  }

  async tryBatch(count: number): Promise<Found | undefined> {
    const stock = { inputs: this.corpus, words: this.#words, bytesMax: this.#target.bytesMax }
    const batch = Array.from({ length: count }, () => mutated(this.#chance, stock))
    const interesting: Buffer[] = []
    for (const input of batch) {
      const { found, isNewKind } = await this.#try(input)
      if (found !== undefined) return found
      if (isNewKind) interesting.push(input)
    }
    if (this.#coverage?.hasNew(true) === true) return this.#addNew(batch)
    for (const input of interesting) if (this.corpus.length < CORPUS_MAX) this.corpus.push(input)
    const { rss } = process.memoryUsage()
    if (rss > MEMORY_BYTES_MAX) return { input: batch[0]!, fault: `${rss} bytes of memory after this batch` }
    return undefined
  }

  /** Takes those inputs into the corpus that run new code, found by trying them again in halves. */
  async #addNew(inputs: readonly Buffer[]): Promise<Found | undefined> {
    if (inputs.length === 1) return this.add(inputs)
    const half = inputs.length >> 1
    for (const part of [inputs.slice(0, half), inputs.slice(half)]) {
      for (const input of part) {
        const { found } = await this.#try(input)
        if (found !== undefined) return found
      }
      const found = this.#coverage?.hasNew(true) === true ? await this.#addNew(part) : undefined
      if (found !== undefined) return found
    }
    return undefined
  }

  async #try(input: Buffer): Promise<{ found?: Found; isNewKind?: boolean }> {
    const target = this.#target
    this.executions++
    try {
      const start = performance.now()
      const answering = target.answer(input)
      const answer = typeof answering === 'string' ? answering : await answering
      const ms = performance.now() - start
      if (ms > target.msMax && (await isSlowAgain(target, input)))
        return { found: { input, fault: `it took ${ms} ms` } }
      const kind = target.kindOf(answer)
      const isNewKind = !this.#kinds.has(kind)
      if (isNewKind) this.#kinds.add(kind)
      const fault = await this.#faultOf(input, answer, isNewKind)
      return fault === undefined ? { isNewKind } : { found: { input, fault } }
    } catch (error) {
      return { found: { input, fault: `it threw ${error instanceof Error ? error.stack : error}` } }
    }
  }

  async #faultOf(input: Buffer, answer: string, isNewKind: boolean) {
    const { faultOf, slowFaultOf, slowEvery = 1 } = this.#target
    const fault = await faultOf(input, answer)
    if (fault !== undefined || slowFaultOf === undefined) return fault
    return isNewKind || this.executions % slowEvery === 0 ? slowFaultOf(input, answer) : undefined
  }
}

// A machine that was busy with something else is no fault of the input.
async function isSlowAgain({ answer, msMax }: Target, input: Buffer): Promise<boolean> {
  for (let tries = 0; tries < 3; tries++) {
    const start = performance.now()
    await answer(input)
    if (performance.now() - start <= msMax) return false
  }
  return true
}
