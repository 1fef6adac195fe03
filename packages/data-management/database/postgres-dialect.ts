/** Kysely's dialect for an open PostgreSQL database: prepares statements once per connection, throws problems. */
import { type Dialect, PostgresDialect, type PostgresPoolClient } from 'kysely'
import type { PoolClient } from 'pg'
import type { PostgresDatabase } from './postgres.ts'
import { problemOf } from './postgres-problems.ts'

/** The dialect of a database. Destroying Kysely closes the database. */
export function dialectOf(database: PostgresDatabase): Dialect {
  const clients = new WeakMap<PoolClient, PostgresPoolClient>()
  const connect = async () => {
    const client = await database.connect()
    let wrapped = clients.get(client)
    if (wrapped === undefined) {
      wrapped = wrap(database, client)
      clients.set(client, wrapped)
    }
    return wrapped
  }
  const pool = { connect, end: () => database[Symbol.asyncDispose](), options: {} }
  return new PostgresDialect({ pool })
}

function wrap(database: PostgresDatabase, client: PoolClient): PostgresPoolClient {
  const query = async (text: string, values: readonly unknown[] = []) => {
    try {
      return await client.query({ ...database.named(text), values: [...values] })
    } catch (error) {
      throw problemOf(error)
    }
  }
  // Kysely calls the other overload, with a cursor, only if the dialect is given a cursor class.
  return { query: query as unknown as PostgresPoolClient['query'], release: (destroy) => client.release(destroy) }
}
