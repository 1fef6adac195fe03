/**
 * `dcz`, Dictionary-Compressed Zstandard (RFC 9842): zstd that refers to bytes of another file, its dictionary,
 * which sender and server both have already. The head has the SHA-256 of the dictionary, and is a skippable frame for
 * every zstd decoder.
 */
import { constants, type ZstdOptions } from 'node:zlib'

export const DCZ = 'dcz'

/** The maximum size of a dictionary, in bytes: sender and server hold it in memory. */
export const DICTIONARY_BYTES_MAX = 16 * 1024 * 1024

/** The head: a skippable frame of 32 bytes. */
export const DCZ_HEAD_BYTES = 40

const MAGIC = Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 0x20, 0x00, 0x00, 0x00])
// zstd treats a dictionary with this prefix as formatted, not as raw content (RFC 8878, section 6).
const FORMATTED_DICTIONARY_MAGIC = Buffer.from([0x37, 0xa4, 0x30, 0xec])
// 8 MiB: the window that every decoder must support (RFC 9659), with or without a dictionary.
const WINDOW_LOG_MAX = 23
/** Below 5, a dictionary saves hardly anything; 12 takes eleven times as long as 11 and saves only 0.3 % more. */
export const COMPRESSION_LEVEL = 11
// With a small dictionary, zstd switches to another search at level 11: it takes 5 to 10 times as long as level 10.
const LEVEL_FOR_SMALL_DICTIONARY = 10
const SMALL_DICTIONARY_BYTES_MAX = 256 * 1024

/** A file that both sides have. */
export type Dictionary = Readonly<{ sha256: string; bytes: Buffer }>

/** The head of a body whose dictionary has this SHA-256. */
export function dczHead(sha256: string): Buffer {
  return Buffer.concat([MAGIC, Buffer.from(sha256, 'hex')])
}

/** The SHA-256 of the dictionary that a head names; undefined if it is not a valid head. */
export function dictionarySha256In(head: Buffer): string | undefined {
  if (head.length < DCZ_HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  return head.toString('hex', MAGIC.length, DCZ_HEAD_BYTES)
}

/** Whether bytes can serve as a raw dictionary: not too long, and not in zstd's dictionary format. */
export function isRawDictionary(bytes: Buffer): boolean {
  return (
    bytes.length <= DICTIONARY_BYTES_MAX &&
    !bytes.subarray(0, FORMATTED_DICTIONARY_MAGIC.length).equals(FORMATTED_DICTIONARY_MAGIC)
  )
}

/** Log2 of the largest window of a body: 8 MiB, or 1.25 times the size of its dictionary (RFC 9842, section 5). */
export function windowLogFor(dictionary: Buffer | undefined): number {
  const allowed = 1.25 * (dictionary?.length ?? 0)
  return Math.max(WINDOW_LOG_MAX, Math.floor(Math.log2(Math.max(1, allowed))))
}

/** The zstd options to compress a file of `bytes` bytes with a dictionary. */
export function compressionOptions(dictionary: Buffer, bytes: number): ZstdOptions {
  const isSmall = dictionary.length <= SMALL_DICTIONARY_BYTES_MAX
  const both = dictionary.length + bytes
  const params = {
    [constants.ZSTD_c_compressionLevel]: isSmall ? LEVEL_FOR_SMALL_DICTIONARY : COMPRESSION_LEVEL,
    [constants.ZSTD_c_checksumFlag]: 1,
    // zstd can refer to the dictionary only from positions within one window after it.
    [constants.ZSTD_c_windowLog]: windowLogFor(dictionary),
    // By default zstd fills a hash table of 32 MiB, which takes a third of the time. Within one window, an entry for two
    // to four bytes is enough: the result is half a percent larger. Beyond it zstd searches by a method that needs more.
    ...(isSmall || both > 2 ** WINDOW_LOG_MAX ? {} : { [constants.ZSTD_c_hashLog]: Math.floor(Math.log2(both)) - 1 }),
  }
  return { dictionary, params, pledgedSrcSize: bytes }
}
