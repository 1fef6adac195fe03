/**
 * The inbox: uploads that wait to be loaded, and the bytes of all uploads that are still kept. It is a folder
 * (`folder/`), or lies in servers that several machines share (`jetstream/`).
 */
import type { LoadedKind } from '@splitcart/shared/kinds.ts'
import type { Log } from '@splitcart/shared/log.ts'
import type { LoadState } from '../catalogue/loads.ts'
import type { Arrival, RecordedUpload } from '../ledger/arrivals.ts'
import type { Upload } from '../ledger/uploads.ts'
import type { WorkCounts } from './jetstream/work-queue.ts'
import type { StoredFile, UploadLocator } from './stored.ts'
import type { IgnoredEntry } from './waiting.ts'

/** A received file: its durable part, its record, and `known`, the upload on record with the same bytes, if any. */
export type ReceivedFile = Readonly<{ part: string; arrival: Arrival; keyId: string; known: Upload | undefined }>

/** The bytes of an upload as a file that exists until this is disposed of. */
export type OpenedFile = AsyncDisposable & Readonly<{ stored: StoredFile }>

/** How a claim ended: with a load in this state, handed over, or forgotten because its bytes are lost. */
export type ClaimOutcome = LoadState | 'delivered' | 'forgotten'

/** An upload claimed by one loader: no other loader gets it until this one claims the next. */
export type Claim = Readonly<{
  upload: Upload
  /** How many times its work item was claimed, this time included; 1 in a folder, or if it is loaded out of turn. */
  timesClaimed: number
  /** It must be finished before the next one is claimed. */
  blocksNext: boolean
  /** Where its bytes are; `elsewhere`: under another name, from where they are loaded. */
  bytes: 'here' | 'elsewhere' | 'lost'
  /** Opens its bytes; undefined if they turn out to be lost. */
  open: () => Promise<OpenedFile | undefined>
  /** The next waiting upload that was not returned before, to read it ahead; undefined if there is none. */
  nextToReadAhead?: (() => Promise<Readonly<{ upload: Upload; stored: StoredFile }> | undefined>) | undefined
  /** Runs work for it; a shared inbox repeats it while the inbox or a database is unreachable. */
  attempt: (work: () => Promise<void>) => Promise<void>
  /** Ends the claim: the upload no longer waits. `wasLoaded`: its bytes had been loaded before. */
  finish: (ending: ClaimOutcome, wasLoaded: boolean) => Promise<void>
  /** Moves its damaged bytes aside, or removes them from a shared inbox: the upload no longer waits. */
  removeDamaged: () => Promise<void>
  /** Gives the claim up, to be claimed later; `atOnce`: by another loader now. */
  release: (atOnce: boolean) => void
}>

/** A pass over the waiting uploads. `untilSettled`: waits until the files of all earlier claims are moved. */
export type ClaimPass = Readonly<{
  kinds: readonly LoadedKind[]
  now: () => number
  log: Log
  signal: AbortSignal
  untilSettled: () => Promise<void>
  /** Called for each file that is ignored. */
  onIgnored: (ignored: IgnoredEntry) => void
  /** Called with the number of files that cannot be claimed yet. */
  onWaiting: (count: number) => void
  /** Called for a file that could not be claimed. */
  onFailed: (name: string, error: unknown) => void
}>

/** How much waits, and whether a loader runs; for a shared inbox, also what its loaders have claimed. */
export type InboxStatus = Readonly<{ files: number; hasLoader: boolean; work: WorkCounts | undefined }>

export interface Inbox {
  /** Whether several machines receive into it and load from it. */
  readonly isShared: boolean

  /**
   * Stores a file: afterwards it survives a power cut, waits to be loaded, and is on record. Bytes that are stored
   * already are not kept twice. The part is removed.
   */
  arrive(received: ReceivedFile): Promise<RecordedUpload>

  /** The bytes of an upload, waiting or settled; undefined if they are no longer kept. */
  open(upload: UploadLocator): Promise<OpenedFile | undefined>

  /** Whether a file with the upload's name exists; its bytes are not checked. */
  has(upload: UploadLocator): Promise<boolean>

  /** Claims one upload after the other until none is left. */
  claims(claiming: ClaimPass): AsyncGenerator<Claim>

  /** Queries the current status. */
  status(): Promise<InboxStatus>
}
