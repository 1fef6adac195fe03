/** Runs contestants in turn, several times, so that a machine whose speed drifts treats them alike; tells medians and ratios. */
import { cpuSecondsOf } from './process-figures.ts'

/** What a run came to: facts of the same name must be the same for all contestants. */
export type Facts = Readonly<Record<string, number | string>>

/** What else was measured in a run: bytes on the wire, the slowest answer … */
export type Figures = Readonly<Record<string, number>>

/**
 * One way of doing a job. Only `run` is timed: `prepare` sets the stage, `facts` looks at what came of it. `pids`: the servers that
 * work for it.
 */
export type Contestant = Readonly<{
  name: string
  prepare?: () => Promise<void>
  run: () => Promise<Figures> | Promise<void>
  facts: () => Promise<Facts>
  pids?: () => readonly number[]
  /** Fewer rounds for one that takes minutes. */
  roundsMax?: number
}>

/** A job, how large it is, and who does it; the first contestant is ours. */
export type Comparison = AsyncDisposable &
  Readonly<{
    title: string
    amount: number
    unit: string
    contestants: readonly Contestant[]
    /** Takes minutes: done once, without a round that is not counted. */
    isLong?: true
  }>

/** All runs of one contestant. `ratio`: how many times as fast ours is, by the median of the pairs of runs. */
export type Result = Readonly<{
  name: string
  seconds: readonly number[]
  cpuSeconds: readonly number[]
  figures: Figures
  ratio: number
}>

type Run = Readonly<{ seconds: number; cpuSeconds: number; figures: Figures }>

/** Compares; a first round warms up and is not counted. Throws when two contestants come to different results. */
export async function compare({ contestants, isLong }: Comparison, roundsWanted: number): Promise<Result[]> {
  const [first, rounds] = isLong ? [1, 1] : [0, roundsWanted]
  const runs = contestants.map((): Run[] => [])
  for (let round = first; round <= rounds; round++) {
    const facts: [string, Facts][] = []
    for (const [index, contestant] of contestants.entries()) {
      if (round > (contestant.roundsMax ?? rounds)) continue
      await contestant.prepare?.()
      const run = await once(contestant)
      if (round > 0) runs[index]!.push(run)
      facts.push([contestant.name, await contestant.facts()])
    }
    checkFacts(facts)
  }
  return contestants.map(({ name }, index) => resultOf(name, runs[index]!, runs[0]!))
}

async function once({ run, pids = () => [] }: Contestant): Promise<Run> {
  const working = pids()
  const cpu = cpuSecondsOf(working)
  const start = performance.now()
  const figures = (await run()) ?? {}
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: cpuSecondsOf(working) - cpu, figures }
}

function checkFacts(facts: readonly (readonly [string, Facts])[]): void {
  const [[ours, first] = ['', {}], ...others] = facts
  for (const [name, theirs] of others)
    for (const [fact, value] of Object.entries(theirs))
      if (fact in first && first[fact] !== value)
        throw new Error(`They did not do the same: ${fact} is ${first[fact]} with ${ours} and ${value} with ${name}.`)
}

function resultOf(name: string, runs: readonly Run[], ours: readonly Run[]): Result {
  const names = Object.keys(runs[0]?.figures ?? {})
  return {
    name,
    seconds: runs.map(({ seconds }) => seconds),
    cpuSeconds: runs.map(({ cpuSeconds }) => cpuSeconds),
    figures: Object.fromEntries(names.map((each) => [each, median(runs.map(({ figures }) => figures[each]!))])),
    ratio: median(runs.map(({ seconds }, round) => seconds / ours[round]!.seconds)),
  }
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5)
}

/** The number below which a share of them lies, between two neighbours in proportion. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  const at = (sorted.length - 1) * share
  const [below, above] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN]
  return below + (above - below) * (at - Math.floor(at))
}
