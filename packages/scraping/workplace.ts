/**
 * What `--watch` holds on to: the lock on the outbox, and the hints of the file system that something came into it. Folders may go and
 * come back while it stays (a share, a disk, somebody who tidies up); then they are made again, and both are taken anew.
 */
import { type FSWatcher, watch } from 'node:fs'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import type { Lock } from '@splitcart/shared/lock.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { checkPrivate } from '@splitcart/shared/private-folder.ts'
import { type Clock, realClock } from './clock.ts'
import { lockOutbox } from './upload-data.ts'
import type { Job } from './upload-job.ts'

/** The lock and the hints, as long as the folders are the ones they were. */
export class Workplace implements Disposable {
  /** A file that rests gives no hints: it is looked at when it is time. */
  isResting: (name: string) => boolean = () => false
  readonly #job: Pick<Job, 'disk' | 'folders'>
  readonly #clock: Clock
  #lock: Lock | undefined
  #watcher: FSWatcher | undefined
  #hint = new AbortController()

  /** Throws `locked` when another run is at work. */
  constructor({ disk, folders, clock = realClock() }: Pick<Job, 'disk' | 'folders' | 'clock'>) {
    this.#job = { disk, folders }
    this.#clock = clock
    this.#take()
  }

  /** Makes the folders again, and takes lock and hints again, where they are not there any more. */
  async hold(): Promise<void> {
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

  /** Forgets the hints that have come. */
  forget(): void {
    this.#hint = new AbortController()
  }

  /** Whether a hint has come since `forget`. */
  get hasHint(): boolean {
    return this.#hint.signal.aborted
  }

  /** Waits for a hint that came since `forget`, for the time, or for the signal. */
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
  for (const folder of folders) if ((await disk.lstat(folder).catch(codeOf)) === 'ENOENT') return false
  return true
}

// Without hints (too many watches, a network drive) the rounds come by the clock alone.
function watchIfPossible(folder: string, heard: (name: string | null) => void): FSWatcher | undefined {
  try {
    return watch(folder, (_event, name) => heard(name)).on('error', () => {})
  } catch {
    return undefined
  }
}
