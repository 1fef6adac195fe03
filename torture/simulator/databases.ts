/**
 * Ledger and catalogue in memory: what the product asks of them, committed whole or not at all. The durability of the real ones has
 * tests of its own; here they stand between the folders.
 */
import type { Catalogue, Loading } from '@splitcart/data-management/catalogue/catalogue.ts'
import { DifferingLines } from '@splitcart/data-management/catalogue/load/differing-lines.ts'
import type { StagedRows, StagedScrape } from '@splitcart/data-management/catalogue/load/staged-scrape.ts'
import {
  type LoadChange,
  type LoadedFile,
  type LoadOutcome,
  type LoadRecord,
  nothingApplied,
} from '@splitcart/data-management/catalogue/loads.ts'
import type { Arrival, ArrivingFile, InboxFileRecord } from '@splitcart/data-management/ledger/arrivals.ts'
import type { Ledger } from '@splitcart/data-management/ledger/ledger.ts'
import type { Upload } from '@splitcart/data-management/ledger/uploads.ts'
import { ONLY_FOR } from './contents.ts'
import type { Process } from './world.ts'

/** A table whose commits are durable, at once or when that is asked for, unless a mistake makes it forget the last ones in a power cut. */
export class Table<T> {
  records = new Map<string, T>()
  #durable = new Map<string, T>()
  isDurable = true
  readonly #syncsAtOnce: boolean

  constructor(syncsAtOnce = true) {
    this.#syncsAtOnce = syncsAtOnce
  }

