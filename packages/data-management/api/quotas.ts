/** How much of each key was taken since midnight UTC. The ledger knows it, so a restart changes nothing. */
import { Problem } from '@splitcart/shared/problem.ts'
import type { Door } from './door.ts'

const DAY_MS = 86_400_000

type Limits = Pick<Door, 'filesPerDayMax' | 'bytesPerDayMax'>

/** How many new files a key has sent since a time, and their bytes on the wire. */
export type SentSince = (keyId: string, at: number) => Promise<Readonly<{ files: number; bytes: number }>>

/** The quotas of all keys. */
export class Quotas {
  readonly #sentSince: SentSince
  readonly #limits: Limits

  constructor(sentSince: SentSince, limits: Limits) {
    this.#sentSince = sentSince
    this.#limits = limits
  }

  /** Throws when a key has no quota left; `others` of its files are on their way. The file that goes over in bytes is still taken. */
  async check(keyId: string, others: number, now: number): Promise<void> {
    const { filesPerDayMax, bytesPerDayMax } = this.#limits
    if (filesPerDayMax === Number.POSITIVE_INFINITY && bytesPerDayMax === Number.POSITIVE_INFINITY) return
    const midnight = now - (now % DAY_MS)
    const { files, bytes } = await this.#sentSince(keyId, midnight)
    const retryAfterSeconds = Math.ceil((midnight + DAY_MS - now) / 1000)
    if (files + others >= filesPerDayMax)
      throw new Problem('quota_used_up', `${files + others} files of this day, ${filesPerDayMax} may be`, {
        retryAfterSeconds,
      })
    if (bytes >= bytesPerDayMax)
      throw new Problem('quota_used_up', `${bytes} bytes on this day, ${bytesPerDayMax} may be`, { retryAfterSeconds })
  }
}
