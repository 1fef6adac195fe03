/**
 * One load into PostgreSQL while it is made: one transaction. The rows are copied into tables of the connection's own, and only what
 * they show goes into those that all share. The phases are those of ../loading.ts; which locks are taken when stands in locks.ts.
 */
import { UnknownCommit } from '../../database/postgres.ts'
import { copyInto, lineOf } from '../../database/postgres-copy.ts'
import { codeOf } from '../../database/postgres-problems.ts'
import type { PostgresTransaction } from '../../database/postgres-queries.ts'
import { type HoldPreview, keepPreview, named, rowsBefore, scrapesBeside } from '../hold-preview.ts'
import type { ListingMemory } from '../listings.ts'
import type { RejectedLine } from '../load/portion.ts'
import { inOrder, type StagedScrape } from '../load/staged-scrape.ts'
import { rename } from '../load/store-names.ts'
import { LoadedMeanwhile, type Loading } from '../loading.ts'
import {
  type Applied,
  deleteLoad,
  type Ending,
  findLoad,
  finishLoad,
  insertLoad,
  type LoadedFile,
  type LoadRecord,
  nothingApplied,
} from '../loads.ts'
import { addChange } from '../model/date-change.ts'
import { countRejects, REJECTS_WITH_RAW_MAX } from '../rejects.ts'
import { noteOtherLabels, relabel } from './labels.ts'
import { lockCatalogueAlone, lockCatalogueShared, lockCompanies, lockProducts, lockStores } from './locks.ts'
import { joinLabels } from './products.ts'
import { addScrape } from './scrapes.ts'
import { PostgresStaging } from './staging.ts'
import { emptyTables } from './tables.ts'
import type { Transactions } from './transactions.ts'
import { undoScrapes } from './undo.ts'

const UNIQUE_VIOLATION = '23505'
const REJECTS_AT_ONCE = 500
const REJECTS = 'reject (load_id, line, code, field, reason, raw)'

type Open = Awaited<ReturnType<Transactions['begin']>>

/** What is being loaded, and where to. */
type Begun = Readonly<{ transactions: Transactions; open: Open; file: LoadedFile; startedAt: number; loadId: number }>

/** A load into PostgreSQL. */
export class PostgresLoading implements Loading {
  readonly staging: PostgresStaging
  readonly #begun: Begun
  readonly #transaction: PostgresTransaction
  #rejects: string[] = []
  #rejected = 0

  /** Begins one. `memory`: that of the reader of its file. Throws a `LoadedMeanwhile` when somebody else loads the same bytes. */
  static async begin(
    transactions: Transactions,
    memory: ListingMemory,
    file: LoadedFile,
    startedAt: number,
  ): Promise<PostgresLoading> {
    const open = await transactions.begin()
    try {
      await emptyTables(open.transaction)
      const loadId = await beginIn(open.transaction, file)
      memory.begin(await versionOf(transactions, open.transaction))
      return new PostgresLoading({ transactions, open, file, startedAt, loadId }, memory)
    } catch (error) {
      await open[Symbol.asyncDispose]()
      if (codeOf(error) !== UNIQUE_VIOLATION) throw error
      const load = await findLoad(transactions.queries, file.sha256)
      throw load === undefined ? error : new LoadedMeanwhile(load)
    }
  }

  private constructor(begun: Begun, memory: ListingMemory) {
    this.#begun = begun
    this.#transaction = begun.open.transaction
    this.staging = new PostgresStaging(this.#transaction, begun.loadId, memory)
  }

  async reject({ line, rejection, raw }: RejectedLine): Promise<void> {
    const kept = this.#rejected++ < REJECTS_WITH_RAW_MAX ? raw : null
    const { code, field, reason } = rejection
    this.#rejects.push(lineOf([this.#begun.loadId, line, code, field, reason, kept]))
    if (this.#rejects.length >= REJECTS_AT_ONCE) await this.#writeRejects()
  }

  rowsBefore({ storeId, date }: StagedScrape): Promise<number | undefined> {
    return rowsBefore(this.#transaction, storeId, date)
  }

  async apply(): Promise<Applied> {
    const { scrapes } = this.staging
    const { loadId, file } = this.#begun
    const total = nothingApplied()
    await lockStores(
      this.#transaction,
      scrapes.map(({ storeId }) => storeId),
    )
    for (const scrape of inOrder(scrapes)) {
      const change = await addScrape(this.#transaction, this.staging, scrape, { loadId, receivedAt: file.receivedAt })
      addChange(total, change)
      total.unchanged += scrape.listings - change.inserted - change.changed
    }
    await this.#settleShared()
    return total
  }

  async preview(): Promise<HoldPreview> {
    const stores = await scrapesBeside(this.#transaction, this.staging.scrapes)
    const made_at = new Date(this.#begun.startedAt).toISOString()
    return { made_at, stores, ...(await named(this.#transaction, await this.apply())) }
  }

  async commit(ending: Omit<Ending, 'startedAt'>): Promise<LoadRecord> {
    const { loadId, startedAt, open } = this.#begun
    await this.#writeRejects()
    const record = await finishLoad(this.#transaction, loadId, { ...ending, startedAt })
    if (ending.counts.rejected > 0) await countRejects(this.#transaction, loadId, ending.preview?.stores)
    if (ending.preview !== undefined) await keepPreview(this.#transaction, loadId, ending.preview)
    try {
      await open.commit()
    } catch (error) {
      await this.#lookFor(record, error)
    }
    return record
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#begun.open[Symbol.asyncDispose]()
  }

  /** What loads share: products, and what listings, stores and companies are called. */
  async #settleShared(): Promise<void> {
    const { scrapes } = this.staging
    if (this.staging.hasNewLabels) {
      await lockProducts(this.#transaction)
      await joinLabels(this.#transaction)
    }
    await lockCompanies(
      this.#transaction,
      scrapes.map(({ companyId }) => companyId),
    )
    await noteOtherLabels(this.#transaction, this.staging)
    await rename(this.#transaction, scrapes)
    await relabel(this.#transaction)
  }

  async #writeRejects(): Promise<void> {
    const lines = this.#rejects
    this.#rejects = []
    if (lines.length > 0) await copyInto(this.#transaction, REJECTS, lines)
  }

  /** The connection was lost with the commit: whether that was made, the record of the load tells. Throws `error` when it is not there. */
  async #lookFor(record: LoadRecord, error: unknown): Promise<void> {
    if (!(error instanceof UnknownCommit)) throw error
    const found = await findLoad(this.#begun.transactions.queries, record.sha256)
    if (found?.id !== record.id) throw error
  }
}

/** Makes the record of the load. Whoever loads the same bytes waits here until it is known what became of them. */
async function beginIn(transaction: PostgresTransaction, file: LoadedFile): Promise<number> {
  if ((await findLoad(transaction, file.sha256)) === undefined) {
    await lockCatalogueShared(transaction)
    return insertLoad(transaction, file)
  }
  await lockCatalogueAlone(transaction)
  const replaced = await findLoad(transaction, file.sha256)
  if (replaced !== undefined) {
    await undoScrapes(transaction, replaced.id)
    await deleteLoad(transaction, replaced.id)
  }
  return insertLoad(transaction, file)
}

/** Changes whenever ids that were found before may lead nowhere. */
async function versionOf(transactions: Transactions, transaction: PostgresTransaction): Promise<number> {
  return transactions.undone + (await transaction.get<{ times: number }>('select times from undone'))!.times
}
