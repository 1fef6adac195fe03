/**
 * Tells whether zstd data end at the end of a frame (RFC 8878 section 3.1.1), from the lengths in the headers of frames
 * and blocks, without decoding. The decoder does not tell: it waits for the rest of a frame that breaks off after a few
 * bytes, and then ends without an error.
 */

const MAGIC = 0xfd2fb528
const [SKIPPABLE_MAGIC_MIN, SKIPPABLE_MAGIC_MAX] = [0x184d2a50, 0x184d2a5f]
const DICTIONARY_ID_BYTES = [0, 1, 2, 4]
const BLOCK_TYPE = { raw: 0, rle: 1, compressed: 2 } as const

/**
 * A state of the parser: it reads a little-endian number of so many bytes, which says how many bytes to skip and what
 * the next state is. Undefined: the data are not zstd.
 */
type State = Readonly<{
  bytes: number
  interpret: (number: number) => readonly [skipped: number, next: State] | undefined
}>

const FRAME_START: State = {
  bytes: 4,
  interpret: (magic) => {
    if (magic === MAGIC) return [0, FRAME_HEADER]
    return magic >= SKIPPABLE_MAGIC_MIN && magic <= SKIPPABLE_MAGIC_MAX ? [0, SKIPPABLE_SIZE] : undefined
  },
}

const SKIPPABLE_SIZE: State = { bytes: 4, interpret: (size) => [size, FRAME_START] }

const FRAME_HEADER: State = {
  bytes: 1,
  interpret: (descriptor) => {
    return [headerBytesAfter(descriptor), (descriptor & 4) === 0 ? BLOCK_HEADER : BLOCK_HEADER_WITH_CHECKSUM]
  },
}

const BLOCK_HEADER = blockHeader(0)
const BLOCK_HEADER_WITH_CHECKSUM = blockHeader(4)

/** How many bytes of a frame's header follow its descriptor: window, dictionary ID and content size. */
export function headerBytesAfter(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const windowBytes = isSingleSegment ? 0 : 1
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  return windowBytes + DICTIONARY_ID_BYTES[descriptor & 3]! + contentSizeBytes
}

/** The state that reads the header of a block. `checksumBytes`: what follows the last block of the frame. */
function blockHeader(checksumBytes: number): State {
  const state: State = {
    bytes: 3,
    interpret: (header) => {
      const [isLast, type, size] = [(header & 1) === 1, (header >> 1) & 3, header >> 3]
      if (type > BLOCK_TYPE.compressed) return undefined
      const content = type === BLOCK_TYPE.rle ? 1 : size
      return isLast ? [content + checksumBytes, FRAME_START] : [content, state]
    },
  }
  return state
}

/** Follows the frames of zstd data that arrive in chunks of any size. */
export class ZstdFrames {
  #state: State | undefined = FRAME_START
  #number = 0
  #bytesRead = 0
  #bytesToSkip = 0

  /** Reads the next chunk. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && this.#state !== undefined; ) {
      const skipped = Math.min(this.#bytesToSkip, chunk.length - at)
      this.#bytesToSkip -= skipped
      at += skipped
      if (this.#bytesToSkip === 0 && at < chunk.length) this.#addByte(chunk[at++]!, this.#state)
    }
  }

  /** Whether the data so far end with a frame. Also true if they are not zstd: then the decoder reports an error. */
  get isWhole(): boolean {
    return (
      this.#state === undefined || (this.#state === FRAME_START && this.#bytesRead === 0 && this.#bytesToSkip === 0)
    )
  }

  /** Adds one byte to the number, lowest byte first; when it is complete, goes on to the next state. */
  #addByte(byte: number, state: State): void {
    this.#number += byte * 2 ** (8 * this.#bytesRead++)
    if (this.#bytesRead < state.bytes) return
    const [skipped, next] = state.interpret(this.#number) ?? [0, undefined]
    this.#number = 0
    this.#bytesRead = 0
    this.#bytesToSkip = skipped
    this.#state = next
  }
}
