/**
 * One load in progress. Disposing of it without `commit` rolls it back.
 *
 *   begin ─▶ staging, rejects ─▶ apply ─▶ commit
 *              └──────────── dispose ────────────▶ as if it had never begun
 *
 * A load of bytes that already have a load record replaces that load, in the same transaction.
 */
import { addDays } from '@splitcart/shared/date.ts'
import { duplicateDiffers } from '@splitcart/shared/row.ts'
import type { Reference, References } from '@splitcart/shared/truth/rule-input.ts'
import type { Value } from '../../database/sql.ts'
import { companyPermissionOf } from '../../permission.ts'
import type { DifferingRows, Loading } from '../catalogue.ts'
import { describeChanges, type HoldPreview, insertPreview, scrapesWithPrevious } from '../hold-preview.ts'
import {
  deleteLoad,
  findLoad,
  finishLoad,
  insertLoad,
  type LoadChange,
  type LoadedFile,
  type LoadOutcome,
  type LoadRecord,
  nothingApplied,
  rankOfFile,
} from '../loads.ts'
import { addChange } from '../model/date-change.ts'
import { insertFigures, otherStoreReferences, sameStoreReferences } from '../references.ts'
import { countRejects, REJECTS_WITH_RAW_MAX, RejectGroups } from '../rejects.ts'
import { DifferingLines } from './differing-lines.ts'
import { Facts } from './facts.ts'
import { lowerSince } from './first-shown.ts'
import { updateRenamedListings } from './labels.ts'
import type { ListingCache } from './listing-cache.ts'
import { regroupProducts } from './products.ts'
import type { RegroupLimits } from './regrouped.ts'
import type { RejectedLine } from './row-batch.ts'
import { addScrape, countShownListings } from './scrapes.ts'
import { type StagedScrape, sortScrapes } from './staged-scrape.ts'
import { Staging } from './staging.ts'
import { type LoadDatabase, sql } from './statement.ts'
import { undoScrapes } from './undo.ts'
import { type AddedScrape, updateNames } from './update-names.ts'

const REJECTS_AT_ONCE = 500
const REJECT_TABLE = { table: 'reject', columns: ['load_id', 'line', 'code', 'field', 'reason', 'raw'] } as const

/** The file being loaded, and how its transaction ends. `loadId`: the id of its load record, which exists already. */
export type StartedLoad = AsyncDisposable &
  Readonly<{
    database: LoadDatabase
    file: LoadedFile
    startedAt: number
    loadId: number
    /** Commits the transaction, with the record of the load. */
    commit: (record: LoadRecord) => void | Promise<void>
  }>

/** Inserts a load record and returns its id. First undoes a load of the same bytes: this requires exclusive access. */
export async function insertLoadRecord(database: LoadDatabase, file: LoadedFile): Promise<number> {
  const replaced = await findLoad(database.queries, file.sha256)
  if (replaced !== undefined) {
    await undoScrapes(database, replaced.id)
    await deleteLoad(database.queries, replaced.id)
  }
  return insertLoad(database.queries, file)
}

/** A load in progress, the same for both databases. */
export class CatalogueLoading implements Loading {
  readonly staging: Staging
  readonly facts: Facts
  readonly #begun: StartedLoad
  readonly #database: LoadDatabase
  readonly #groups = new RejectGroups()
  #rejects: Value[][] = []
  #rejected = 0
  readonly #differing = new Map<number, string>()
  readonly #differingMore = new DifferingLines()

  /** `cache` belongs to the reader of the file. */
  constructor(begun: StartedLoad, cache: ListingCache) {
    this.#begun = begun
    this.#database = begun.database
    const onDiffering = (line: number, field: string) => this.#addDiffering(line, field)
    this.facts = new Facts(begun.database, begun.loadId)
    const { loadId, file } = begun
    this.staging = new Staging(begun.database, cache, { loadId, rankedAt: rankOfFile(file), onDiffering })
  }

