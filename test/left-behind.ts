/** What a run of tests leaves behind: processes that carry its mark, and folders in its temporary folder. */
import { readdirSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { NO_PROC, type Process, processesWith } from './processes.ts'

/** The variable of the environment whose value tells the processes of a run from all others. */
export const MARK = 'SPLITCART_TEST_RUN'
const GRACE_MS = 1000
const WATCH_MS = 250

/** Ends what runs for longer than `secondsMax`, until the signal: node fails a test that is late, and then waits for its process for ever. */
export async function endLate(mark: string, secondsMax: number, signal: AbortSignal): Promise<Process[]> {
  const since = new Map<number, number>()
  const late: Process[] = []
  while (!signal.aborted) {
    await sleep(WATCH_MS, undefined, { signal }).catch(() => {})
    for (const one of marked(mark)) {
      const started = since.get(one.pid) ?? performance.now()
      since.set(one.pid, started)
      if (performance.now() - started < secondsMax * 1000) continue
      process.kill(one.pid, 'SIGKILL')
      late.push(one)
    }
  }
  return late
}

function marked(mark: string): Process[] {
  return processesWith(`${MARK}=${mark}`)
}

async function leftRunning(mark: string): Promise<Process[]> {
  const end = performance.now() + GRACE_MS
  let left = marked(mark)
  while (left.length > 0 && performance.now() < end) {
    await sleep(50)
    left = marked(mark)
  }
  return left
}

/** Names what a run left behind, and takes it away. */
export async function leftBehind(mark: string, folder: string): Promise<string[]> {
  const left: string[] = []
  if (NO_PROC) process.stdout.write('Left-over and late processes are looked for on Linux only.\n')
  for (const { pid, command } of await leftRunning(mark)) {
    left.push(`process ${pid}: ${command}`)
    process.kill(pid, 'SIGKILL')
  }
  left.push(
    ...readdirSync(folder)
      .filter((name) => name.startsWith('splitcart-'))
      .map((name) => `in the temporary folder: ${name}`),
  )
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  return left
}
