/**
 * `dcz`, Dictionary-Compressed Zstandard (RFC 9842): zstd that may also refer to the bytes of another file, its dictionary, which both
 * sides have already. The head names the dictionary by its SHA-256, and is a skippable frame to every decoder of zstd.
 */
import { constants, type ZstdOptions } from 'node:zlib'

export const DCZ = 'dcz'

/** The maximum size of a dictionary, in bytes: both sides hold it in memory. */
export const DICTIONARY_BYTES_MAX = 16 * 1024 * 1024

/** The head: a skippable frame of 32 bytes. */
export const DCZ_HEAD_BYTES = 40

const MAGIC = Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 0x20, 0x00, 0x00, 0x00])
// zstd treats a dictionary with this prefix as formatted, not as raw content (RFC 8878, section 6).
const FORMATTED = Buffer.from([0x37, 0xa4, 0x30, 0xec])
// 8 MiB: what every decoder must take (RFC 9659), with or without a dictionary.
const WINDOW_LOG_MAX = 23
/** Below 5 a dictionary is all but wasted; 12 takes eleven times as long as 11 for three thousandths less, and six times without one. */
export const LEVEL = 11
// By a smaller dictionary zstd takes 11 for another search: five to ten times the time of 10, and from 100 KB on more bytes.
const LEVEL_OF_SMALL = 10
const SMALL_BYTES_MAX = 256 * 1024

/** A file that both sides have. */
export type Dictionary = Readonly<{ sha256: string; bytes: Buffer }>

/** The head of a body whose dictionary has this SHA-256. */
export function dczHead(sha256: string): Buffer {
  return Buffer.concat([MAGIC, Buffer.from(sha256, 'hex')])
}

/** The SHA-256 of the dictionary that a head names; undefined if it is not a valid head. */
export function dictionaryNamedIn(head: Buffer): string | undefined {
  if (head.length < DCZ_HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  return head.toString('hex', MAGIC.length, DCZ_HEAD_BYTES)
}

/** Whether bytes can serve as a raw dictionary: not too long, and not in zstd's dictionary format. */
export function isDictionary(bytes: Buffer): boolean {
  return bytes.length <= DICTIONARY_BYTES_MAX && !bytes.subarray(0, FORMATTED.length).equals(FORMATTED)
}

/** The largest window that a body may ask for: 8 MiB, or a quarter more than its dictionary has (RFC 9842, section 5), as a power of two. */
export function windowLogFor(dictionary: Buffer | undefined): number {
  const allowed = 1.25 * (dictionary?.length ?? 0)
  return Math.max(WINDOW_LOG_MAX, Math.floor(Math.log2(Math.max(1, allowed))))
}

/** The zstd options to compress a file of `bytes` bytes with a dictionary. */
export function withDictionary(dictionary: Buffer, bytes: number): ZstdOptions {
  const isSmall = dictionary.length <= SMALL_BYTES_MAX
  const both = dictionary.length + bytes
  const params = {
    [constants.ZSTD_c_compressionLevel]: isSmall ? LEVEL_OF_SMALL : LEVEL,
    [constants.ZSTD_c_checksumFlag]: 1,
    // A dictionary is out of reach as soon as a whole window lies behind it.
    [constants.ZSTD_c_windowLog]: windowLogFor(dictionary),
    // For a whole window zstd makes a table of 32 MiB, which costs a third of the time to fill. One place for four
    // bytes makes the result half a percent larger. Beyond a window zstd searches in another way, which needs its table.
    ...(isSmall || both > 2 ** WINDOW_LOG_MAX ? {} : { [constants.ZSTD_c_hashLog]: Math.floor(Math.log2(both)) - 1 }),
  }
  return { dictionary, params, pledgedSrcSize: bytes }
}
