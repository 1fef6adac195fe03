/** Repeats a pass whenever the inbox may have changed: on file system events, and every second, as events get lost. */
import { watch } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@splitcart/shared/log.ts'
import { isDatabaseFailure } from '../database/postgres-problems.ts'
import { isNewerSchema } from '../schemas.ts'

const POLL_MS = 1_000
// A pass costs the same for one file as for many: this pause collects new files, and events of files that the pass moved.
const REST_MS = 100
const FAILED_MS_MAX = 30_000

/**
 * Runs `pass` until the signal aborts. A pass that throws is repeated after a pause that grows, unless a newer program has
 * changed a schema; nothing is lost by that. `lookMs`: the interval between passes without file system events.
 */
export async function repeatOnChange(
  folders: readonly string[],
  pass: () => Promise<void>,
  { log, signal, lookMs = POLL_MS }: Readonly<{ log: Log; signal: AbortSignal; lookMs?: number }>,
): Promise<void> {
  const hint = watchFolders(folders, log)
  try {
    for (let failures = 0; !signal.aborted; ) {
      try {
        await pass()
        failures = 0
      } catch (error) {
        if (isNewerSchema(error)) throw error
        failures++
        if (isDatabaseFailure(error)) log.warn({ err: error, failures }, 'waiting for what cannot be reached')
        else log.error({ err: error, failures }, 'pass failed')
      }
      if (failures === 0 && lookMs > REST_MS) await pauseUntil(undefined, REST_MS, signal)
      const pause = failures === 0 ? lookMs : Math.min(POLL_MS * 2 ** failures, FAILED_MS_MAX)
      await pauseUntil(failures === 0 ? hint.next() : undefined, pause, signal)
    }
  } finally {
    hint.close()
  }
}

type ChangeSignal = { next: () => Promise<void>; close: () => void }

function watchFolders(folders: readonly string[], log: Log): ChangeSignal {
  let wake = () => {}
  let isDue = false
  const onChange = () => {
    isDue = true
    wake()
  }
  const watchers = folders.map((folder) => watch(folder, onChange))
  for (const watcher of watchers)
    watcher.on('error', (error) => log.warn({ err: error }, 'no hints from the file system; looking every second'))
  const next = () =>
    new Promise<void>((resolve) => {
      wake = resolve
      if (isDue) resolve()
      isDue = false
    })
  const close = () => {
    for (const watcher of watchers) watcher.close()
  }
  return { next, close }
}

async function pauseUntil(hint: Promise<void> | undefined, ms: number, signal: AbortSignal): Promise<void> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const pause = sleep(ms, undefined, { signal: both }).catch(() => {})
  await Promise.race(hint === undefined ? [pause] : [pause, hint])
  stop.abort()
}
