/** Where loads get their transactions from: the database, or, to try something, a transaction that is taken back in the end. */
import type { OpenTransaction, PostgresDatabase } from '../../../database/postgres.ts'
import type { PostgresTransaction } from '../../../database/postgres-queries.ts'
import type { Sql } from '../../../database/sql.ts'

/** What a catalogue is asked over, and how work begins that is done whole or not at all. */
export type Transactions = Readonly<{
  queries: Sql
  begin: () => Promise<OpenTransaction>
  /** How often something was begun here and taken back. */
  undone: number
}>

/** Transactions of their own. */
export function transactionsOf(database: PostgresDatabase): Transactions {
  return counting(database, () => database.begin())
}

/** Parts of a transaction, one after the other. */
export function partsOf(transaction: PostgresTransaction): Transactions {
  return counting(transaction, async () => {
    await transaction.script('savepoint part')
    return {
      transaction,
      commit: () => transaction.script('release part'),
      [Symbol.asyncDispose]: () => transaction.script('rollback to part; release part'),
    }
  })
}

function counting(queries: Sql, begin: () => Promise<OpenTransaction>): Transactions {
  const transactions = { queries, undone: 0, begin: beginCounted }
  return transactions

  async function beginCounted(): Promise<OpenTransaction> {
    const { transaction, ...open } = await begin()
    let isOpen = true
    const commit = async () => {
      await open.commit()
      isOpen = false
    }
    const dispose = async () => {
      if (!isOpen) return
      isOpen = false
      transactions.undone++
      await open[Symbol.asyncDispose]()
    }
    return { transaction, commit, [Symbol.asyncDispose]: dispose }
  }
}
