/** Who did what to the ledger and the catalogue; records are only ever added. */
import { sql } from 'kysely'
import type { LedgerDatabase, LedgerTables } from './database.ts'

export type AuditEntry = Readonly<{ at: number; who: string; what: string; about: string; detail?: string }>

/** Adds an entry. `what` is a verb phrase such as "key created", `about` an id. */
export async function audit(database: LedgerDatabase, entry: AuditEntry): Promise<void> {
  await database.insertInto('audit').values(entry).execute()
}

/** An entry on record. */
export type AuditRecord = Omit<LedgerTables['audit'], 'id'> & Readonly<{ id: number }>

/** The audit's `what` of a backup. */
export const BACKUP_MADE = 'backup made'

/** The latest backup that was made. */
export function latestBackup(database: LedgerDatabase): Promise<AuditRecord | undefined> {
  // A literal, not a parameter, so that the partial index on these entries is used.
  const isBackup = sql<boolean>`what = ${sql.lit(BACKUP_MADE)}`
  return database.selectFrom('audit').selectAll().where(isBackup).orderBy('id', 'desc').limit(1).executeTakeFirst()
}

/** The entries with ids below `before`, newest first. */
export function auditEntries(database: LedgerDatabase, before: number, limit: number): Promise<AuditRecord[]> {
  return database.selectFrom('audit').selectAll().where('id', '<', before).orderBy('id', 'desc').limit(limit).execute()
}
