/** The id that a ledger shares with its catalogue, and whether a person has allowed the two to differ. */
import type { LedgerDatabase } from './database.ts'

/** The identity of a ledger; its catalogue has the same one. */
export class Identity {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** The id; undefined if none was given yet. */
  async get(): Promise<string | undefined> {
    return (await this.#database.selectFrom('identity').select('id').executeTakeFirst())?.id
  }

  /** Sets the id, unless there is one. */
  async setIfMissing(id: string): Promise<void> {
    const insert = this.#database.insertInto('identity').values({ one: 1, id })
    await insert.onConflict((conflict) => conflict.column('one').doNothing()).execute()
  }

  /** Sets the id of another catalogue, which may differ from the ledger by much. */
  async setOther(id: string): Promise<void> {
    const insert = this.#database.insertInto('identity').values({ one: 1, id, may_differ: 1 })
    await insert.onConflict((conflict) => conflict.column('one').doUpdateSet({ id, may_differ: 1 })).execute()
  }

  /** Replaces the id, if there is one. */
  async renew(id: string): Promise<void> {
    await this.#database.updateTable('identity').set({ id }).execute()
  }

  /** Whether a person has allowed the ledger and its catalogue to differ by much. */
  async mayDiffer(): Promise<boolean> {
    return (await this.#database.selectFrom('identity').select('may_differ').executeTakeFirst())?.may_differ === 1
  }

  /** Ends that allowance, once the two have been compared. */
  async endMayDiffer(): Promise<void> {
    await this.#database.updateTable('identity').set({ may_differ: 0 }).execute()
  }
}
