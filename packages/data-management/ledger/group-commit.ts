/**
 * Commits concurrent writes in one transaction. A commit costs a sync of the disk, during which nothing else happens
 * here: a thousand uploads that arrive at once would wait for a thousand syncs.
 *
 *   write ─┐
 *   write ─┼─▶ one transaction ─▶ commit ─▶ each of them goes on
 *   write ─┘        └─ one of them fails: rolled back, and each is committed alone
 *
 * Invariants:
 *  1. No caller goes on before its write is committed.
 *  2. A failing write does not fail the others.
 *  3. Commits take half of the time at most: the next one waits for as long as the last one took. A single writer does
 *     not notice, because more time passes between its uploads.
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { retryConflicts } from '../database/postgres-problems.ts'
import type { LedgerDatabase } from './database.ts'

type Work<T> = (transaction: LedgerDatabase) => Promise<T>

type Writer = Readonly<{
  work: Work<unknown>
  resolve: (value: never) => void
  reject: (reason: unknown) => void
}>

/** The commits of one ledger. */
export class GroupCommit {
  readonly #database: LedgerDatabase
  #waiting: Writer[] = []
  #isWorking = false
  #pauseUntil = 0

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Runs `work` in a shared transaction and resolves when it is committed. `work` may run twice. */
  write<T>(work: Work<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#waiting.push({ work, resolve, reject })
    if (!this.#isWorking) void this.#commitAll()
    return promise
  }

  async #commitAll(): Promise<void> {
    this.#isWorking = true
    while (this.#waiting.length > 0) {
      const pauseMs = this.#pauseUntil - performance.now()
      // Waits at least one turn of the event loop, so that others can join.
      await (pauseMs > 1 ? sleep(pauseMs) : turn())
      const group = this.#waiting
      this.#waiting = []
      const start = performance.now()
      if (!(await this.#commit(group))) for (const writer of group) await this.#commitAlone(writer)
      this.#pauseUntil = 2 * performance.now() - start
    }
    this.#isWorking = false
  }

  /** Commits the work of all writers; false: one failed, and nothing is written. */
  async #commit(group: readonly Writer[]): Promise<boolean> {
    const results: unknown[] = []
    try {
      await this.#database.transaction().execute(async (transaction) => {
        for (const { work } of group) results.push(await work(transaction))
      })
    } catch {
      return false
    }
    for (const [index, { resolve }] of group.entries()) resolve(results[index] as never)
    return true
  }

  async #commitAlone({ work, resolve, reject }: Writer): Promise<void> {
    await retryConflicts(() => this.#database.transaction().execute(work)).then(
      resolve as (value: unknown) => void,
      reject,
    )
  }
}
