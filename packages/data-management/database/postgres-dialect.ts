/** A Kysely dialect for an open PostgreSQL database. Statements are prepared once per connection. */
import { type Dialect, PostgresDialect, type PostgresPoolClient } from 'kysely'
import type { PoolClient } from 'pg'
import type { PostgresDatabase } from './postgres.ts'
import { toPostgresProblem } from './postgres-problems.ts'

/** The Kysely dialect of a database. Destroying the Kysely instance closes the database. */
export function kyselyDialect(database: PostgresDatabase): Dialect {
  const clients = new WeakMap<PoolClient, PostgresPoolClient>()
  const connect = async () => {
    const client = await database.connect()
    let wrapped = clients.get(client)
    if (wrapped === undefined) {
      wrapped = wrapClient(database, client)
      clients.set(client, wrapped)
    }
    return wrapped
  }
  const pool = { connect, end: () => database[Symbol.asyncDispose](), options: {} }
  return new PostgresDialect({ pool })
}

function wrapClient(database: PostgresDatabase, client: PoolClient): PostgresPoolClient {
  const query = async (text: string, values: readonly unknown[] = []) => {
    try {
      return await client.query({ ...database.preparedStatement(text), values: [...values] })
    } catch (error) {
      throw toPostgresProblem(error)
    }
  }
  // Kysely calls the other overload, with a cursor, only if the dialect is given a cursor class.
  return { query: query as unknown as PostgresPoolClient['query'], release: (destroy) => client.release(destroy) }
}
