/**
 * The open event streams.
 *
 *   join ─▶ events ─▶ the server stops | key or session has ended | too many unread bytes | the client disconnects
 *
 * Events that a listener has not read yet are buffered up to a limit. A listener that is further behind is
 * disconnected: it reconnects with its last event id and gets the rest, or the event `reload`.
 */
import { Readable } from 'node:stream'
import { Problem } from '@splitcart/shared/problem.ts'

const LISTENERS_MAX = 200
const LISTENERS_PER_KEY_MAX = 20
const UNREAD_BYTES_MAX = 512 * 1024

/** A client of the feed. `isStillAllowed` is called repeatedly, but once for all subscribers with one `credential`. */
export type Subscriber = Readonly<{ keyId: string; credential: string; isStillAllowed: () => Promise<boolean> }>

type Listener = Readonly<{ subscriber: Subscriber; stream: Readable }>

/** All open event streams. */
export class Listeners {
  readonly #all = new Set<Listener>()

  get count(): number {
    return this.#all.size
  }

  /** Adds a listener and returns its stream, which begins with `first`. Throws `too_many_listeners`. */
  join(subscriber: Subscriber, first: string): Readable {
    const own = [...this.#all].filter((listener) => listener.subscriber.keyId === subscriber.keyId).length
    if (own >= LISTENERS_PER_KEY_MAX || this.#all.size >= LISTENERS_MAX)
      throw new Problem('too_many_listeners', `${own} of this key listen, ${this.#all.size} in all`)
    const stream = new Readable({ read: () => {} })
    const listener = { subscriber, stream }
    this.#all.add(listener)
    stream.once('close', () => this.#all.delete(listener))
    stream.push(first)
    return stream
  }

  /** Sends a frame to all listeners. */
  broadcast(frame: string): void {
    for (const { stream } of this.#all) {
      if (stream.readableLength + frame.length > UNREAD_BYTES_MAX) stream.destroy()
      else stream.push(frame)
    }
  }

  /** Ends the streams of listeners whose key or session is no longer valid. */
  async endDisallowed(): Promise<void> {
    const answers = new Map<string, Promise<boolean>>()
    for (const listener of [...this.#all]) {
      const { subscriber } = listener
      const answer = answers.get(subscriber.credential) ?? subscriber.isStillAllowed()
      answers.set(subscriber.credential, answer)
      if (!(await answer)) this.#end(listener)
    }
  }

  /** Ends all streams. */
  stop(): void {
    for (const listener of this.#all) this.#end(listener)
  }

  #end(listener: Listener): void {
    // Removed first: nothing may be pushed after the end of the stream.
    if (this.#all.delete(listener)) listener.stream.push(null)
  }
}
