/** Who did what to the ledger and the catalogue; records are only ever added. */
import type { LedgerDatabase } from './database.ts'

export type AuditEntry = Readonly<{ at: number; who: string; what: string; about: string; detail?: string }>

/** Adds an entry. `what` is a verb phrase such as "key created", `about` an id. */
export async function audit(database: LedgerDatabase, entry: AuditEntry): Promise<void> {
  await database.insertInto('audit').values(entry).execute()
}
