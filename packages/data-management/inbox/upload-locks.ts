/**
 * One request at a time writes to an unfinished upload. The later request has the better connection: a sender that was
 * cut off retries while the server still waits for its first request. So the holder is asked to release the lock, and
 * the next request waits for that.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import type { Lock, Locker, RequestRelease } from '@tus/server'

const WAIT_MS_MAX = 10_000

type Holder = Readonly<{ requestRelease: RequestRelease; gone: Promise<void>; release: () => void }>

/** The locks of all unfinished uploads, by their ids. */
export class UploadLocks implements Locker {
  readonly #holders = new Map<string, Holder>()
  readonly #waitMsMax: number

  constructor(waitMsMax = WAIT_MS_MAX) {
    this.#waitMsMax = waitMsMax
  }

  newLock(id: string): Lock {
    return {
      lock: (signal, requestRelease) => this.#acquire(id, requestRelease, signal),
      unlock: async () => this.#release(id),
    }
  }

  isHeld(id: string): boolean {
    return this.#holders.has(id)
  }

  async #acquire(id: string, requestRelease: RequestRelease, signal: AbortSignal): Promise<void> {
    const end = Promise.withResolvers<never>()
    const late = setTimeout(() => end.reject(new Problem('upload_busy')), this.#waitMsMax)
    const stop = () => end.reject(new Problem('upload_busy'))
    signal.addEventListener('abort', stop, { once: true })
    try {
      for (let holder = this.#holders.get(id); holder !== undefined; holder = this.#holders.get(id)) {
        await holder.requestRelease()
        await Promise.race([holder.gone, end.promise])
      }
      const { promise: gone, resolve: release } = Promise.withResolvers<void>()
      this.#holders.set(id, { requestRelease, gone, release })
    } finally {
      clearTimeout(late)
      signal.removeEventListener('abort', stop)
    }
  }

  #release(id: string): void {
    this.#holders.get(id)?.release()
    this.#holders.delete(id)
  }
}
