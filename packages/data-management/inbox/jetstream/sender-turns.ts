/**
 * Fairness between the senders of a fleet: between two claims, which take the oldest item of all, a loader loads one
 * file of each other sender. So a busy sender delays the others by some of its files, not by all.
 */
import type { Ledger } from '../../ledger/ledger.ts'

// The query takes longer the more uploads wait: it may take a tenth of the time.
const REST_FACTOR = 10
const REST_MS_MIN = 200

/** One loader's view of the senders whose files wait, and their turns. */
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
  async ofOthers(id: string): Promise<string[]> {
    await this.#ask()
    const firsts = this.#firsts
    this.#firsts = []
    if (firsts.every((first) => first.id === id)) return []
    const sender = (await this.#ledger.sendersOf([id])).get(id)?.keyId
    return firsts.flatMap((first) => (first.keyId === sender || first.id === id ? [] : [first.id]))
  }

  async #ask(): Promise<void> {
    const start = this.#now()
    if (start < this.#restsUntil) return
    this.#firsts = await this.#ledger.firstsOfSenders()
    const took = this.#now() - start
    this.#restsUntil = start + took + Math.max(REST_MS_MIN, REST_FACTOR * took)
  }
}
