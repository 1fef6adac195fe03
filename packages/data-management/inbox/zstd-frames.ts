/**
 * Tells whether zstd data end at the end of a frame (RFC 8878 section 3.1.1), from the lengths in the headers of frames
 * and blocks, without decoding. The decoder does not tell: it waits for the rest of a frame that breaks off after a few
 * bytes, and then ends without an error.
 */

const MAGIC = 0xfd2fb528
const [SKIPPED_FIRST, SKIPPED_LAST] = [0x184d2a50, 0x184d2a5f]
const DICTIONARY_BYTES = [0, 1, 2, 4] as const
const BLOCK = { raw: 0, repeated: 1, compressed: 2 } as const

/**
 * A state of the parser: it reads a little-endian number of so many bytes, which says how many bytes to skip and what
 * the next state is. Undefined: the data are not zstd.
 */
type Step = Readonly<{ bytes: number; meaning: (number: number) => readonly [passed: number, next: Step] | undefined }>

const FRAME: Step = {
  bytes: 4,
  meaning: (magic) => {
    if (magic === MAGIC) return [0, FRAME_HEAD]
    return magic >= SKIPPED_FIRST && magic <= SKIPPED_LAST ? [0, SKIPPED] : undefined
  },
}

const SKIPPED: Step = { bytes: 4, meaning: (size) => [size, FRAME] }

const FRAME_HEAD: Step = {
  bytes: 1,
  meaning: (descriptor) => {
    const isSingleSegment = (descriptor & 0x20) !== 0
    const windowBytes = isSingleSegment ? 0 : 1
    const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
    const dictionaryBytes = DICTIONARY_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3]
    return [windowBytes + dictionaryBytes + sizeBytes, (descriptor & 4) === 0 ? BLOCK_HEAD : BLOCK_HEAD_CHECKED]
  },
}

const BLOCK_HEAD = blockHead(0)
const BLOCK_HEAD_CHECKED = blockHead(4)

/** The state that reads the header of a block. `checksumBytes`: what follows the last block of the frame. */
function blockHead(checksumBytes: number): Step {
  const step: Step = {
    bytes: 3,
    meaning: (head) => {
      const [isLast, type, size] = [(head & 1) === 1, (head >> 1) & 3, head >> 3]
      if (type > BLOCK.compressed) return undefined
      const content = type === BLOCK.repeated ? 1 : size
      return isLast ? [content + checksumBytes, FRAME] : [content, step]
    },
  }
  return step
}

/** Follows the frames of zstd data that arrive in chunks of any size. */
export class ZstdFrames {
  #step: Step | undefined = FRAME
  #number = 0
  #read = 0
  #passing = 0

  /** Reads the next chunk. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && this.#step !== undefined; ) {
      const passed = Math.min(this.#passing, chunk.length - at)
      this.#passing -= passed
      at += passed
      if (this.#passing === 0 && at < chunk.length) this.#take(chunk[at++]!, this.#step)
    }
  }

  /** Whether the data so far end with a frame. Also true if they are not zstd: then the decoder reports an error. */
  get isWhole(): boolean {
    return this.#step === undefined || (this.#step === FRAME && this.#read === 0 && this.#passing === 0)
  }

  /** Adds one byte to the number, lowest byte first; when it is complete, goes on to the next state. */
  #take(byte: number, step: Step): void {
    this.#number += byte * 2 ** (8 * this.#read++)
    if (this.#read < step.bytes) return
    const [passed, next] = step.meaning(this.#number) ?? [0, undefined]
    this.#number = 0
    this.#read = 0
    this.#passing = passed
    this.#step = next
  }
}
