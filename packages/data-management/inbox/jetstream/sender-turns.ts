/**
 * Fairness between senders. With each claim of the oldest waiting file, a loader also loads the first file of every
 * other sender: a sender with a long backlog delays the others by a few files, not by its whole backlog.
 */
import type { Ledger } from '../../ledger/ledger.ts'

// The query takes longer the more uploads wait: it runs for at most a tenth of the time.
const REST_FACTOR = 10
const REST_MS_MIN = 200

/** The first waiting file of each sender, as one loader knows them. */
export class SenderTurns {
  readonly #ledger: Ledger
  readonly #now: () => number
  #firsts: { keyId: string; id: string }[] = []
  #restsUntil = Number.NEGATIVE_INFINITY

  /** `now`: a monotonic clock in milliseconds. */
  constructor(ledger: Ledger, now: () => number = () => performance.now()) {
    this.#ledger = ledger
    this.#now = now
  }

  /** The next upload of each sender except the sender of this one. Each upload is returned once. */
  async nextOfOtherSenders(id: string): Promise<string[]> {
    await this.#refresh()
    const firsts = this.#firsts
    this.#firsts = []
    if (firsts.every((first) => first.id === id)) return []
    const sender = (await this.#ledger.sendersOf([id])).get(id)?.keyId
    return firsts.flatMap((first) => (first.keyId === sender || first.id === id ? [] : [first.id]))
  }

  async #refresh(): Promise<void> {
    const start = this.#now()
    if (start < this.#restsUntil) return
    this.#firsts = await this.#ledger.oldestOfEachSender()
    const took = this.#now() - start
    this.#restsUntil = start + took + Math.max(REST_MS_MIN, REST_FACTOR * took)
  }
}
