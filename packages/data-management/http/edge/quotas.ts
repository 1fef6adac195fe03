/** How much of each key was taken since midnight in the zone of the server. The ledger knows it, so a restart changes nothing. */
import { Problem } from '@splitcart/shared/problem.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { dayAfter } from '../../catalogue/model/midnight.ts'
import type { ServerLimits } from './server-limits.ts'

type Limits = Pick<ServerLimits, 'filesPerDayMax' | 'bytesPerDayMax'>

/** How many new files a key has sent since a time, and their bytes on the wire. */
export type SentSince = (keyId: string, at: number) => Promise<Readonly<{ files: number; bytes: number }>>

/** The quotas of all keys. */
export class Quotas {
  readonly #sentSince: SentSince
  readonly #limits: Limits
  readonly #zone: TimeZone

  constructor(sentSince: SentSince, limits: Limits, zone: TimeZone) {
    this.#sentSince = sentSince
    this.#limits = limits
    this.#zone = zone
  }

  /** Throws when a key has no quota left; `others` of its files are on their way. The file that goes over in bytes is still taken. */
  async check(keyId: string, others: number, now: number): Promise<void> {
    const { filesPerDayMax, bytesPerDayMax } = this.#limits
    if (filesPerDayMax === Number.POSITIVE_INFINITY && bytesPerDayMax === Number.POSITIVE_INFINITY) return
    const today = this.#zone.dateAt(now)
    const { files, bytes } = await this.#sentSince(keyId, this.#zone.startOf(today))
    const retryAfterSeconds = Math.ceil((this.#zone.startOf(dayAfter(today)) - now) / 1000)
    if (files + others >= filesPerDayMax)
      throw new Problem('quota_used_up', `${files + others} files of this day, ${filesPerDayMax} may be`, {
        retryAfterSeconds,
      })
    if (bytes >= bytesPerDayMax)
      throw new Problem('quota_used_up', `${bytes} bytes on this day, ${bytesPerDayMax} may be`, { retryAfterSeconds })
  }
}
