/** Tells whether anything has been written to the database since an earlier read. */
import type { Sql } from '../../database/sql.ts'

/** A version that changes when others write. Undefined in PostgreSQL, and for a connection that writes itself. */
export async function readDataVersion(database: Sql): Promise<number | undefined> {
  if (database.dialect !== 'sqlite') return undefined
  const own = await database.get<{ changes: number }>('select total_changes() as changes')
  if (own?.changes !== 0) return undefined
  return (await database.get<{ data_version: number }>('pragma data_version'))?.data_version
}
