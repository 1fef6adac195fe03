/** The latest report of each scraping machine, by the key it was sent with. */
import type { MachineReport } from '@splitcart/shared/machine-report.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'
import type { GroupCommit } from './group-commit.ts'

/** The latest report of a machine, and when it came; `skew_ms`: the server's clock minus the machine's. */
export type MachineRecord = LedgerTables['machine_report']

/** A report with the name and last use of its key. */
export type WorkingMachine = MachineRecord & Readonly<{ name: string; last_used_at: number | null }>

/** Sums over the latest reports of all machines. */
export type MachineTotals = Readonly<Record<'waiting_files' | 'waiting_bytes' | 'refused_files', number>>

/** The reports of machines in a ledger. */
export class Machines {
  readonly #database: LedgerDatabase
  readonly #commits: GroupCommit

  constructor(database: LedgerDatabase, commits: GroupCommit) {
    this.#database = database
    this.#commits = commits
  }

  /** Stores a report, replacing the previous one of the key. */
  async store(keyId: string, { sent_at, ...facts }: MachineReport, now: number): Promise<void> {
    const record = { ...facts, heard_at: now, skew_ms: now - Date.parse(sent_at) }
    await this.#commits.write((transaction) =>
      transaction
        .insertInto('machine_report')
        .values({ key_id: keyId, ...record })
        .onConflict((conflict) => conflict.column('key_id').doUpdateSet(record))
        .execute(),
    )
  }

  /** The reports of these keys, by key id. */
  async findByKeys(keyIds: readonly string[]): Promise<ReadonlyMap<string, MachineRecord>> {
    if (keyIds.length === 0) return new Map()
    const found = this.#database.selectFrom('machine_report').selectAll().where('key_id', 'in', keyIds)
    return new Map((await found.execute()).map((record) => [record.key_id, record]))
  }

  /** The machines whose keys are neither revoked nor expired. */
  listWorking(now: number): Promise<WorkingMachine[]> {
    return this.#ofWorkingKeys(now)
      .selectAll('machine_report')
      .select(['api_key.name', 'api_key.last_used_at'])
      .orderBy('key_id')
      .execute()
  }

  /** The sums over the machines whose keys work. */
  async totals(now: number): Promise<MachineTotals> {
    const sums = await this.#ofWorkingKeys(now)
      .select(({ fn }) => [
        fn.sum<number | string | null>('waiting_files').as('waiting_files'),
        fn.sum<number | string | null>('waiting_bytes').as('waiting_bytes'),
        fn.sum<number | string | null>('refused_files').as('refused_files'),
      ])
      .executeTakeFirstOrThrow()
    return {
      waiting_files: Number(sums.waiting_files),
      waiting_bytes: Number(sums.waiting_bytes),
      refused_files: Number(sums.refused_files),
    }
  }

  // A key whose successor was used after its last report is left out even while it still works: its report is stale.
  #ofWorkingKeys(now: number) {
    return this.#database
      .selectFrom('machine_report')
      .innerJoin('api_key', 'api_key.id', 'machine_report.key_id')
      .where('revoked_at', 'is', null)
      .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('api_key as successor')
              .select('successor.id')
              .whereRef('successor.id', '=', 'api_key.rotated_to')
              .whereRef('successor.last_used_at', '>', 'machine_report.heard_at'),
          ),
        ),
      )
  }
}
