/**
 * The event feed: polls the ledger once for all listeners, every `LOOK_MS` and only while there are any.
 *
 * An event's id is a random word of this feed and the change number. A listener that reconnects sends its last id and
 * gets what it missed; one whose id is from before a restart is told to reload everything.
 */
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Log } from '@splitcart/shared/log.ts'
import type { ReceivingContext } from '../../inbox/accept.ts'
import { progressIn } from '../../inbox/progress.ts'
import type { UploadChange, UploadChangeReader } from '../../ledger/changes.ts'
import { withDetails } from '../routes/upload-view.ts'
import { COMMENT, frameOf } from './event-frames.ts'
import { Listeners, type Subscriber } from './listeners.ts'

const LOOK_MS = 250
const LOOKS_PER_SECOND = 1_000 / LOOK_MS
const LOOKS_PER_COMMENT = 15 * LOOKS_PER_SECOND
const CHANGES_AT_ONCE_MAX = 200

/** The feed of one server. */
export class EventFeed {
  readonly #inbox: ReceivingContext
  readonly #log: Log
  readonly #listeners = new Listeners()
  readonly #word = randomBytes(6).toString('base64url').replace(/-/g, '_')
  #changes: Promise<UploadChangeReader> | undefined
  #timer: NodeJS.Timeout | undefined
  #looks = 0
  #isLooking = false
  #isBehind = false
  #joining = 0
  // Number of the last change that was sent to all listeners.
  #told = 0
  #progress = ''

  constructor(inbox: ReceivingContext, log: Log) {
    this.#inbox = inbox
    this.#log = log
  }

  get listeners(): number {
    return this.#listeners.count
  }

  /** Adds a listener and returns its stream, which starts after the event `lastId` if that is known. */
  async join(subscriber: Subscriber, lastId: string | undefined): Promise<Readable> {
    this.#joining++
    try {
      const changes = await this.#start()
      for (;;) {
        const told = this.#told
        const first = await this.#missedSince(lastId, changes)
        // If events were sent in the meantime, `first` lacks them: try again.
        if (this.#told === told) return this.#listeners.join(subscriber, first)
      }
    } finally {
      this.#joining--
    }
  }

  /** Ends all streams and stops polling. */
  stop(): void {
    this.#listeners.stop()
    this.#rest()
  }

  async #missedSince(lastId: string | undefined, changes: UploadChangeReader): Promise<string> {
    const told = this.#told
    const last = this.#numberIn(lastId)
    const isNear = last !== undefined && told - last <= CHANGES_AT_ONCE_MAX
    const missed = isNear ? await changes.between(last, told) : undefined
    if (missed === undefined) return frameOf('reload', {}, this.#idOf(told))
    return missed.length === 0 ? COMMENT : (await this.#framesOf(missed)).join('')
  }

  #start(): Promise<UploadChangeReader> {
    if (this.#changes === undefined) {
      this.#changes = this.#open()
      this.#changes.catch(() => this.#rest())
      this.#timer = setInterval(() => void this.#look(), LOOK_MS)
    }
    return this.#changes
  }

  async #open(): Promise<UploadChangeReader> {
    const changes = await this.#inbox.ledger.openChangeReader()
    this.#told = await changes.latest()
    return changes
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#changes
      ?.then((changes) => changes[Symbol.asyncDispose]())
      // The callers that awaited it got the error.
      .catch(() => {})
    this.#changes = undefined
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      this.#looks++
      if (this.#listeners.count + this.#joining === 0) this.#rest()
      else await this.#broadcastNews(await this.#changes)
    } catch (error) {
      if (this.#changes !== undefined) this.#log.error({ err: error }, 'events could not be looked for')
    } finally {
      this.#isLooking = false
    }
  }

  async #broadcastNews(changes: UploadChangeReader | undefined): Promise<void> {
    if (changes === undefined) return
    const isTimeForAComment = this.#looks % LOOKS_PER_COMMENT === 0
    this.#isBehind = (await changes.hasChanged()) || this.#isBehind
    if (this.#isBehind) {
      // A key may have been revoked or a session may have ended.
      await this.#listeners.endDisallowed()
      await this.#broadcastChanges(changes)
      this.#isBehind = false
    } else if (isTimeForAComment) await this.#listeners.endDisallowed()
    if (this.#looks % LOOKS_PER_SECOND === 0) await this.#broadcastProgress()
    if (isTimeForAComment) this.#listeners.broadcast(COMMENT)
  }

  async #broadcastChanges(changes: UploadChangeReader): Promise<void> {
    const latest = await changes.latest()
    while (this.#told < latest) {
      const until = Math.min(latest, this.#told + CHANGES_AT_ONCE_MAX)
      const news = await changes.between(this.#told, until)
      const frames = news === undefined ? [frameOf('reload', {}, this.#idOf(latest))] : await this.#framesOf(news)
      this.#told = news === undefined ? latest : until
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
    return `${this.#word}-${number}`
  }

  #numberIn(id: string | undefined): number | undefined {
    const [word, digits = ''] = (id ?? '').split('-')
    const number = word === this.#word && /^\d{1,15}$/.test(digits) ? Number(digits) : undefined
    return number !== undefined && number <= this.#told ? number : undefined
  }
}
