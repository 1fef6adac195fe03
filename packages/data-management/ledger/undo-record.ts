/** Takes back what people have recorded (beliefs, merges of stores, verdicts): the record stays, with who took it back. */
import { audit } from './audit.ts'
import type { LedgerDatabase } from './database.ts'

/** The text of the audit for each table. */
const AUDIT_TEXTS = {
  belief: 'belief taken back',
  store_merge: 'merge of stores undone',
  verdict: 'verdict taken back',
} as const

type UndoableTable = keyof typeof AUDIT_TEXTS
type UndoRequest = Readonly<{ id: string; who: string; at: number }>

/** Takes a record back, and audits it; false if there is none with this id, or it was taken back already. */
export async function undoRecord(
  database: LedgerDatabase,
  table: UndoableTable,
  undoing: UndoRequest,
): Promise<boolean> {
  const { id, who, at } = undoing
  if (!/^\d{1,15}$/.test(id)) return false
  const undone = await database
    .updateTable(table)
    .set({ undone_at: at, undone_by: who })
    .where('id', '=', Number(id))
    .where('undone_at', 'is', null)
    .executeTakeFirst()
  if (Number(undone.numUpdatedRows) !== 1) return false
  await audit(database, { at, who, what: AUDIT_TEXTS[table], about: id })
  return true
}

/** A version text, different after each record that is added or taken back. */
export async function versionOfRecords(database: LedgerDatabase, table: UndoableTable): Promise<string> {
  const found = await database
    .selectFrom(table)
    .select(({ fn }) => [fn.max('id').as('last'), fn.count('undone_at').as('undone')])
    .executeTakeFirst()
  return `${found?.last ?? 0} ${found?.undone ?? 0}`
}
