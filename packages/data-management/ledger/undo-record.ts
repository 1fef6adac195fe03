/** Records of what people say, which they can take back: they stay, with who took them back. */
import type { LedgerDatabase } from './database.ts'

type Undoable = 'belief' | 'store_merge' | 'verdict'
type Undoing = Readonly<{ id: number; who: string; at: number }>

/** Takes a record back; false if there is none with this id, or it was taken back already. */
export async function undoRecord(database: LedgerDatabase, table: Undoable, undoing: Undoing): Promise<boolean> {
  const { id, who, at } = undoing
  const undone = await database
    .updateTable(table)
    .set({ undone_at: at, undone_by: who })
    .where('id', '=', id)
    .where('undone_at', 'is', null)
    .executeTakeFirst()
  return Number(undone.numUpdatedRows) === 1
}

/** A version text, different after each record that is added or taken back. */
export async function versionOf(database: LedgerDatabase, table: Undoable): Promise<string> {
  const found = await database
    .selectFrom(table)
    .select(({ fn }) => [fn.max('id').as('last'), fn.count('undone_at').as('undone')])
    .executeTakeFirst()
  return `${found?.last ?? 0} ${found?.undone ?? 0}`
}
