/** Limits of time that hold on a machine that has much else to do. */
import { availableParallelism, loadavg } from 'node:os'

/** How long something may take that takes at most `ms` on an idle machine: longer by what waits for the processors now. */
export function allowedMs(ms: number): number {
  return ms * Math.max(1, loadavg()[0]! / availableParallelism())
}

/** Begins to measure what this process computes; the answer gives the milliseconds until now. */
export function computing(): () => number {
  const start = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000
  }
}
