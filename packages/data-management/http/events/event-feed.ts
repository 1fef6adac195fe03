/**
 * The event feed: polls the ledger every `POLL_MS`, once for all listeners, and only while there are any.
 *
 * The id of an event is the random id of this feed and the number of the change. A listener that reconnects sends its
 * last event id and gets what it missed. If the id is from before a restart, it gets the event `reload` instead.
 */
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Log } from '@splitcart/shared/log.ts'
import type { ReceivingContext } from '../../inbox/accept.ts'
import { progressIn } from '../../inbox/progress.ts'
import type { UploadChange, UploadChangeReader } from '../../ledger/changes.ts'
import { withDetails } from '../routes/upload-view.ts'
import { frameOf, KEEP_ALIVE_COMMENT } from './event-frames.ts'
import { Listeners, type Subscriber } from './listeners.ts'

const POLL_MS = 250
const POLLS_PER_SECOND = 1_000 / POLL_MS
const POLLS_PER_COMMENT = 15 * POLLS_PER_SECOND
const CHANGES_AT_ONCE_MAX = 200

/** The event feed of one server. */
export class EventFeed {
  readonly #inbox: ReceivingContext
  readonly #log: Log
  readonly #listeners = new Listeners()
  readonly #feedId = randomBytes(6).toString('base64url').replace(/-/g, '_')
  #changes: Promise<UploadChangeReader> | undefined
  #timer: NodeJS.Timeout | undefined
  #polls = 0
  #isPolling = false
  #isBehind = false
  #joining = 0
  // The number of the last change that was sent to all listeners.
  #lastSent = 0
  #progress = ''

  constructor(inbox: ReceivingContext, log: Log) {
    this.#inbox = inbox
    this.#log = log
  }

  get listeners(): number {
    return this.#listeners.count
  }

  /** Adds a listener and returns its stream, which starts after the event `lastId` if the feed knows it. */
  async join(subscriber: Subscriber, lastId: string | undefined): Promise<Readable> {
    this.#joining++
    try {
      const changes = await this.#start()
      for (;;) {
        const told = this.#lastSent
        const first = await this.#missedSince(lastId, changes)
        // If events were sent meanwhile, `first` lacks them: try again.
        if (this.#lastSent === told) return this.#listeners.join(subscriber, first)
      }
    } finally {
      this.#joining--
    }
  }

  /** Ends all streams and stops polling. */
  stop(): void {
    this.#listeners.stop()
    this.#stopPolling()
  }

  async #missedSince(lastId: string | undefined, changes: UploadChangeReader): Promise<string> {
    const told = this.#lastSent
    const last = this.#numberIn(lastId)
    const isNear = last !== undefined && told - last <= CHANGES_AT_ONCE_MAX
    const missed = isNear ? await changes.between(last, told) : undefined
    if (missed === undefined) return frameOf('reload', {}, this.#idOf(told))
    return missed.length === 0 ? KEEP_ALIVE_COMMENT : (await this.#framesOf(missed)).join('')
  }

  #start(): Promise<UploadChangeReader> {
    if (this.#changes === undefined) {
      this.#changes = this.#open()
      this.#changes.catch(() => this.#stopPolling())
      this.#timer = setInterval(() => void this.#poll(), POLL_MS)
    }
    return this.#changes
  }

  async #open(): Promise<UploadChangeReader> {
    const changes = await this.#inbox.ledger.openChangeReader()
    this.#lastSent = await changes.latest()
    return changes
  }

  #stopPolling(): void {
    clearInterval(this.#timer)
    this.#changes
      ?.then((changes) => changes[Symbol.asyncDispose]())
      // Callers of `join` get this error.
      .catch(() => {})
    this.#changes = undefined
  }

  async #poll(): Promise<void> {
    if (this.#isPolling) return
    this.#isPolling = true
    try {
      this.#polls++
      if (this.#listeners.count + this.#joining === 0) this.#stopPolling()
      else await this.#broadcastNews(await this.#changes)
    } catch (error) {
      if (this.#changes !== undefined) this.#log.error({ err: error }, 'events could not be looked for')
    } finally {
      this.#isPolling = false
    }
  }

  async #broadcastNews(changes: UploadChangeReader | undefined): Promise<void> {
    if (changes === undefined) return
    const isCommentDue = this.#polls % POLLS_PER_COMMENT === 0
    this.#isBehind = (await changes.hasChanged()) || this.#isBehind
    if (this.#isBehind) {
      // A key may have been revoked or a session may have ended.
      await this.#listeners.endDisallowed()
      await this.#broadcastChanges(changes)
      this.#isBehind = false
    } else if (isCommentDue) await this.#listeners.endDisallowed()
    if (this.#polls % POLLS_PER_SECOND === 0) await this.#broadcastProgress()
    if (isCommentDue) this.#listeners.broadcast(KEEP_ALIVE_COMMENT)
  }

  async #broadcastChanges(changes: UploadChangeReader): Promise<void> {
    const latest = await changes.latest()
    while (this.#lastSent < latest) {
      const until = Math.min(latest, this.#lastSent + CHANGES_AT_ONCE_MAX)
      const news = await changes.between(this.#lastSent, until)
      const frames = news === undefined ? [frameOf('reload', {}, this.#idOf(latest))] : await this.#framesOf(news)
      this.#lastSent = news === undefined ? latest : until
      for (const frame of frames) this.#listeners.broadcast(frame)
    }
  }

  async #framesOf(changes: readonly UploadChange[]): Promise<string[]> {
    const found = await this.#inbox.ledger.uploads.findAll(changes.map(({ uploadId }) => uploadId))
    const views = new Map((await withDetails(this.#inbox, found)).map((view) => [view.id, view]))
    return changes.map(({ number, uploadId }) => {
      const view = views.get(uploadId)
      const id = this.#idOf(number)
      return view === undefined ? frameOf('forgotten', { id: uploadId }, id) : frameOf('upload', view, id)
    })
  }

  async #broadcastProgress(): Promise<void> {
    const { disk, folders } = this.#inbox
    const progress = await progressIn(disk, folders.data)
    const text = JSON.stringify(progress ?? '')
    const isNew = text !== this.#progress && this.#progress !== ''
    this.#progress = text
    if (isNew && progress !== undefined) this.#listeners.broadcast(frameOf('progress', progress))
  }

  #idOf(number: number): string {
    return `${this.#feedId}-${number}`
  }

  #numberIn(id: string | undefined): number | undefined {
    const [word, digits = ''] = (id ?? '').split('-')
    const number = word === this.#feedId && /^\d{1,15}$/.test(digits) ? Number(digits) : undefined
    return number !== undefined && number <= this.#lastSent ? number : undefined
  }
}
