/** The bytes of uploads in JetStream, compressed with gzip and named by the SHA-256 of the uncompressed content. */
import { Readable } from 'node:stream'
import { JetStreamApiError, type JetStreamManager, type MsgRequest } from '@nats-io/jetstream'
import { type ObjectInfo, type ObjectStore, Objm, StorageType } from '@nats-io/obj'
import type { NatsConnection } from '@nats-io/transport-node'

const BUCKET = 'splitcart_inbox'
export const BUCKET_STREAM = `OBJ_${BUCKET}`

const PIECE_BYTES = 512 * 1024

type WithStreams = <T>(work: () => Promise<T>) => Promise<T>

/** A file in the bucket: its SHA-256, and when it was put there (milliseconds since 1970). */
export type BucketEntry = Readonly<{ sha256: string; putAt: number }>

/** The bucket of an inbox. */
export class Bucket {
  readonly #objects: Objm
  readonly #manager: JetStreamManager
  readonly #withStreams: WithStreams
  #store: ObjectStore | undefined

  constructor(connection: NatsConnection, manager: JetStreamManager, reach: WithStreams) {
    this.#objects = new Objm(connection)
    this.#manager = manager
    this.#withStreams = reach
  }

  /** Creates the bucket if it is missing. */
  async create(replicas: number): Promise<void> {
    try {
      this.#store = await this.#objects.create(BUCKET, { replicas, storage: StorageType.File })
    } catch (error) {
      // It exists with another number of copies: check.ts reports that.
      if (!(error instanceof JetStreamApiError)) throw error
      this.#store = await this.#objects.open(BUCKET)
    }
  }

  /** Stores compressed bytes, unless they are stored already. When this resolves, the servers have them. */
  async put(sha256: string, bytes: () => AsyncIterable<Uint8Array>): Promise<void> {
    await this.#withStreams(async () => {
      if ((await this.#info(sha256)) !== undefined) return
      const source = Readable.toWeb(Readable.from(bytes(), { objectMode: false })) as ReadableStream<Uint8Array>
      await this.#store!.put({ name: sha256, options: { max_chunk_size: PIECE_BYTES } }, source)
    })
  }

  /** Whether these bytes are stored. */
  has(sha256: string): Promise<boolean> {
    return this.#withStreams(async () => (await this.#info(sha256)) !== undefined)
  }

  /** The compressed bytes, piece by piece; undefined if there are none. Throws if pieces are missing. */
  async get(sha256: string): Promise<AsyncGenerator<Uint8Array> | undefined> {
    const info = await this.#withStreams(() => this.#info(sha256))
    return info === undefined ? undefined : this.#pieces(info)
  }

  /** Removes the bytes of an upload. */
  async remove(sha256: string): Promise<void> {
    await this.#withStreams(() => this.#store!.delete(sha256))
  }

  /** The stored files. */
  list(): Promise<BucketEntry[]> {
    return this.#withStreams(async () =>
      (await this.#store!.list()).map(({ name, mtime }) => ({ sha256: name, putAt: Date.parse(mtime) })),
    )
  }

  /** Removes pieces of incomplete files, whose receiver died while storing them. */
  async removeIncompleteFiles(ageMsMin: number, now: number): Promise<number> {
    return this.#withStreams(async () => {
      const { state } = await this.#manager.streams.info(BUCKET_STREAM, { subjects_filter: `$O.${BUCKET}.C.>` })
      const whole = new Set((await this.#store!.list()).map(({ nuid }) => pieceSubject(nuid)))
      let removed = 0
      for (const subject of Object.keys(state.subjects ?? {}).filter((each) => !whole.has(each))) {
        const last = await this.#manager.streams.getMessage(BUCKET_STREAM, { last_by_subj: subject })
        if (last === null || now - last.time.getTime() < ageMsMin) continue
        await this.#manager.streams.purge(BUCKET_STREAM, { filter: subject })
        removed++
      }
      return removed
    })
  }

  async #info(sha256: string): Promise<ObjectInfo | undefined> {
    const info = await this.#store!.info(sha256)
    return info === null || info.deleted ? undefined : info
  }

  /** Fetches each piece from the leader: other copies may lack pieces though they count as current (nats-server 2.9). */
  async *#pieces({ nuid, chunks, name }: ObjectInfo): AsyncGenerator<Uint8Array> {
    for (let received = 0, seq = 1; received < chunks; received++) {
      // The servers know this request; the library's types do not.
      const next = { seq, next_by_subj: pieceSubject(nuid) } as MsgRequest
      const piece = await this.#withStreams(() => this.#manager.streams.getMessage(BUCKET_STREAM, next))
      if (piece === null) throw new Error(`${chunks - received} of ${chunks} pieces of ${name} are missing`)
      seq = piece.seq + 1
      yield piece.data
    }
  }
}

function pieceSubject(nuid: string): string {
  return `$O.${BUCKET}.C.${nuid}`
}
