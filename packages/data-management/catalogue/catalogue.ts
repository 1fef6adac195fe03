/**
 * The catalogue: companies, stores, listings, products and what they cost when. Everything a load changes, and the record of the
 * load itself, commits in one transaction. Here is what is asked of it, in whatever database it lies; `dialects/` has those.
 */
import type { Reference, References } from '@splitcart/shared/truth/case.ts'
import type { Sql } from '../database/sql.ts'
import type { HoldPreview } from './hold-preview.ts'
import type { Facts } from './load/facts.ts'
import type { ListingMemory } from './load/listing-memory.ts'
import type { RejectedLine } from './load/portion.ts'
import type { Staged, StagedScrape } from './load/staged-scrape.ts'
import type { Applied, Ending, LoadedFile, LoadRecord } from './loads.ts'

/** All that is asked of a catalogue. */
export interface Catalogue extends AsyncDisposable {
  /** Read-only handle for queries. */
  readonly database: Sql
  /** The file that it is; null where it lies in a server. */
  readonly path: string | null
  /** The record of a load, durable, or undefined when these bytes have not been dealt with. */
  findLoad(sha256: string): Promise<LoadRecord | undefined>
  /** Waits until every load that was committed survives a power cut. Nobody is told of a load before. */
  durable(): Promise<void>
  /**
   * Begins a load: nothing of it stays unless `commit` is called before it is disposed of. `memory`: that of the reader of its file. Throws
   * a `LoadedMeanwhile` when somebody else loads the same bytes.
   */
  begin(file: LoadedFile, startedAt: number, memory: ListingMemory): Promise<Loading>
  /** Takes a load's observations out again, as if it had never come, and records why. Undefined when it is not loaded. */
  undo(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined>
  /** Records that a held load was set aside for good. Undefined when it is not held. */
  discard(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined>
  /** Makes these the verdicts of people that count, and finds the products that follow. */
  judge(said: readonly BoundListings[]): Promise<void>
  /** Makes these the stores that are known under other codes too: what files have said of a code goes to the store that it leads to now. */
  mergeStores(aliases: readonly StoreAlias[]): Promise<void>
  /** Finds the products of all listings for which that was left: by an upgrade, say. */
  settle(): Promise<void>
  /** The same catalogue to try something: whatever is done to it is taken back when it is disposed of. */
  attempt(): Promise<Catalogue>
}

/** A listing by its own name. `byName` 1: its code is a normalized name. */
export type ListingName = Readonly<{ company: string; byName: 0 | 1; code: string }>

/** What a person has said of two listings: one product, or never. */
export type BoundListings = Readonly<{ one: ListingName; other: ListingName; isSame: boolean }>

/** A code of a store that leads to another one of the same company. Folded. */
export type StoreAlias = Readonly<{ company: string; code: string; into: string }>

/** A load that is being made. */
export interface Loading extends AsyncDisposable {
  readonly staging: Staged
  /** What a file of another kind than products says. */
  readonly facts: Facts
  /** Records a line that is not a row. */
  reject(line: RejectedLine): void | Promise<void>
  /** Rows that show a listing again and say something else of it: they are no rows, and must be rejected by whoever can read them. */
  readonly differing: Differing
  /** How many listings the date of a staged scrape shows with it. */
  rowsShown(scrape: StagedScrape): Promise<number>
  /** What the store showed before, and is known to show on the date of a scrape that was received on a day. */
  references(scrape: StagedScrape, receivedOn: string): Promise<References>
  /** What the company's other stores showed about then. */
  sisters(scrape: StagedScrape, receivedOn: string): Promise<Reference[]>
  /**
   * Applies the staged scrapes to the catalogue. They must have been settled. `onlyFor`: what the sender may write for; null: everything.
   * `listingsMax`: so many listings may hang together as one product.
   */
  apply(onlyFor: readonly string[] | null, listingsMax: number): Promise<Applied>
  /** What was applied, by name. Nothing may follow but to undo it. */
  preview(applied: Applied): Promise<HoldPreview>
  /** Records how the load ended, and commits all of it: whole or not at all, and for good once `durable` has resolved. */
  commit(ending: Omit<Ending, 'startedAt'>): Promise<LoadRecord>
}

/** The fields that differ, by line; and how many more there are, which are rejected already. */
export type Differing = Readonly<{ lines: ReadonlyMap<number, string>; more: number }>

/** The same bytes have been dealt with by somebody else since it was asked. */
export class LoadedMeanwhile extends Error {
  readonly load: LoadRecord

  constructor(load: LoadRecord) {
    super(`${load.filename} has been dealt with by another loader.`)
    this.load = load
  }
}
