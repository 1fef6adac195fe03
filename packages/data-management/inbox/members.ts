/**
 * Where gzip members and zstd frames may start among the bytes on the wire, found without decoding anything.
 *
 * Every member starts with the same bytes. The same bytes may stand inside one as well, by a chance of some 30 in 512 MiB; so what is
 * counted is never less than the members there are, and a limit on it holds however the decoder goes about its work.
 *
 * Chunks are cut where a member may start, because Node 24 leaves out what follows a zstd frame in the same chunk, Node 26 does not;
 * and the head of a frame is kept in one chunk, because zstd forgets a frame that was cut in its head when what follows is a frame.
 */
import { Problem } from '@splitcart/shared/problem.ts'

/** How many members or frames one body may have. */
export const MEMBERS_MAX = 1000

/** The bytes a member starts with, one of a range and then always the same; and how many it has at least, told from its head. */
type Start = Readonly<{ first: number; last: number; rest: Buffer; bytesMin: (head: Buffer) => number }>

// RFC 1952 section 2.3.1 with the only method there is; RFC 8878 sections 3.1.1 and 3.1.2 (skippable frames).
const STARTS: Readonly<Record<string, readonly Start[]>> = {
  gzip: [{ first: 0x1f, last: 0x1f, rest: Buffer.from([0x8b, 0x08]), bytesMin: () => 20 }],
  zstd: [
    { first: 0x28, last: 0x28, rest: Buffer.from([0xb5, 0x2f, 0xfd]), bytesMin: bytesOfFrame },
    { first: 0x50, last: 0x5f, rest: Buffer.from([0x2a, 0x4d, 0x18]), bytesMin: () => 8 },
  ],
}

// The largest head of a zstd frame.
const HEAD_BYTES_MAX = 18
const BLOCK_HEAD_BYTES = 3

/** A place where a member may start, and where at the earliest the next one can. */
type MemberStart = Readonly<{ at: number; next: number }>

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

  /** The chunk in pieces. What may be an unfinished head is held back for the next chunk. */
  push(chunk: Buffer): Buffer[] {
    return this.#starts.length === 0 ? [chunk] : this.#take(chunk, false)
  }

  /** What was held back. */
  end(): Buffer[] {
    return this.#held.length > 0 ? this.#take(Buffer.alloc(0), true) : []
  }

  #take(chunk: Buffer, isEnd: boolean): Buffer[] {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const places = this.#placesIn(bytes)
    const end = isEnd ? bytes.length : endOfWhole(bytes, places, this.#starts)
    // Copied, because the chunk is the reader's.
    this.#held = Buffer.from(bytes.subarray(end))
    this.#count += places.filter(({ at }) => at < end).length
    if (this.#count > this.#membersMax)
      throw new Problem('members_too_many', `more than ${this.#membersMax} are not taken`)
    return cut(bytes, end, places)
  }

  #placesIn(bytes: Buffer): MemberStart[] {
    const places: MemberStart[] = []
    for (const { first, last, rest, bytesMin } of this.#starts)
      for (let at = bytes.indexOf(rest, 1) - 1; at >= 0; at = bytes.indexOf(rest, at + 2) - 1)
        if (bytes[at]! >= first && bytes[at]! <= last)
          places.push({ at, next: at + bytesMin(bytes.subarray(at, at + HEAD_BYTES_MAX)) })
    return places.sort((one, other) => one.at - other.at)
  }
}

/** Cuts bytes at the places, but not at one that lies in the smallest member which may start at a place before. */
function cut(bytes: Buffer, end: number, places: readonly MemberStart[]): Buffer[] {
  const pieces: Buffer[] = []
  let from = 0
  let next = 1
  for (const place of places) {
    if (place.at >= end) break
    if (place.at >= next) {
      pieces.push(bytes.subarray(from, place.at))
      from = place.at
    }
    next = Math.max(next, place.next)
  }
  return from < end ? [...pieces, bytes.subarray(from, end)] : pieces
}

/** Where what may be an unfinished head begins, or else the end. */
function endOfWhole(bytes: Buffer, places: readonly MemberStart[], starts: readonly Start[]): number {
  const unfinished = places.find(({ at }) => bytes.length - at < HEAD_BYTES_MAX)
  return unfinished?.at ?? bytes.length - halfStart(bytes, starts)
}

/** How many of the last bytes may be the beginning of a start. */
function halfStart(bytes: Buffer, starts: readonly Start[]): number {
  for (let length = Math.min(3, bytes.length); length > 0; length--) {
    const tail = bytes.subarray(bytes.length - length)
    const isHalf = ({ first, last, rest }: Start) =>
      length <= rest.length &&
      tail[0]! >= first &&
      tail[0]! <= last &&
      tail.subarray(1).equals(rest.subarray(0, length - 1))
    if (starts.some(isHalf)) return length
  }
  return 0
}

/** The bytes of the smallest zstd frame with this head (RFC 8878 section 3.1.1.1). */
function bytesOfFrame(head: Buffer): number {
  const descriptor = head[4] ?? 0
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  return 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes + BLOCK_HEAD_BYTES
}
