/**
 * The catalogue: companies, stores, listings, products and their prices over time. Everything a load changes, and the
 * record of the load itself, commits in one transaction. `dialects/` implements this interface for each database.
 */
import type { Reference, References } from '@splitcart/shared/truth/rule-input.ts'
import type { Sql } from '../database/sql.ts'
import type { HoldPreview } from './hold-preview.ts'
import type { DifferingLines } from './load/differing-lines.ts'
import type { Facts } from './load/facts.ts'
import type { ListingCache } from './load/listing-cache.ts'
import type { RejectedLine } from './load/row-batch.ts'
import type { StagedRows, StagedScrape } from './load/staged-scrape.ts'
import type { LoadChange, LoadedFile, LoadOutcome, LoadRecord } from './loads.ts'

/** The catalogue, the same interface for every database. */
export interface Catalogue extends AsyncDisposable {
  /** Read-only handle for queries. */
  readonly database: Sql
  /** Path of the database file (SQLite); null in a database server (PostgreSQL). */
  readonly path: string | null
  /** The durable record of the load of these bytes, or undefined if they have not been processed. */
  findLoad(sha256: string): Promise<LoadRecord | undefined>
  /** Resolves once every committed load survives a power cut. No load is reported to anyone before that. */
  durable(): Promise<void>
  /**
   * Begins a load. Disposing of it without `commit` rolls it back. `cache` belongs to the reader of its file.
   * Throws `LoadedMeanwhile` if another loader has processed the same bytes.
   */
  begin(file: LoadedFile, startedAt: number, cache: ListingCache): Promise<Loading>
  /** Removes a load's observations as if it had never been loaded, and records why. Undefined if it is not loaded. */
  undo(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined>
  /** Records that a held load was discarded for good. Undefined if it is not held. */
  discard(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined>
  /** Replaces the verdicts of people with these, and regroups the products that they affect. */
  replaceVerdicts(verdicts: readonly VerdictInForce[]): Promise<void>
  /** Replaces the store aliases with these. Scrapes of a code move to the store that it now leads to. */
  mergeStores(aliases: readonly StoreAlias[]): Promise<void>
  /** Regroups the listings that are marked for it and writes missing search words, for example after an upgrade. */
  finishPendingWork(): Promise<void>
  /** The same catalogue for a dry run: disposing of it rolls back everything done to it. */
  beginDryRun(): Promise<Catalogue>
}

/** The natural key of a listing. `byName` is 1 if it has no SKU and `code` is its normalized name. */
export type ListingName = Readonly<{ company: string; byName: 0 | 1; code: string }>

/** A person's verdict on two listings: they are one product (`isSame`), or never one. */
export type VerdictInForce = Readonly<{ one: ListingName; other: ListingName; isSame: boolean }>

/** A store code (`code`) that leads to another store (`into`) of the same company. All codes are folded. */
export type StoreAlias = Readonly<{ company: string; code: string; into: string }>

/** A load in progress. */
export interface Loading extends AsyncDisposable {
  readonly staging: StagedRows
  /** The facts of a file of another kind than products. */
  readonly facts: Facts
  /** Records a rejected line. */
  reject(line: RejectedLine): void | Promise<void>
  /** Rows that repeat a listing of their scrape with other values. The caller rejects them: it can read their bytes. */
  readonly differingRows: DifferingRows
  /** How many listings the store shows on the date of a staged scrape once that is added. */
  countShownListings(scrape: StagedScrape): Promise<number>
  /** The store's other scrapes, to compare this one with. `receivedOn`: the date on which its file was received. */
  sameStoreReferences(scrape: StagedScrape, receivedOn: string): Promise<References>
  /** Scrapes of the company's other stores on nearby dates, to compare this one with. */
  otherStoreReferences(scrape: StagedScrape, receivedOn: string): Promise<Reference[]>
  /**
   * Applies the staged scrapes, which must have been flushed. `onlyFor`: the companies, or stores as company/store,
   * that the sender may write for; null: all. `listingsMax`: the most listings that may be linked as one product.
   */
  apply(onlyFor: readonly string[] | null, listingsMax: number): Promise<LoadChange>
  /** Describes the applied changes with names of listings and stores. Afterwards the load must be rolled back. */
  preview(applied: LoadChange): Promise<HoldPreview>
  /** Records how the load ended and commits all of it atomically. It is durable once `durable` has resolved. */
  commit(ending: Omit<LoadOutcome, 'startedAt'>): Promise<LoadRecord>
}

/** The field that differs, by line. `more`: further such lines, which the load has rejected without their bytes. */
export type DifferingRows = Readonly<{ lines: ReadonlyMap<number, string>; more: DifferingLines }>

/** Another loader has processed the same bytes since the caller checked. */
export class LoadedMeanwhile extends Error {
  readonly load: LoadRecord

  constructor(load: LoadRecord) {
    super(`${load.filename} has been dealt with by another loader.`)
    this.load = load
  }
}
