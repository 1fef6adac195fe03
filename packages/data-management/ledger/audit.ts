/** Who did what to the ledger and the catalogue; records are only ever added. */
import type { LedgerDatabase, LedgerTables } from './database.ts'

export type AuditEntry = Readonly<{ at: number; who: string; what: string; about: string; detail?: string }>

/** Adds an entry. `what` is a verb phrase such as "key created", `about` an id. */
export async function audit(database: LedgerDatabase, entry: AuditEntry): Promise<void> {
  await database.insertInto('audit').values(entry).execute()
}

/** An entry on record. */
export type AuditRecord = Omit<LedgerTables['audit'], 'id'> & Readonly<{ id: number }>

/** The entries, the newest first, from before an id on. */
export function auditEntries(database: LedgerDatabase, before: number, limit: number): Promise<AuditRecord[]> {
  return database.selectFrom('audit').selectAll().where('id', '<', before).orderBy('id', 'desc').limit(limit).execute()
}
