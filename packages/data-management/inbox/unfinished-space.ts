/**
 * Reserves disk space for unfinished uploads, shared fairly among keys. Pure: the caller passes the time.
 *
 *   opened: nothing ─▶ bytes arrive: its full size ─▶ idle for a while: the bytes that have arrived ─▶ bytes arrive …
 *
 * An announced length alone reserves nothing. A key never reserves more than then remains free, so there is always some
 * left for another key.
 */
import { Problem } from '@splitcart/shared/problem.ts'

/** The limits: uploads and bytes of one key, bytes of all keys, and age. */
export type UnfinishedLimits = Readonly<{ countMax: number; keyBytesMax: number; bytesMax: number; ageMsMax: number }>

// Of all keys together; each upload has a record in memory.
const COUNT_MAX = 4_096
const IDLE_MS = 5 * 60 * 1000

type SpaceUse = { keyId: string; size: number; arrived: number; movedAt: number; isWriting: boolean }

/** The space of all unfinished uploads. */
export class UnfinishedSpace {
  readonly #limits: UnfinishedLimits
  readonly #all = new Map<string, SpaceUse>()

  constructor(limits: UnfinishedLimits) {
    this.#limits = limits
  }

  /** Adds an upload of which `arrived` bytes have arrived. */
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
    if (own.length >= countMax) throw resumableFull(`this key has ${countMax} unfinished uploads`)
    if (this.#all.size >= COUNT_MAX) throw resumableFull(`there are ${COUNT_MAX} unfinished uploads`)
    if (own.reduce((sum, held) => sum + held.size, 0) + size > keyBytesMax)
      throw resumableFull(`the unfinished uploads of a key may have ${keyBytesMax} bytes together`)
    this.#checkSpace(keyId, size, now)
  }

  /** Reserves the full size of an upload while its bytes arrive. Throws `resumable_full` if there is no space. */
  begin(id: string, now: number): void {
    const held = this.#all.get(id)
    if (held === undefined) return
    if (reservedBytes(held, now) < held.size) {
      this.#all.delete(id)
      try {
        this.#checkSpace(held.keyId, held.size, now)
      } finally {
        this.#all.set(id, held)
      }
    }
    held.isWriting = true
  }

  /** No more bytes arrive for now; `arrived` have in total. */
  end(id: string, arrived: number, now: number): void {
    const held = this.#all.get(id)
    if (held === undefined) return
    if (arrived > held.arrived) held.movedAt = now
    held.arrived = arrived
    held.isWriting = false
  }

  #checkSpace(keyId: string, size: number, now: number): void {
    const { bytesMax } = this.#limits
    let own = 0
    let all = 0
    for (const held of this.#all.values()) {
      all += reservedBytes(held, now)
      if (held.keyId === keyId) own += reservedBytes(held, now)
    }
    if (all + size > bytesMax) throw resumableFull(`all unfinished uploads may have ${bytesMax} bytes together`)
    if (own + size > bytesMax - all)
      throw resumableFull(`those of this key have ${own} bytes, and no more of them are taken than are free for others`)
  }
}

function reservedBytes({ size, arrived, movedAt, isWriting }: SpaceUse, now: number): number {
  return isWriting || now - movedAt < IDLE_MS ? size : arrived
}

function resumableFull(detail: string): Problem {
  return new Problem('resumable_full', detail)
}
