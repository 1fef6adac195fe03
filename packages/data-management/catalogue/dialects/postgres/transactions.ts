/** Where loads get their transactions: from the database, or, in a dry run, from a transaction that is rolled back. */
import type { OpenTransaction, PostgresDatabase } from '../../../database/postgres.ts'
import type { PostgresTransaction } from '../../../database/postgres-queries.ts'
import type { Sql } from '../../../database/sql.ts'

/** The connection for a catalogue's queries, and a way to begin transactions. */
export type Transactions = Readonly<{
  queries: Sql
  begin: () => Promise<OpenTransaction>
  /** How many of these transactions were rolled back. */
  rollbacks: number
}>

/** Transactions of the database itself. */
export function transactionsOf(database: PostgresDatabase): Transactions {
  return countRollbacks(database, () => database.begin())
}

/** Savepoints within a transaction, one after the other. */
export function savepointsOf(transaction: PostgresTransaction): Transactions {
  return countRollbacks(transaction, async () => {
    await transaction.script('savepoint part')
    return {
      transaction,
      commit: () => transaction.script('release part'),
      [Symbol.asyncDispose]: () => transaction.script('rollback to part; release part'),
    }
  })
}

function countRollbacks(queries: Sql, begin: () => Promise<OpenTransaction>): Transactions {
  const transactions = { queries, rollbacks: 0, begin: beginCounted }
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
      transactions.rollbacks++
      await open[Symbol.asyncDispose]()
    }
    return { transaction, commit, [Symbol.asyncDispose]: dispose }
  }
}
