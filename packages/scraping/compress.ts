/**
 * Compresses one open file into another in segments, each its own zstd frame or gzip member; concatenated they are one
 * content (RFC 8878, RFC 1952). This uses two processors, and memory does not grow with the file.
 *
 *   read ─▶ segment ─┬─▶ compress ─┬─▶ written in their order
 *   read ─▶ segment ─┴─▶ compress ─┘
 */
import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { constants, gzip, zstdCompress } from 'node:zlib'
import { compressionOptions, type Dictionary, dczHead } from '@splitcart/shared/dictionary/dcz.ts'
import { freeBuffer } from '@splitcart/shared/free-buffer.ts'

/** Compression formats, by their HTTP Content-Encoding names. */
export type Encoding = 'dcz' | 'zstd' | 'gzip'

const LANES = 2
// Two scrapes of a store: smaller files stay one segment; in larger ones the loss per segment is negligible.
const SEGMENT_BYTES_MIN = 4 * 1024 * 1024
// The server accepts 1,000.
const SEGMENTS_MAX = 500
const WRITE_BYTES = 1024 * 1024
const WRITE_BYTES_MIN = 16 * 1024
const ZSTD_LEVEL = 3
const GZIP_LEVEL = 6

const ZSTD = { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_checksumFlag]: 1 }

/** Compression settings; `dictionary`: a file that the receiver has, too. */
export type Compression =
  | Readonly<{ encoding: 'zstd' | 'gzip' }>
  | Readonly<{ encoding: 'dcz'; dictionary: Dictionary }>

function compressSegment(segment: Buffer, compression: Compression): Promise<Buffer> {
  // For a small file an output chunk of 1 MiB would be mostly unused garbage.
  const chunkSize = Math.min(WRITE_BYTES, Math.max(WRITE_BYTES_MIN, segment.length))
  if (compression.encoding === 'gzip') return promisify(gzip)(segment, { level: GZIP_LEVEL, chunkSize })
  const options =
    compression.encoding === 'dcz'
      ? compressionOptions(compression.dictionary.bytes, segment.length)
      : { params: ZSTD, pledgedSrcSize: segment.length }
  return promisify(zstdCompress)(segment, { ...options, chunkSize })
}

/** A file to be compressed, its approximate size in bytes, and how. */
export type CompressJob = Readonly<{ source: FileHandle; size: number; compression: Compression }>

/** Compresses the rest of `source`, appends it to `target`, and returns the bytes written; `onRead` gets all bytes read. */
export async function compress(
  { source, size, compression }: CompressJob,
  target: FileHandle,
  onRead: (chunk: Buffer) => void,
): Promise<number> {
  const segmentBytes = Math.max(SEGMENT_BYTES_MIN, Math.ceil(size / SEGMENTS_MAX))
  const bufferBytes = Math.min(segmentBytes, size + 1)
  const buffers: Buffer[] = []
  const lanes: Promise<Buffer>[] = []
  let written = 0
  const write = async (bytes: Buffer) => {
    await target.appendFile(bytes)
    written += bytes.length
  }
  try {
    if (compression.encoding === 'dcz') await write(dczHead(compression.dictionary.sha256))
    for (let index = 0, isEnd = false; !isEnd; index++) {
      // One buffer more than lanes: it is filled while the others are compressed. A small file needs only one.
      buffers[index % (LANES + 1)] ??= Buffer.allocUnsafeSlow(bufferBytes)
      const segment = await fill(buffers[index % (LANES + 1)]!, source)
      isEnd = segment.length < bufferBytes
      if (segment.length === 0 && index > 0) break
      if (lanes.length === LANES) await write(await lanes.shift()!)
      const lane = compressSegment(segment, compression)
      // Its rejection is handled below; until then it must not count as unhandled.
      lane.catch(() => {})
      lanes.push(lane)
      // Called while the segment is being compressed.
      onRead(segment)
    }
    while (lanes.length > 0) await write(await lanes.shift()!)
    return written
  } finally {
    // The lanes use the buffers until they settle.
    await Promise.allSettled(lanes)
    for (const buffer of buffers) freeBuffer(buffer)
  }
}

/** Fills a buffer from the file; shorter only at the end of the file. */
async function fill(buffer: Buffer, source: FileHandle): Promise<Buffer> {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await source.read(buffer, filled, buffer.length - filled, null)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
