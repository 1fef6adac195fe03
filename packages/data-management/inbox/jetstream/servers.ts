/**
 * The inbox of a fleet, in NATS JetStream: a bucket for the bytes of uploads and a stream of work items, one for each
 * upload to load, both with copies on several servers. Any number of receivers add files, any number of loaders take them.
 *
 *   bytes ─▶ bucket (named by their SHA-256) ─▶ ledger ─▶ work item ─▶ answer        a loader: claim ─▶ load ─▶ ledger ─▶ done
 *
 * Invariants:
 *  1. The same bytes are stored once and have one work item: the SHA-256 is the name of both.
 *  2. A work item is removed only when its loader acknowledges it. A loader that falls silent loses its claim to another.
 *  3. What JetStream loses (it may acknowledge before it has synced) is noticed by update-db/repair.ts, and its sender
 *     sends it again.
 */
import {
  type ConsumerInfo,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { Problem } from '@splitcart/shared/problem.ts'
import { type JetStreamAddress, jetStreamAddressOf } from './address.ts'
import { BUCKET_STREAM, Bucket } from './bucket.ts'
import { connectToNats, inboxProblemOf } from './connection.ts'
import { CONSUMER, WORK_STREAM, type WorkCounts, type WorkItem, workItemOf, workSubject } from './work-queue.ts'

const REQUEST_MS_MAX = 5_000
const CLAIM_MS = 30_000
// JetStream's error for a second item with the same SHA-256.
const DUPLICATE_ITEM = 10077

/** The open inbox of a fleet. It creates missing streams, also if all of them were lost meanwhile. */
export class JetStreamInbox implements AsyncDisposable {
  readonly address: JetStreamAddress
  readonly bucket: Bucket
  readonly #connection: NatsConnection
  readonly #client: JetStreamClient
  readonly #manager: JetStreamManager
  readonly #claimMs: number
  #ready: Promise<void> | undefined

  private constructor(connection: NatsConnection, manager: JetStreamManager, place: JetStreamAddress, claimMs: number) {
    this.address = place
    this.#connection = connection
    this.#client = jetstream(connection, { timeout: REQUEST_MS_MAX })
    this.#manager = manager
    this.#claimMs = claimMs
    this.bucket = new Bucket(connection, manager, (work) => this.#withStreams(work))
  }

  /** Connects, and creates what is missing. `claimMs`: the silence after which a loader loses its claim. */
  static async open(address: string, claimMs: number = CLAIM_MS): Promise<JetStreamInbox> {
    const place = jetStreamAddressOf(address)
    const connection = await connectToNats(place)
    try {
      const manager = await jetstreamManager(connection, { timeout: REQUEST_MS_MAX })
      const inbox = new JetStreamInbox(connection, manager, place, claimMs)
      await inbox.#withStreams(async () => {})
      return inbox
    } catch (error) {
      await connection.close()
      throw inboxProblemOf(error)
    }
  }

  /** Adds the work item of an upload, unless there is one already. */
  async enqueue({ id, sha256 }: Readonly<{ id: string; sha256: string }>): Promise<void> {
    await this.#withStreams(async () => {
      try {
        await this.#client.publish(workSubject(sha256), JSON.stringify({ id, sha256 }))
      } catch (error) {
        if ((error as { code?: unknown }).code !== DUPLICATE_ITEM) throw error
      }
    })
  }

  /** Claims the oldest free work item, waiting a while for one. Dispose of it. */
  claim(waitMs: number): Promise<WorkItem | undefined> {
    return this.#withStreams(async () => {
      const consumer = await this.#client.consumers.get(WORK_STREAM, CONSUMER)
      const message = await consumer.next({ expires: waitMs })
      return message === null ? undefined : workItemOf(message, this.#claimMs)
    })
  }

  /** Counts of the work items. */
  counts(): Promise<WorkCounts> {
    return this.#withStreams(async () => {
      const { state } = await this.#manager.streams.info(WORK_STREAM)
      const { num_pending, num_ack_pending, num_redelivered } = await this.#manager.consumers.info(
        WORK_STREAM,
        CONSUMER,
      )
      const oldest = state.messages === 0 ? null : Date.parse(state.first_ts)
      return { waiting: num_pending, claimed: num_ack_pending, redelivered: num_redelivered, oldest }
    })
  }

  /** The SHA-256s of all work items, claimed or not. */
  queued(): Promise<Set<string>> {
    return this.#withStreams(async () => {
      const { state } = await this.#manager.streams.info(WORK_STREAM, { subjects_filter: workSubject('*') })
      const start = workSubject('').length
      return new Set(Object.keys(state.subjects ?? {}).map((subject) => subject.slice(start)))
    })
  }

  /** Whether a loader is waiting for work, or has claimed some. */
  hasLoaders(): Promise<boolean> {
    return this.#withStreams(async () => {
      const { num_waiting, num_ack_pending } = await this.#manager.consumers.info(WORK_STREAM, CONSUMER)
      return num_waiting + num_ack_pending > 0
    })
  }

  /** JetStream's information on the two streams, for checks. */
  streams(): Promise<StreamInfo[]> {
    return this.#withStreams(() =>
      Promise.all([BUCKET_STREAM, WORK_STREAM].map((name) => this.#manager.streams.info(name))),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close()
  }

  /** Runs `work` once the streams exist, creating missing ones; after an error they are checked again the next time. */
  async #withStreams<T>(work: () => Promise<T>): Promise<T> {
    try {
      this.#ready ??= this.#createMissing()
      await this.#ready
      return await work()
    } catch (error) {
      this.#ready = undefined
      throw inboxProblemOf(error)
    }
  }

  async #createMissing(): Promise<void> {
    await this.bucket.create(this.address.replicas)
    await this.#createStream()
    await this.#createConsumer()
  }

  async #createStream(): Promise<void> {
    await getOrCreate(
      () => this.#manager.streams.info(WORK_STREAM),
      () =>
        this.#manager.streams.add({
          name: WORK_STREAM,
          subjects: [workSubject('*')],
          retention: 'workqueue',
          storage: 'file',
          num_replicas: this.address.replicas,
          discard: 'new',
          discard_new_per_subject: true,
          max_msgs_per_subject: 1,
        }),
    )
  }

  async #createConsumer(): Promise<void> {
    const config = { durable_name: CONSUMER, ack_policy: 'explicit', ack_wait: this.#claimMs * 1e6 } as const
    const info: ConsumerInfo = await getOrCreate(
      () => this.#manager.consumers.info(WORK_STREAM, CONSUMER),
      () => this.#manager.consumers.add(WORK_STREAM, config),
    )
    if (info.config.ack_wait !== config.ack_wait)
      await this.#manager.consumers.update(WORK_STREAM, CONSUMER, { ack_wait: config.ack_wait })
  }
}

/** Gets something, or creates it if missing; two programs may create it at once. */
async function getOrCreate<T>(get: () => Promise<T>, create: () => Promise<T>): Promise<T> {
  try {
    return await get()
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  try {
    return await create()
  } catch (error) {
    return get().catch(() => {
      throw error
    })
  }
}

const NOT_FOUND = new Set([10059, 10014])

function isNotFound(error: unknown): boolean {
  return NOT_FOUND.has(Number((error as { code?: unknown }).code))
}

/** Whether an error says that the inbox was missing or became unreachable. */
export function isInboxUnreachable(error: unknown): boolean {
  return error instanceof Problem && error.code === 'inbox_unreachable'
}
