/** Which state of the catalogue this is: another one after every change, whatever is loaded, taken out or set back. */
import { randomUUID } from 'node:crypto'
import type { Sql } from '../../database/sql.ts'

/** The name of the state that is committed. */
export async function revisionOf(database: Sql): Promise<string> {
  return (await database.get<{ id: string }>('select id from revision'))!.id
}

/** Notes that something changes what the catalogue holds, in the transaction that changes it. By chance, so that no state has the name of another. */
export async function noteRevision(database: Sql): Promise<void> {
  await database.run('update revision set id = ?', randomUUID())
}
