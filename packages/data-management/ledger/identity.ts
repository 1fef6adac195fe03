/** Which catalogue a ledger belongs to, and whether a person has said that the two may differ. */
import type { LedgerDatabase } from './database.ts'

/** The identity of a ledger, which its catalogue has, too. */
export class Identity {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Undefined: it has not been given one yet. */
  async get(): Promise<string | undefined> {
    return (await this.#database.selectFrom('identity').select('id').executeTakeFirst())?.id
  }

  /** Gives it one, unless it has one. */
  async give(id: string): Promise<void> {
    const insert = this.#database.insertInto('identity').values({ one: 1, id })
    await insert.onConflict((conflict) => conflict.column('one').doNothing()).execute()
  }

  /** Gives it another one, of a catalogue that may differ from it by much. */
  async change(id: string): Promise<void> {
    const insert = this.#database.insertInto('identity').values({ one: 1, id, may_differ: 1 })
    await insert.onConflict((conflict) => conflict.column('one').doUpdateSet({ id, may_differ: 1 })).execute()
  }

  /** Gives it another one, if it has one. */
  async renew(id: string): Promise<void> {
    await this.#database.updateTable('identity').set({ id }).execute()
  }

  /** Whether a person has said that they may differ by much. */
  async mayDiffer(): Promise<boolean> {
    return (await this.#database.selectFrom('identity').select('may_differ').executeTakeFirst())?.may_differ === 1
  }

  /** They have been held against each other: from now on they may not. */
  async mayDifferNoMore(): Promise<void> {
    await this.#database.updateTable('identity').set({ may_differ: 0 }).execute()
  }
}
