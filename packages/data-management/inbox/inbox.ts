/**
 * What waits to be loaded, and the bytes of every upload that can still be had. It is a folder (`folder/`), or lies in servers that several
 * machines share (`jetstream/`).
 */
import type { Arrival, Recorded } from '../ledger/arrivals.ts'
import type { Upload } from '../ledger/uploads.ts'
import type { WorkCounts } from './jetstream-work.ts'
import type { Stored } from './stored.ts'

/** A file that has been received: its bytes, durable in a part, what is to be recorded, and the upload of the same bytes where there is one. */
export type Received = Readonly<{ part: string; arrival: Arrival; keyId: string; known: Upload | undefined }>

/** What names the bytes of an upload. */
export type Named = Readonly<{ stored_as: string; sha256: string; kind: string }>

/** The bytes of an upload as a file that is there until it is disposed of. */
export type Opened = AsyncDisposable & Readonly<{ stored: Stored }>

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

  /** What waits at this moment. */
  pending(): Promise<Pending>
}
