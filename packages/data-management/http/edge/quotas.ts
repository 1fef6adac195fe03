/** Daily quotas per key, from midnight in the server's time zone. Usage is read from the ledger. */

import { addDays } from '@splitcart/shared/date.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { ServerLimits } from './server-limits.ts'

type QuotaLimits = Pick<ServerLimits, 'filesPerDayMax' | 'bytesPerDayMax'>

/** Counts the new files that a key has sent since a time, and their bytes as sent. */
export type SentSince = (keyId: string, at: number) => Promise<Readonly<{ files: number; bytes: number }>>

/** Checks the daily quotas of keys. */
export class Quotas {
  readonly #sentSince: SentSince
  readonly #limits: QuotaLimits
  readonly #zone: TimeZone

  constructor(sentSince: SentSince, limits: QuotaLimits, zone: TimeZone) {
    this.#sentSince = sentSince
    this.#limits = limits
    this.#zone = zone
  }

  /** Throws `quota_used_up`. `others`: the key's other uploads in progress. A file may cross the limit of bytes. */
  async check(keyId: string, others: number, now: number): Promise<void> {
    const { filesPerDayMax, bytesPerDayMax } = this.#limits
    if (filesPerDayMax === Number.POSITIVE_INFINITY && bytesPerDayMax === Number.POSITIVE_INFINITY) return
    const today = this.#zone.dateAt(now)
    const { files, bytes } = await this.#sentSince(keyId, this.#zone.startOf(today))
    const retryAfterSeconds = Math.ceil((this.#zone.startOf(addDays(today, 1)) - now) / 1000)
    if (files + others >= filesPerDayMax)
      throw new Problem('quota_used_up', `${files + others} files of this day, ${filesPerDayMax} may be`, {
        retryAfterSeconds,
      })
    if (bytes >= bytesPerDayMax)
      throw new Problem('quota_used_up', `${bytes} bytes on this day, ${bytesPerDayMax} may be`, { retryAfterSeconds })
  }
}
