/**
 * The inbox that the machines of a fleet share. Each step of an arrival may have been done before, by a server that
 * received the same bytes and died: each step is idempotent and is done again. Bytes that are needed as a file are
 * fetched into a folder of this machine.
 */
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import { type Disk, openToRead } from '@splitcart/shared/disk.ts'
import { removeIfThere, writePart } from '@splitcart/shared/durable-file.ts'
import { v7 as uuid } from 'uuid'
import type { RecordedUpload } from '../../ledger/arrivals.ts'
import { isWaiting, type Upload } from '../../ledger/uploads.ts'
import type { InboxStores } from '../hand-over.ts'
import type { Claim, ClaimPass, Inbox, InboxStatus, OpenedFile, ReceivedFile } from '../inbox.ts'
import type { UploadLocator } from '../stored.ts'
import { SenderTurns } from './sender-turns.ts'
import type { JetStreamInbox } from './servers.ts'
import { sharedClaims } from './shared-claims.ts'

const CHUNK_BYTES = 1024 * 1024

/** JetStream servers as an inbox. */
export class SharedInbox implements Inbox, AsyncDisposable {
  readonly isShared = true
  readonly servers: JetStreamInbox
  readonly #stores: InboxStores
  readonly #turns: SenderTurns

  constructor({ disk, folders, ledger }: InboxStores, servers: JetStreamInbox, turns = new SenderTurns(ledger)) {
    this.#turns = turns
    this.#stores = { disk, folders, ledger }
    this.servers = servers
  }

  async arrive({ part, arrival, keyId, known }: ReceivedFile): Promise<RecordedUpload> {
    const { disk, ledger } = this.#stores
    const { sha256, kind, filename } = arrival
    try {
      const isWanted =
        known === undefined || isWaiting(known) || (await ledger.arrivals.mustBeStoredAgain(known, { keyId, kind }))
      if (isWanted) await this.servers.bucket.put(sha256, () => compressedFrom(disk, part))
      const stored_as = known?.stored_as ?? filename
      const recorded = await ledger.arrivals.record({ ...arrival, stored_as }, keyId, isWanted)
      if (isWaiting(recorded.upload)) await this.servers.enqueue(recorded.upload)
      return recorded
    } finally {
      await removeIfThere(disk, part)
    }
  }

  async open({ sha256 }: UploadLocator): Promise<OpenedFile | undefined> {
    const { disk, folders } = this.#stores
    const pieces = await this.servers.bucket.get(sha256)
    if (pieces === undefined) return undefined
    const path = join(folders.parts, `${uuid()}.gz`)
    await writePart(disk, path, async (part) => {
      for await (const piece of pieces) await part.appendFile(piece)
    })
    // As if it lay among the processed files: a file of that place is not moved after its load.
    const stored = { path, sha256, place: 'processed' } as const
    return { stored, [Symbol.asyncDispose]: () => removeIfThere(disk, path) }
  }

  has({ sha256 }: UploadLocator): Promise<boolean> {
    return this.servers.bucket.has(sha256)
  }

  /** Adds the work item of a waiting upload that has none; false if its bytes are lost. */
  async requeue(upload: Upload): Promise<boolean> {
    if (!(await this.has(upload))) return false
    await this.servers.enqueue(upload)
    return true
  }

  claims(claiming: ClaimPass): AsyncGenerator<Claim> {
    return sharedClaims({ ledger: this.#stores.ledger, inbox: this, turns: this.#turns, claiming })
  }

  async status(): Promise<InboxStatus> {
    const work = await this.servers.counts()
    return { files: work.waiting + work.claimed, hasLoader: await this.servers.hasLoaders(), work }
  }

  /** Closes the connection to the servers. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.servers[Symbol.asyncDispose]()
  }
}

/** The bytes of a file as gzip, since they go to several servers; at level 1, since the sender waits. */
async function* compressedFrom(disk: Disk, path: string): AsyncGenerator<Uint8Array> {
  const source = await openToRead(disk, path)
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: CHUNK_BYTES })
  const piped = pipeline(source.createReadStream({ highWaterMark: CHUNK_BYTES }), gzip)
  // It may fail while nobody pulls: without a handler by then, that would end the process.
  piped.catch(() => {})
  try {
    yield* gzip as AsyncIterable<Buffer>
    await piped
  } finally {
    gzip.destroy()
    await piped.catch(() => {})
  }
}
