/** Resumable uploads that are complete and accepted, for senders that missed the response: id and receipt of each. */
import { dirname } from 'node:path'

/** The record of one; `acceptedAs`: the id of its receipt. */
export type FinishedRecord = Readonly<{ id: string; size: number; creation_date: string; acceptedAs: string }>

/** How many are kept of each key; the oldest are dropped. */
export const FINISHED_PER_KEY_MAX = 256
const FINISHED_MAX = 10_000

/** The last finished resumable uploads, the oldest first: so many of each key, and so many in all. */
export class FinishedUploads {
  readonly #all = new Map<string, FinishedRecord>()
  readonly #counts = new Map<string, number>()

  get(id: string): FinishedRecord | undefined {
    return this.#all.get(id)
  }

  values(): Iterable<FinishedRecord> {
    return this.#all.values()
  }

  /** Adds one; returns the ids of the oldest ones beyond the limit. */
  add(record: FinishedRecord): string[] {
    this.remove(record.id)
    this.#all.set(record.id, record)
    const keyId = dirname(record.id)
    const count = (this.#counts.get(keyId) ?? 0) + 1
    this.#counts.set(keyId, count)
    if (count > FINISHED_PER_KEY_MAX) return [this.#oldest((id) => dirname(id) === keyId)]
    return this.#all.size > FINISHED_MAX ? [this.#oldest(() => true)] : []
  }

  remove(id: string): void {
    if (!this.#all.delete(id)) return
    const keyId = dirname(id)
    const count = this.#counts.get(keyId)! - 1
    if (count === 0) this.#counts.delete(keyId)
    else this.#counts.set(keyId, count)
  }

  #oldest(isMeant: (id: string) => boolean): string {
    return this.#all.keys().find(isMeant)!
  }
}
