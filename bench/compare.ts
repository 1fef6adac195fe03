/** Runs contestants in turn, several times, so that a machine whose speed drifts treats them alike; tells medians and ratios. */

/**
 * One way of doing a job. `run` does it once and returns what the result is, so that all can be seen to have done the same; `prepare`
 * sets the stage before each run, outside the time.
 */
export type Contestant = Readonly<{ name: string; prepare?: () => Promise<void>; run: () => Promise<string> }>

/** A job, how large it is, and who does it; the first contestant is ours. */
export type Benchmark = AsyncDisposable &
  Readonly<{ title: string; amount: number; unit: string; contestants: readonly Contestant[] }>

/** The times of one contestant, in seconds, sorted. `ratio`: how many times as fast ours is, by the medians of the pairs of runs. */
export type Result = Readonly<{ name: string; seconds: readonly number[]; perSecond: number; ratio: number }>

/** Runs a benchmark; a first round warms up and is not counted. Throws when two contestants come to different results. */
export async function compare({ contestants, amount }: Benchmark, rounds: number): Promise<Result[]> {
  const seconds = new Map(contestants.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round <= rounds; round++) {
    const results = new Set<string>()
    for (const { name, prepare, run } of contestants) {
      await prepare?.()
      const start = performance.now()
      results.add(await run())
      if (round > 0) seconds.get(name)!.push((performance.now() - start) / 1000)
    }
    if (results.size > 1) throw new Error(`They did not do the same: ${[...results].join(' | ')}`)
  }
  const ours = seconds.get(contestants[0]!.name)!
  return [...seconds].map(([name, times]) => ({
    name,
    seconds: times.toSorted((one, other) => one - other),
    perSecond: amount / median(times),
    ratio: median(times.map((time, round) => time / ours[round]!)),
  }))
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
