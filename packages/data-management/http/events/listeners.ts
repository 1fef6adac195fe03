/**
 * Who listens to events.
 *
 *   join ─▶ frames as they come ─▶ stop | has no right to it any more | does not read them | is gone
 *
 * What a listener has not read yet is kept for it up to a limit. One that is further behind is cut off: it connects again, says what it
 * heard last, and is told the rest or to ask for everything anew.
 */
import { Readable } from 'node:stream'
import { Problem } from '@splitcart/shared/problem.ts'

const LISTENERS_MAX = 200
const LISTENERS_PER_KEY_MAX = 20
const UNREAD_BYTES_MAX = 512 * 1024

/** Somebody who wants to listen. `isStillAllowed` is asked now and then; who has the same `credential` may do the same. */
export type Subscriber = Readonly<{ keyId: string; credential: string; isStillAllowed: () => Promise<boolean> }>

type Listener = Readonly<{ subscriber: Subscriber; stream: Readable }>

/** Everybody who listens. */
export class Listeners {
  readonly #all = new Set<Listener>()

  get count(): number {
    return this.#all.size
  }

  /** Lets a listener in and gives the stream of what it hears, from `first` on. Throws `too_many_listeners`. */
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

  /** Tells everybody. */
  tell(frame: string): void {
    for (const { stream } of this.#all) {
      if (stream.readableLength + frame.length > UNREAD_BYTES_MAX) stream.destroy()
      else stream.push(frame)
    }
  }

  /** Ends the streams of those who may not listen any more. */
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
    // Nothing may be said behind the end.
    if (this.#all.delete(listener)) listener.stream.push(null)
  }
}
