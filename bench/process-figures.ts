/** What processes have used, as /proc shows it: Linux only, elsewhere nothing is known. */
import { readFileSync } from 'node:fs'

// The unit of /proc/PID/stat: fixed for programs (`getconf CLK_TCK`), whatever the kernel itself counts in.
const TICKS_PER_SECOND = 100

/** The processor seconds of this process, of its children that have ended, and of others that still run. */
export function cpuSecondsOf(pids: readonly number[]): number {
  const own = ticksIn('/proc/self/stat')
  const theirs = pids.map((pid) => ticksIn(`/proc/${pid}/stat`)).reduce((sum, { itself }) => sum + itself, 0)
  return (own.itself + own.children + theirs) / TICKS_PER_SECOND
}

/** The processor seconds of a process that runs. */
export function cpuSecondsOfServer(pid: number): number {
  return ticksIn(`/proc/${pid}/stat`).itself / TICKS_PER_SECOND
}

function ticksIn(path: string): { itself: number; children: number } {
  // The second field, the name, may have spaces in it; what follows it does not.
  const fields = textOf(path).split(') ').at(-1)!.split(' ').map(Number)
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15)
  return { itself: user + system, children: childUser + childSystem }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
