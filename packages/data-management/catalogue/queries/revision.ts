/** The revision of the catalogue: a different id after every change, whatever is loaded, undone or restored. */
import { randomUUID } from 'node:crypto'
import type { Sql } from '../../database/sql.ts'

/** The id of the committed revision. */
export async function readRevision(database: Sql): Promise<string> {
  return (await database.get<{ id: string }>('select id from revision'))!.id
}

/** Sets a new revision, in the transaction that changes the catalogue. It is random, so that no two states share it. */
export async function renewRevision(database: Sql): Promise<void> {
  await database.run('update revision set id = ?', randomUUID())
}
