/**
 * What waits to be loaded, and the bytes of every upload that can still be had. It is a folder (`folder/`), or lies in servers that several
 * machines share (`jetstream/`).
 */
import type { LoadedKind } from '@splitcart/shared/kinds.ts'
import type { Log } from '@splitcart/shared/log.ts'
import type { LoadState } from '../catalogue/loads.ts'
import type { Arrival, Recorded } from '../ledger/arrivals.ts'
import type { Upload } from '../ledger/uploads.ts'
import type { WorkCounts } from './jetstream/work-queue.ts'
import type { Stored } from './stored.ts'
import type { Ignored } from './waiting.ts'

/** A file that has been received: its bytes, durable in a part, what is to be recorded, and the upload of the same bytes where there is one. */
export type Received = Readonly<{ part: string; arrival: Arrival; keyId: string; known: Upload | undefined }>

/** What names the bytes of an upload. */
export type Named = Readonly<{ stored_as: string; sha256: string; kind: string }>

/** The bytes of an upload as a file that is there until it is disposed of. */
export type Opened = AsyncDisposable & Readonly<{ stored: Stored }>

/** What became of an upload that was claimed: how its load ended, or else. */
export type Ending = LoadState | 'delivered' | 'forgotten'

/** An upload that is being dealt with: no other loader gets it before the next one is claimed. */
export type Claim = Readonly<{
  upload: Upload
  /** How often one was begun with, this time included. */
  times: number
  /** It must be finished before the next one is claimed. */
  isHeld: boolean
  /** Whether its bytes are here, or lost; elsewhere: under another name, from where they are loaded. */
  bytes: 'here' | 'elsewhere' | 'lost'
  /** Its bytes; undefined when they are found to be lost. */
  open: () => Promise<Opened | undefined>
  /** What is loaded next, so that it can be read meanwhile. */
  following?: (() => Promise<Readonly<{ upload: Upload; stored: Stored }> | undefined>) | undefined
  /** Does something about it; where the inbox or a database is away, as soon as they are back. */
  attempt: (work: () => Promise<void>) => Promise<void>
  /** It has been dealt with: it does not wait any more. `wasLoaded`: its bytes had been dealt with before. */
  finish: (ending: Ending, wasLoaded: boolean) => Promise<void>
  /** Its bytes are damaged: they are out of the way, and it does not wait any more. */
  fail: () => Promise<void>
  /** It is for another time; `atOnce`: for another loader at this moment. */
  leave: (atOnce: boolean) => void
}>

/** A pass over what waits. `settled`: waits until all that was claimed before lies where it belongs. */
export type Claiming = Readonly<{
  kinds: readonly LoadedKind[]
  now: () => number
  log: Log
  signal: AbortSignal
  settled: () => Promise<void>
  /** Told of what is left alone. */
  ignore: (ignored: Ignored) => void
  /** Told that so many cannot be taken yet. */
  wait: (count: number) => void
  /** Told that a file could not be taken, and why. */
  failed: (name: string, error: unknown) => void
}>

/** How much waits and whether anybody loads it; of an inbox that machines share, also what their loaders have claimed. */
export type Pending = Readonly<{ files: number; hasLoader: boolean; work: WorkCounts | undefined }>

export interface Inbox {
  /** Whether several machines receive into it and load from it. */
  readonly isShared: boolean

  /**
   * Takes a file in: afterwards it survives a power cut, waits to be loaded, and is on record. Of bytes that were taken in before nothing
   * more is kept. The part is gone.
   */
  arrive(received: Received): Promise<Recorded>

  /** The bytes of an upload, whether it waits or has been dealt with; undefined when they are no longer here. */
  open(upload: Named): Promise<Opened | undefined>

  /** Whether there are bytes that may be an upload's, by their name alone. */
  has(upload: Named): Promise<boolean>

  /** Claims one upload after the other until none is left. */
  claims(claiming: Claiming): AsyncGenerator<Claim>

  /** What waits at this moment. */
  pending(): Promise<Pending>
}
