/**
 * `node:zlib` for the simulator: streams and calls that change nothing. The real ones work on other threads, which come back when they like;
 * what they do to bytes has tests of its own.
 */
import { PassThrough } from 'node:stream'

class Unchanged extends PassThrough {
  bytesWritten = 0

  constructor() {
    super()
    this.on('pipe', () => {})
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: null, chunk: Buffer) => void): void {
    this.bytesWritten += chunk.length
    done(null, chunk)
  }
}

const unchanged = () => new Unchanged()

type Callback = (error: null, bytes: Buffer) => void

// A copy: the caller goes on writing where these are.
const unchangedAtOnce = (bytes: Buffer, _options: object, done: Callback) => done(null, Buffer.from(bytes))

const unchangedSync = (bytes: Buffer) => Buffer.from(bytes)

export { constants } from 'node:zlib'
export {
  unchanged as createGunzip,
  unchanged as createGzip,
  unchanged as createZstdCompress,
  unchanged as createZstdDecompress,
  unchangedAtOnce as gzip,
  unchangedAtOnce as zstdCompress,
  unchangedAtOnce as zstdDecompress,
  unchangedSync as zstdCompressSync,
  unchangedSync as zstdDecompressSync,
}