  get differingRows(): DifferingRows {
    return { lines: this.#differing, more: this.#differingMore }
  }

  async reject({ line, rejection, raw }: RejectedLine): Promise<void> {
    const kept = this.#rejected++ < REJECTS_WITH_RAW_MAX ? raw : null
    const { code, field, reason } = rejection
    this.#groups.add(line, rejection)
    this.#rejects.push([this.#begun.loadId, line, code, field, reason, kept])
    if (this.#rejects.length >= REJECTS_AT_ONCE) await this.#writeRejects()
  }

  countShownListings(scrape: StagedScrape): Promise<number> {
    return countShownListings(this.#database, scrape)
  }

  sameStoreReferences(scrape: StagedScrape, receivedOn: string): Promise<References> {
    return sameStoreReferences(this.#database.queries, { ...scrape, until: addDays(receivedOn, 1) })
  }

  otherStoreReferences(scrape: StagedScrape, receivedOn: string): Promise<Reference[]> {
    return otherStoreReferences(this.#database.queries, { ...scrape, until: addDays(receivedOn, 1) })
  }

  async apply(onlyFor: readonly string[] | null, listingsMax: number): Promise<LoadChange> {
    const { scrapes } = this.staging
    const { loadId, file } = this.#begun
    const total = nothingApplied()
    const added: AddedScrape[] = []
    const companyIds = scrapes.map(({ companyId }) => companyId)
    await this.#database.lock({ stores: scrapes.map(({ storeId }) => storeId) })
    for (const scrape of sortScrapes(scrapes)) {
      const { change, ...scraped } = await addScrape(this.#database, scrape, {
        loadId,
        rankedAt: rankOfFile(file),
        companyIds,
      })
      const { figures } = scrape
      if (figures !== null) await insertFigures(this.#database.queries, { ...scrape, id: scraped.id, figures })
      addChange(total, change)
      total.unchanged += scrape.listings - change.inserted - change.changed
      added.push({ scrape, ...scraped })
    }
    await this.#updateShared(added, { mayWrite: companyPermissionOf(onlyFor), listingsMax, regrouped: total.regrouped })
    return total
  }

  async preview(applied: LoadChange): Promise<HoldPreview> {
    const { queries } = this.#database
    const stores = await scrapesWithPrevious(queries, this.staging.scrapes, this.#begun.loadId)
    const made_at = new Date(this.#begun.startedAt).toISOString()
    return { made_at, stores, ...(await describeChanges(queries, applied)) }
  }

  async commit(ending: Omit<LoadOutcome, 'startedAt'>): Promise<LoadRecord> {
    const { loadId, startedAt } = this.#begun
    const { queries } = this.#database
    await this.#writeRejects()
    const record = await finishLoad(queries, loadId, { ...ending, startedAt })
    if (ending.counts.rejected > 0) await countRejects(queries, loadId, this.#groups.all, ending.preview?.stores)
    if (ending.preview !== undefined) await insertPreview(queries, loadId, ending.preview)
    await this.#begun.commit(record)
    return record
  }

  /** Rolls back everything that was not committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#begun[Symbol.asyncDispose]()
  }

  /** Updates what loads share: the names of listings, stores and companies, and products. */
  async #updateShared(added: readonly AddedScrape[], limits: RegroupLimits): Promise<void> {
    const database = this.#database
    const { scrapes } = this.staging
    await updateNames(database, added)
    await lowerSince(database, rankOfFile(this.#begun.file), scrapes)
    if (!(await hasPendingListings(database))) return
    await updateRenamedListings(database)
    await database.lock('products')
    await regroupProducts(database, limits)
  }

  /** Beyond REJECTS_WITH_RAW_MAX such lines, rejects at once without `raw`: the file is not read again for them. */
  async #addDiffering(line: number, field: string): Promise<void> {
    if (this.#differing.size < REJECTS_WITH_RAW_MAX) this.#differing.set(line, field)
    else {
      this.#differingMore.add(line, field)
      await this.reject({ line, rejection: duplicateDiffers(field), raw: null })
    }
  }

  async #writeRejects(): Promise<void> {
    const lines = this.#rejects
    this.#rejects = []
    if (lines.length > 0) await this.#database.bulkInsert(REJECT_TABLE, lines)
  }
}

/** Whether any listing waits for its name, keys or product to be recomputed. */
async function hasPendingListings(database: LoadDatabase): Promise<boolean> {
  const waiting = sql`select 1 as one from renamed union all select 1 from unsettled union all select 1 from seed`
  return (await database.get(sql`select one from (${waiting}) as waiting limit 1`)) !== undefined
}
