/** The processes of this machine, as /proc shows them: Linux only. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export const NO_PROC: string | false = process.platform !== 'linux' && 'processes are looked for on Linux only'

export type Process = Readonly<{ pid: number; command: string }>

/** The processes of this user whose environment has a text in it. */
export function processesWith(text: string): Process[] {
  if (NO_PROC) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`).includes(text)) return []
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        const command = words.filter((word) => !word.startsWith('--')).join(' ')
        return [{ pid: Number(pid), command: command.trim().slice(0, 200) }]
      } catch {
        // It ended while it was looked at, or belongs to somebody else.
        return []
      }
    })
}

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

/**
 * How many sockets and files a process holds open that requests open: not those of its threads, and not those of its
 * databases, which it opens when they are first asked for. 0 when it is gone.
 */
export function openedForRequests(pid: number): number {
  return listedIn(`/proc/${pid}/fd`).filter((link) => !OWN.test(link)).length
}

const OWN = /^(?:anon_inode:|pipe:|\/dev\/null$)|\.db(?:-wal|-shm|-journal)?$|\.lock$|\.[cm]?[jt]s$/

/** Where the links of a folder lead; those that are gone meanwhile are left out. */
function listedIn(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      try {
        return [readlinkSync(`${folder}/${name}`)]
      } catch {
        return []
      }
    })
  } catch {
    return []
  }
}

function statusOf(pid: number): { parent: number; state: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8')
    return { parent: Number(/^PPid:\t(\d+)/m.exec(text)?.[1]), state: /^State:\t(\w)/m.exec(text)?.[1] ?? '' }
  } catch {
    return undefined
  }
}
