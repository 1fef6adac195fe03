/**
 * Where gzip members and zstd frames may start among the bytes on the wire, found without decoding anything.
 *
 * Every member starts with the same bytes. The same bytes may stand inside one as well, by a chance of some 30 in 512 MiB; so what is
 * counted is never less than the members there are, and a limit on it holds however the decoder goes about its work.
 *
 * Chunks are cut where a member may start: Node 24 leaves out what follows a zstd frame in the same chunk, Node 26 does not.
 */
import { Problem } from '@splitcart/shared/problem.ts'

/** How many members or frames one body may have. */
export const MEMBERS_MAX = 1000

/** The bytes a member starts with: one of a range, then always the same. */
type Start = Readonly<{ first: number; last: number; rest: Buffer }>

// RFC 1952 section 2.3.1 with the only method there is; RFC 8878 sections 3.1.1 and 3.1.2 (skippable frames).
const STARTS: Readonly<Record<string, readonly Start[]>> = {
  gzip: [{ first: 0x1f, last: 0x1f, rest: Buffer.from([0x8b, 0x08]) }],
  zstd: [
    { first: 0x28, last: 0x28, rest: Buffer.from([0xb5, 0x2f, 0xfd]) },
    { first: 0x50, last: 0x5f, rest: Buffer.from([0x2a, 0x4d, 0x18]) },
  ],
}

/** Counts the members of a body as its chunks come by, and cuts the chunks before each. */
export class MemberCounter {
  readonly #starts: readonly Start[]
  readonly #membersMax: number
  #held = Buffer.alloc(0)
  #count = 0

  constructor(encoding: string, membersMax: number = MEMBERS_MAX) {
    this.#starts = STARTS[encoding] ?? []
    this.#membersMax = membersMax
  }

  /** The chunk in pieces. What may be the first half of a start is held back for the next chunk. */
  push(chunk: Buffer): Buffer[] {
    if (this.#starts.length === 0) return [chunk]
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const end = bytes.length - this.#halfStart(bytes)
    // Copied, because the chunk is the reader's.
    this.#held = Buffer.from(bytes.subarray(end))
    const cuts = this.#startsIn(bytes)
    return [0, ...cuts]
      .map((from, index) => bytes.subarray(from, cuts[index] ?? end))
      .filter(({ length }) => length > 0)
  }

  /** What was held back and turned out to be no start. */
  end(): Buffer[] {
    return this.#held.length > 0 ? [this.#held] : []
  }

  #startsIn(bytes: Buffer): number[] {
    const found: number[] = []
    for (const { first, last, rest } of this.#starts)
      for (let at = bytes.indexOf(rest, 1); at >= 0; at = bytes.indexOf(rest, at + 1)) {
        const before = bytes[at - 1]!
        if (before < first || before > last) continue
        found.push(at - 1)
        if (++this.#count > this.#membersMax)
          throw new Problem('members_too_many', `more than ${this.#membersMax} are not taken`)
      }
    return found.sort((one, other) => one - other)
  }

  /** How many of the last bytes may be the beginning of a start. */
  #halfStart(bytes: Buffer): number {
    for (let length = Math.min(3, bytes.length); length > 0; length--) {
      const tail = bytes.subarray(bytes.length - length)
      const isHalf = ({ first, last, rest }: Start) =>
        length <= rest.length &&
        tail[0]! >= first &&
        tail[0]! <= last &&
        tail.subarray(1).equals(rest.subarray(0, length - 1))
      if (this.#starts.some(isHalf)) return length
    }
    return 0
  }
}