  change(change: (records: Map<string, T>) => void): void {
    change(this.records)
    if (this.#syncsAtOnce) this.makeDurable()
  }

  makeDurable(): void {
    if (this.isDurable) this.sync()
  }

  sync(): void {
    this.#durable = new Map(this.records)
  }

  cut(): void {
    this.records = new Map(this.#durable)
  }
}

/** `arriving`: by their ids. `senders`: the keys that sent an upload, by its SHA-256. */
export type LedgerTables = Readonly<{
  uploads: Table<Upload>
  arriving: Table<ArrivingFile>
  senders: Table<readonly string[]>
  forgotten: string[]
}>

export type CatalogueTables = Readonly<{
  loads: Table<LoadRecord>
  /** How often the rows of a file were applied, by its SHA-256. */
  applied: Table<number>
}>

/** What arrives, as one process sees it. */
function arrivalsOf(process: Process, { uploads, arriving, senders }: LedgerTables): Partial<Ledger['arrivals']> {
  const insert = ({ sha256, ...arrival }: InboxFileRecord & Pick<Partial<Arrival>, 'state'>) => {
    const asked = { action: null, action_by: null, action_reason: null, repair: null }
    const nothing = { ...asked, load: null, settled_at: null, load_attempts: 0 }
    const upload = { ...arrival, ...nothing, sha256, state: arrival.state ?? 'accepted' } as unknown as Upload
    if (!uploads.records.has(sha256)) uploads.change((records) => records.set(sha256, upload))
    return uploads.records.get(sha256)!
  }
  const noteSender = (sha256: string, keyId: string) =>
    senders.change((records) => records.set(sha256, [...(records.get(sha256) ?? []), keyId]))
  return {
    recordArriving: (arrival: Arrival, key_id: string) =>
      process.turn(() =>
        arriving.change((records) => records.set(arrival.id, { ...arrival, key_id, is_noted: 0 } as ArrivingFile)),
      ),
    record: (arrival: Arrival, keyId: string) =>
      process.turn(() => {
        arriving.change((records) => records.delete(arrival.id))
        const upload = insert(arrival)
        noteSender(arrival.sha256, keyId)
        return { upload, isNew: upload.id === arrival.id }
      }),
    recordFoundFile: (found: InboxFileRecord) =>
      process.turn(() => {
        const sent = [...arriving.records.values()].filter(({ sha256 }) => sha256 === found.sha256)
        for (const { sha256, key_id } of sent) noteSender(sha256, key_id)
        return insert({ ...found, ...(sent[0] && { id: sent[0].id, filename: sent[0].filename }) })
      }),
    list: () => process.turn(() => [...arriving.records.values()]),
    mustBeStoredAgain: async () => false,
    nextRank: async (now: number) => now,
    removeArriving: (id: string) => process.turn(() => arriving.change((records) => records.delete(id))),
  } as unknown as Ledger['arrivals']
}

/** What the way of a file asks no ledger for. Whatever else it has is needed here. */
type NotAskedOfLedger =
  | 'auditEntries'
  | 'withExclusiveLock'
  | 'oldestOfEachSender'
  | 'notices'
  | 'storeSettings'
  | 'ticks'
  | 'watches'
  | 'invitations'
  | 'keysExpiring'
  | 'latestBackup'
  | 'openChangeReader'
  | 'machines'
  | 'nextKeyExpiry'
  | 'receiptFor'
  | 'receiptsFor'
  | 'sessions'
  | 'sortedUploads'
  | 'claimForLoading'
  | typeof Symbol.asyncDispose

/** A ledger as one process sees it. */
export function ledgerOf(process: Process, tables: LedgerTables): Ledger {
  const { uploads, forgotten } = tables
  const all = () => [...uploads.records.values()]
  const byId = (id: string) => all().find((upload) => upload.id === id)
  const waits = ({ state }: Upload) => state === 'accepted' || state === 'loading'
  const set = (id: string, values: Partial<Upload>) =>
    process.turn(() =>
      uploads.change((records) => {
        const upload = byId(id)
        if (upload !== undefined) records.set(upload.sha256, { ...upload, ...values })
      }),
    )
  const calls = {
    find: (id: string) => process.turn(() => byId(id)),
    findBySha256: (sha256: string) => process.turn(() => uploads.records.get(sha256)),
    has: (sha256: string) => process.turn(() => uploads.records.has(sha256)),
    findWaiting: (name: string, kind: string) =>
      process.turn(() => all().find((upload) => upload.stored_as === name && upload.kind === kind && waits(upload))),
    listWaiting: () => process.turn(() => all().filter((upload) => waits(upload) && upload.action === null)),
    list: ({ state }: { state?: string }) =>
      process.turn(() => all().filter((upload) => state === undefined || upload.state === state)),
    withAction: () => process.turn(() => all().filter(({ action }) => action !== null)),
    markLoading: (id: string) => set(id, { state: 'loading' }),
    settle: (id: string, state: string, result: object, at: number) =>
      set(id, { state, load: JSON.stringify(result), settled_at: at }),
    requestAction: (id: string, { action }: { action: 'load' }) => set(id, { action }),
    ...{ markDecided: async () => {}, resetAttempts: async () => {}, writePendingResets: async () => {} },
    clearAction: (id: string) => set(id, { action: null }),
  }
  const lost = {
    add: (id: string) =>
      process.turn(() => {
        const upload = byId(id)
        if (upload === undefined) return
        forgotten.push(upload.sha256)
        uploads.change((records) => records.delete(upload.sha256))
      }),
    list: async () => [],
  }
  const ledger = { ...OF_NO_MATTER, uploads: calls, arrivals: arrivalsOf(process, tables), lost }
  return ledger satisfies Record<Exclude<keyof Ledger, NotAskedOfLedger>, unknown> as unknown as Ledger
}

/** What the way of a file asks a ledger beside its uploads. */
const OF_NO_MATTER = {
  checkWritable: async () => {},
  identity: { mayDiffer: async () => false },
  keys: { findWorking: async () => ({}) },
  rightsOfUpload: async () => ONLY_FOR,
  hasMoreRightsNow: async () => false,
  sendersOf: async () => new Map(),
  audit: async () => {},
  verdicts: { version: async () => '', current: async () => [] },
  storeMerges: { version: async () => '', current: async () => [] },
  beliefs: { current: async () => [] },
  requestedFiles: { has: async () => false },
}

/** What a load stages: it counts rows, and has no scrapes, because what rows mean is tested elsewhere. */
function stagingOf(count: (rows: number) => void): Pick<StagedRows, 'add' | 'flush' | 'scrapes'> {
  const scrape = { storeId: 1, date: '2025-09-12', storeName: 'a store', listings: 0, figures: null } as StagedScrape
  const add: StagedRows['add'] = (batch) => {
    scrape.listings += batch.count - batch.rejects.length
    count(batch.count - batch.rejects.length)
  }
  return { add, flush: () => {}, scrapes: [scrape] }
}

/** How a load commits; a mistake may do it otherwise. */
export type Commit = (tables: CatalogueTables, load: Readonly<{ record: LoadRecord; isApplied: boolean }>) => void

/** Rows and the record of their load, in one transaction. */
export const commitAtOnce: Commit = (tables, { record, isApplied }) => {
  recordLoad(tables, record)
  if (isApplied) applyRows(tables, record)
}

/** The record of a load alone. */
export function recordLoad({ loads }: CatalogueTables, record: LoadRecord): void {
  loads.change((records) => records.set(record.sha256, record))
}

/** The rows of a load alone. */
export function applyRows({ applied }: CatalogueTables, { sha256 }: LoadRecord): void {
  applied.change((counts) => counts.set(sha256, (counts.get(sha256) ?? 0) + 1))
}

/** What the way of a file asks a catalogue. */
type Asked = Exclude<
  keyof Catalogue,
  'database' | 'path' | 'undo' | 'discard' | 'beginDryRun' | typeof Symbol.asyncDispose
>

/** A catalogue as the loader sees it. */
export function catalogueOf(process: Process, tables: CatalogueTables, commit: Commit): Catalogue {
  const calls = {
    findLoad: (sha256: string) => tables.loads.records.get(sha256),
    finishPendingWork: () => {},
    replaceVerdicts: () => {},
    mergeStores: () => {},
    durable: () =>
      process.turn(() => {
        for (const table of [tables.loads, tables.applied]) table.makeDurable()
      }),
    begin: ({ sha256, filename }: LoadedFile) => {
      let isApplied = false
      let rows = 0
      return {
        differingRows: { lines: new Map(), more: new DifferingLines() },
        countShownListings: () => rows,
        staging: stagingOf((more) => {
          rows += more
        }),
        reject: () => {},
        apply: (): LoadChange => {
          isApplied = true
          return { ...nothingApplied(), inserted: rows, opened: rows }
        },
        // Files of other kinds than products have tests of their own.
        facts: undefined,
        sameStoreReferences: () => ({}),
        otherStoreReferences: () => [],
        preview: () => ({}),
        commit: ({ state, problem, counts, applied, finishedAt }: LoadOutcome) => {
          const { inserted, changed, unchanged } = applied
          const finished_at = new Date(finishedAt).toISOString()
          const result = { ...counts, inserted, changed, unchanged, problem, finished_at }
          const record = { id: 1, sha256, kind: 'products', filename, state, runsOpened: 0, runsClosed: 0, result }
          process.mayDieHere()
          commit(tables, { record, isApplied })
          process.mayDieHere()
          return record
        },
        [Symbol.asyncDispose]: () => {},
      } satisfies Record<keyof Loading, unknown>
    },
  } satisfies Record<Asked, unknown>
  return calls as unknown as Catalogue
}
