/**
 * How much room unfinished uploads take, and who may have more of it. Pure: the caller passes the time.
 *
 *   opened: none ─▶ bytes come: all that it is to become ─▶ none have come for a while: what has come ─▶ bytes come …
 *
 * An announced length alone holds no room. A key never gets more than is then still free, so there is always some left
 * for another key.
 */
import { Problem } from '@splitcart/shared/problem.ts'

/** How much is kept: uploads and bytes of one key, bytes of all keys, and for how long. */
export type UnfinishedLimits = Readonly<{ countMax: number; keyBytesMax: number; bytesMax: number; ageMsMax: number }>

// Of all keys together; each has a note in memory.
const COUNT_MAX = 4_096
const IDLE_MS = 5 * 60 * 1000

type Held = { keyId: string; size: number; arrived: number; movedAt: number; isWriting: boolean }

/** The room of all unfinished uploads. */
export class UnfinishedRoom {
  readonly #limits: UnfinishedLimits
  readonly #all = new Map<string, Held>()

  constructor(limits: UnfinishedLimits) {
    this.#limits = limits
  }

  /** Counts an upload, of which `arrived` bytes have come. */
  add(id: string, { keyId, size, arrived = 0 }: Readonly<{ keyId: string; size: number; arrived?: number }>): void {
    this.#all.set(id, { keyId, size, arrived, movedAt: Number.NEGATIVE_INFINITY, isWriting: false })
  }

  remove(id: string): void {
    this.#all.delete(id)
  }

  /** Throws `resumable_full` when a key may not open one more upload of a size. */
  checkOpening(keyId: string, size: number, now: number): void {
    const { countMax, keyBytesMax } = this.#limits
    const own = [...this.#all.values()].filter((held) => held.keyId === keyId)
    if (own.length >= countMax) throw full(`this key has ${countMax} unfinished uploads`)
    if (this.#all.size >= COUNT_MAX) throw full(`there are ${COUNT_MAX} unfinished uploads`)
    if (own.reduce((sum, held) => sum + held.size, 0) + size > keyBytesMax)
      throw full(`the unfinished uploads of a key may have ${keyBytesMax} bytes together`)
    this.#checkRoom(keyId, size, now)
  }

  /** Holds room for all of an upload while bytes of it come. Throws `resumable_full` where there is none. */
  begin(id: string, now: number): void {
    const held = this.#all.get(id)
    if (held === undefined) return
    if (takes(held, now) < held.size) {
      this.#all.delete(id)
      try {
        this.#checkRoom(held.keyId, held.size, now)
      } finally {
        this.#all.set(id, held)
      }
    }
    held.isWriting = true
  }

  /** No more bytes of it come for now; so many have come in all. */
  end(id: string, arrived: number, now: number): void {
    const held = this.#all.get(id)
    if (held === undefined) return
    if (arrived > held.arrived) held.movedAt = now
    held.arrived = arrived
    held.isWriting = false
  }

  #checkRoom(keyId: string, size: number, now: number): void {
    const { bytesMax } = this.#limits
    let own = 0
    let all = 0
    for (const held of this.#all.values()) {
      all += takes(held, now)
      if (held.keyId === keyId) own += takes(held, now)
    }
    if (all + size > bytesMax) throw full(`all unfinished uploads may have ${bytesMax} bytes together`)
    if (own + size > bytesMax - all)
      throw full(`those of this key have ${own} bytes, and no more of them are taken than are free for others`)
  }
}

function takes({ size, arrived, movedAt, isWriting }: Held, now: number): number {
  return isWriting || now - movedAt < IDLE_MS ? size : arrived
}

function full(detail: string): Problem {
  return new Problem('resumable_full', detail)
}
