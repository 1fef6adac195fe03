/**
 * Finds where gzip members and zstd frames (here both: members) may start in the bytes on the wire, without decoding.
 *
 * Every member starts with a magic number. The same bytes also occur by chance inside of members, about 30 times in
 * 512 MiB. So the count is never less than the number of members, and a limit on it holds whatever the decoder does.
 *
 * Chunks are cut where a member may start, because Node 24 ignores what follows a zstd frame in the same chunk (Node 26
 * does not). The header of a frame stays in one chunk, because zstd forgets a frame that is cut within its header when
 * another frame follows.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import { headerBytesAfter } from './zstd-frames.ts'

/** How many members one body may have, counted as above. */
export const MEMBERS_MAX = 1000

/**
 * A magic number: a byte from `first` to `last`, then the bytes of `rest`. `bytesMin`: the least bytes of a member with
 * this header.
 */
type MagicNumber = Readonly<{ first: number; last: number; rest: Buffer; bytesMin: (header: Buffer) => number }>

// RFC 1952 section 2.3.1 with compression method 8, the only one; RFC 8878 sections 3.1.1 and 3.1.2 (skippable frames).
const MAGIC_NUMBERS: Readonly<Record<string, readonly MagicNumber[]>> = {
  gzip: [{ first: 0x1f, last: 0x1f, rest: Buffer.from([0x8b, 0x08]), bytesMin: () => 20 }],
  zstd: [
    { first: 0x28, last: 0x28, rest: Buffer.from([0xb5, 0x2f, 0xfd]), bytesMin: frameBytesMin },
    { first: 0x50, last: 0x5f, rest: Buffer.from([0x2a, 0x4d, 0x18]), bytesMin: () => 8 },
  ],
}

// Magic number, descriptor, window, dictionary ID and content size of a zstd frame: 4 + 1 + 1 + 4 + 8.
const HEADER_BYTES_MAX = 18
const MAGIC_AND_DESCRIPTOR_BYTES = 5
const BLOCK_HEADER_BYTES = 3

/** `at`: an offset at which a member may start; `next`: the lowest offset at which the one after it can. */
type MemberStart = Readonly<{ at: number; next: number }>

/** Counts the members of a body chunk by chunk, and cuts the chunks before each. */
export class MemberCounter {
  readonly #magicNumbers: readonly MagicNumber[]
  readonly #membersMax: number
  #held = Buffer.alloc(0)
  #count = 0

  constructor(encoding: string, membersMax: number = MEMBERS_MAX) {
    this.#magicNumbers = MAGIC_NUMBERS[encoding] ?? []
    this.#membersMax = membersMax
  }

  /**
   * The chunk, cut before each member. Its end is held back if it may be an incomplete header. Throws
   * `members_too_many`.
   */
  push(chunk: Buffer): Buffer[] {
    return this.#magicNumbers.length === 0 ? [chunk] : this.#split(chunk, false)
  }

  /** The bytes that were held back, at the end of the body. Throws `members_too_many`. */
  end(): Buffer[] {
    return this.#held.length > 0 ? this.#split(Buffer.alloc(0), true) : []
  }

  #split(chunk: Buffer, isEnd: boolean): Buffer[] {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const memberStarts = this.#memberStartsIn(bytes)
    const end = isEnd ? bytes.length : endOfCompleteHeaders(bytes, memberStarts, this.#magicNumbers)
    // Copied, because the memory of the chunk belongs to whoever reads the body.
    this.#held = Buffer.from(bytes.subarray(end))
    this.#count += memberStarts.filter(({ at }) => at < end).length
    if (this.#count > this.#membersMax)
      throw new Problem('members_too_many', `more than ${this.#membersMax} are not taken`)
    return cutAtMembers(bytes, end, memberStarts)
  }

  #memberStartsIn(bytes: Buffer): MemberStart[] {
    const memberStarts: MemberStart[] = []
    for (const { first, last, rest, bytesMin } of this.#magicNumbers)
      for (let at = bytes.indexOf(rest, 1) - 1; at >= 0; at = bytes.indexOf(rest, at + 2) - 1)
        if (bytes[at]! >= first && bytes[at]! <= last)
          memberStarts.push({ at, next: at + bytesMin(bytes.subarray(at, at + HEADER_BYTES_MAX)) })
    return memberStarts.sort((one, other) => one.at - other.at)
  }
}

/** Cuts bytes at the member starts, except within the smallest possible member of an earlier start. */
function cutAtMembers(bytes: Buffer, end: number, memberStarts: readonly MemberStart[]): Buffer[] {
  const pieces: Buffer[] = []
  let from = 0
  let next = 1
  for (const memberStart of memberStarts) {
    if (memberStart.at >= end) break
    if (memberStart.at >= next) {
      pieces.push(bytes.subarray(from, memberStart.at))
      from = memberStart.at
    }
    next = Math.max(next, memberStart.next)
  }
  return from < end ? [...pieces, bytes.subarray(from, end)] : pieces
}

/** The offset of the first header that may be incomplete, or `bytes.length` if there is none. */
function endOfCompleteHeaders(
  bytes: Buffer,
  memberStarts: readonly MemberStart[],
  magicNumbers: readonly MagicNumber[],
): number {
  const unfinished = memberStarts.find(({ at }) => bytes.length - at < HEADER_BYTES_MAX)
  return unfinished?.at ?? bytes.length - partialMagicBytes(bytes, magicNumbers)
}

/** How many of the last bytes may be the beginning of a magic number. */
function partialMagicBytes(bytes: Buffer, magicNumbers: readonly MagicNumber[]): number {
  for (let length = Math.min(3, bytes.length); length > 0; length--) {
    const tail = bytes.subarray(bytes.length - length)
    const isBeginning = ({ first, last, rest }: MagicNumber) =>
      length <= rest.length &&
      tail[0]! >= first &&
      tail[0]! <= last &&
      tail.subarray(1).equals(rest.subarray(0, length - 1))
    if (magicNumbers.some(isBeginning)) return length
  }
  return 0
}

/** The size of the smallest zstd frame with this header: one empty block (RFC 8878 section 3.1.1.1). */
function frameBytesMin(header: Buffer): number {
  return MAGIC_AND_DESCRIPTOR_BYTES + headerBytesAfter(header[4] ?? 0) + BLOCK_HEADER_BYTES
}
