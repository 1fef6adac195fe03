/**
 * Resources that `--watch` holds: the lock on the outbox, and the file system watcher that hints at new files. If the
 * folders disappear meanwhile (an unmounted share or disk, a cleanup), they are recreated and both are taken again.
 */
import { type FSWatcher, watch } from 'node:fs'
import { type Disk, isMissing } from '@splitcart/shared/disk.ts'
import type { Lock } from '@splitcart/shared/lock.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { checkPrivate } from '@splitcart/shared/private-folder.ts'
import { type Clock, realClock } from './clock.ts'
import { lockOutbox } from './upload-data.ts'
import type { UploadJob } from './upload-job.ts'

/** Holds the lock and the watcher, and renews them when the folders were replaced. */
export class OutboxWatcher implements Disposable {
  /** Tells whether a file rests; changes of such a file are not hints, as it is checked on a timer. */
  isResting: (name: string) => boolean = () => false
  readonly #job: Pick<UploadJob, 'disk' | 'folders'>
  readonly #clock: Clock
  #lock: Lock | undefined
  #watcher: FSWatcher | undefined
  #hint = new AbortController()

  /** Throws `locked` while another run is active. */
  constructor({ disk, folders, clock = realClock() }: Pick<UploadJob, 'disk' | 'folders' | 'clock'>) {
    this.#job = { disk, folders }
    this.#clock = clock
    this.#take()
  }

  /** Recreates missing folders, and takes lock and watcher again if the lock file is gone. */
  async renewIfLost(): Promise<void> {
    const { disk } = this.#job
    const folders = Object.values(this.#job.folders)
    const isInPlace = this.#lock?.isInPlace() ?? false
    if (isInPlace && (await areThere(disk, folders))) return
    await checkPrivate(disk, folders)
    for (const folder of folders) await makeFolder(disk, folder)
    if (isInPlace) return
    this[Symbol.dispose]()
    this.#take()
  }

  /** Clears the hints received so far. */
  clearHints(): void {
    this.#hint = new AbortController()
  }

  /** Whether a hint was received since `forget`. */
  get hasHint(): boolean {
    return this.#hint.signal.aborted
  }

  /** Waits until there is a hint since `forget`, `ms` have passed, or the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(ms, AbortSignal.any([signal, this.#hint.signal]))
  }

  [Symbol.dispose](): void {
    this.#watcher?.close()
    this.#lock?.[Symbol.dispose]()
    this.#lock = undefined
  }

  #take(): void {
    this.#lock = lockOutbox(this.#job)
    this.#watcher = watchIfPossible(this.#job.folders.outbox, (name) => {
      if (name === null || (name.endsWith('.jsonl') && !name.startsWith('.') && !this.isResting(name)))
        this.#hint.abort()
    })
  }
}

async function areThere(disk: Disk, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) if (await isMissing(disk, folder)) return false
  return true
}

// If watching fails (too many watches, a network drive), rounds run on the timer alone.
function watchIfPossible(folder: string, heard: (name: string | null) => void): FSWatcher | undefined {
  try {
    return watch(folder, (_event, name) => heard(name)).on('error', () => {})
  } catch {
    return undefined
  }
}
