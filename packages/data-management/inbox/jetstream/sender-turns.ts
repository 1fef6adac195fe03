/**
 * Whose files come between those that a loader of a fleet claims, which are the oldest of all: one of each other sender. Who sends much keeps the
 * others waiting for some files of his, and not for all.
 */
import type { Ledger } from '../../ledger/ledger.ts'

// To ask what waits takes longer the more waits: it may take a tenth of the time.
const REST_FACTOR = 10
const REST_MS_MIN = 200

/** The turns of the senders whose files wait, as one loader knows them. */
export class SenderTurns {
  readonly #ledger: Ledger
  readonly #now: () => number
  #firsts: { keyId: string; id: string }[] = []
  #restsUntil = Number.NEGATIVE_INFINITY

  /** `now`: steady, in milliseconds. */
  constructor(ledger: Ledger, now: () => number = () => performance.now()) {
    this.#ledger = ledger
    this.#now = now
  }

  /** The next upload of each sender but the one who sent this. Each is told once. */
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
