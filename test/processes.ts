/** The processes of this machine, as /proc shows them: Linux only. */
import { readdirSync, readFileSync } from 'node:fs'

export const NO_PROC: string | false = process.platform !== 'linux' && 'processes are looked for on Linux only'

/** The processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => statusOf(candidate)?.parent === pid && isRunning(candidate))
}

/** Whether a process is there and not only waiting for somebody to ask how it ended. */
export function isRunning(pid: number): boolean {
  const status = statusOf(pid)
  return status !== undefined && status.state !== 'Z'
}

function statusOf(pid: number): { parent: number; state: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8')
    return { parent: Number(/^PPid:\t(\d+)/m.exec(text)?.[1]), state: /^State:\t(\w)/m.exec(text)?.[1] ?? '' }
  } catch {
    return undefined
  }
}
