/**
 * Splits JSON Lines bytes into lines. A line ends at byte 0x0A only (U+2028 may be inside a JSON string). A last line
 * without 0x0A counts. A byte order mark at the start of the file belongs to no line.
 */
export const LINE_BYTES_MAX = 1024 * 1024

const NEWLINE = 0x0a
const LONG_LINE_BYTES_KEPT = 1024

/** A line without its newline; `number` starts at 1. `bytes` of a too long line holds only the first 1,024 bytes. */
export type Line = Readonly<{ number: number; bytes: Buffer; tooLong: boolean }>

/** The number of complete lines, and whether bytes follow the last newline. */
export type LineCount = { lines: number; open: boolean }

/** Adds the lines of a chunk to a running count. */
export function countLines(count: LineCount, chunk: Uint8Array): void {
  if (chunk.byteLength === 0) return
  for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) count.lines++
  count.open = chunk[chunk.byteLength - 1] !== NEWLINE
}

/** Splits chunks into lines, one array per chunk. Memory stays below one chunk plus one line of maximum length. */
export async function* readLines(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  lineBytesMax: number = LINE_BYTES_MAX,
): AsyncGenerator<Line[]> {
  const splitter = new LineSplitter(lineBytesMax)
  for await (const chunk of chunks) {
    const lines = [...splitter.push(chunk)]
    if (lines.length > 0) yield lines
  }
  const last = splitter.end()
  if (last !== undefined) yield [last]
}

/** Splits chunks into lines; between chunks it buffers the start of an incomplete line. */
export class LineSplitter {
  readonly #lineBytesMax: number
  #number = 0
  #begun: Buffer[] = []
  #begunBytes = 0

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax
  }

  /**
   * Yields the lines that end in this chunk; consume all. They share its memory: use them before the chunk is reused.
   */
  *push(chunk: Buffer): Generator<Line, void> {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      yield this.#finish(chunk.subarray(from, at))
      from = at + 1
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from))
  }

  /** The last line, when the file does not end with a newline. */
  end(): Line | undefined {
    return this.#begunBytes === 0 ? undefined : this.#finish(Buffer.alloc(0))
  }

  #keep(rest: Buffer): void {
    const room = Math.max(this.#lineBytesMax + 1, LONG_LINE_BYTES_KEPT) - this.#begunBytes
    // Copied, because the reader reuses the chunk; bytes beyond the limit are only counted.
    if (room > 0) this.#begun.push(Buffer.from(rest.subarray(0, room)))
    this.#begunBytes += rest.length
  }

  #finish(rest: Buffer): Line {
    this.#number++
    const length = this.#begunBytes + rest.length
    let bytes = this.#begunBytes === 0 ? rest : Buffer.concat([...this.#begun, rest])
    this.#begun = []
    this.#begunBytes = 0
    const tooLong = length > this.#lineBytesMax
    if (tooLong) bytes = Buffer.from(bytes.subarray(0, LONG_LINE_BYTES_KEPT))
    return { number: this.#number, bytes: this.#number === 1 ? withoutByteOrderMark(bytes) : bytes, tooLong }
  }
}

/** Whether a line holds only JSON white space: it is skipped, neither a row nor an error. */
export function isBlank(bytes: Uint8Array): boolean {
  let at = 0
  while (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0d) at++
  return at === bytes.length
}

function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}
