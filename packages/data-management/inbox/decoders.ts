/** The decoders for the content encodings of uploads. */
import type { Transform } from 'node:stream'
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'
import { windowLogFor } from '@splitcart/shared/dictionary/dcz.ts'

/** A decoder. `bytesWritten`: the compressed bytes that it has consumed. */
export type Decoder = Transform & { bytesWritten: number }

/** The decoder of an encoding, with chunks of up to `chunkSize` bytes; undefined for `identity`, which needs none. */
export function decoderOf(
  encoding: 'dcz' | 'zstd' | 'gzip' | 'identity',
  chunkSize: number,
  dictionary?: Buffer,
): Decoder | undefined {
  if (encoding === 'identity') return undefined
  if (encoding === 'gzip') return createGunzip({ chunkSize })
  const params = { [constants.ZSTD_d_windowLogMax]: windowLogFor(dictionary) }
  return createZstdDecompress({ chunkSize, params, ...(dictionary && { dictionary }) })
}

/** The largest window that a zstd frame may ask for, in bytes; a larger one is refused, as it costs memory. */
export function windowBytesMax(dictionary?: Buffer): number {
  return 2 ** windowLogFor(dictionary)
}
