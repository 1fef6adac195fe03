/** The decoders of what comes compressed. */
import type { Transform } from 'node:stream'
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'
import { windowLogFor } from '@splitcart/shared/dictionary/dcz.ts'

/** A decoder that counts what it has taken. */
export type Decoder = Transform & { bytesWritten: number }

/** The decoder of an encoding, which gives chunks of a size; undefined: the bytes are what they are. */
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

/** The largest window of a frame that is taken. */
export function windowBytesMax(dictionary?: Buffer): number {
  return 2 ** windowLogFor(dictionary)
}
