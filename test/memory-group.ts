/** Control groups that hold processes to so much memory (Linux, where this user may make one), and the memory that a process has had. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// The memory controller of version 1, and version 2, where all controllers are in one tree.
const KINDS = [
  { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { folder: '/sys/fs/cgroup', limit: 'memory.max' },
]

let made = 0

/** A group, or none where it cannot be made: `isLimited` says which. `entering`: a command as one that enters the group first. */
export type MemoryGroup = Disposable &
  Readonly<{ isLimited: boolean; entering: (command: readonly string[]) => [program: string, args: string[]] }>

/** Makes a group whose processes get no more memory together. All of them must have ended when it is disposed of. */
export function memoryGroup(bytesMax: number): MemoryGroup {
  const path = KINDS.map((kind) => madeGroup(kind, bytesMax)).find((each) => each !== undefined)
  const enter = path === undefined ? '' : `echo $$ > '${path}/cgroup.procs' && `
  return {
    isLimited: path !== undefined,
    entering: (command) => ['/bin/sh', ['-c', `${enter}exec "$@"`, 'sh', ...command]],
    [Symbol.dispose]: () => {
      if (path !== undefined) rmdirSync(path)
    },
  }
}

function madeGroup({ folder, limit }: (typeof KINDS)[number], bytesMax: number): string | undefined {
  const path = join(folder, `splitcart-${process.pid}-${++made}`)
  try {
    mkdirSync(path)
    writeFileSync(join(path, limit), String(bytesMax))
    return path
  } catch {
    if (existsSync(path)) rmdirSync(path)
    return undefined
  }
}

/** The largest memory a running process has had at a time, in bytes; 0 when it is gone, or nothing tells. */
export function peakBytesOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/** Watches a process until it is gone and gives the largest memory it has had. */
export function watchPeak(pid: number): () => number {
  let peak = 0
  const look = () => {
    peak = Math.max(peak, peakBytesOf(pid))
  }
  const timer = setInterval(look, 10)
  return () => {
    clearInterval(timer)
    look()
    return peak
  }
}
