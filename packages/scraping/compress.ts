/** Compressing one open file into another in constant memory: two buffers take turns, one is read while the other is compressed. */
import type { FileHandle } from 'node:fs/promises'
import type { Transform } from 'node:stream'
import { constants, createGzip, createZstdCompress } from 'node:zlib'

/** How a file is compressed, in the words of HTTP's Content-Encoding. */
export type Encoding = 'zstd' | 'gzip'

const READ_BYTES = 512 * 1024
const WRITE_BYTES = 256 * 1024
const ZSTD_LEVEL = 3
const GZIP_LEVEL = 6

/** Compresses the rest of `source` to the end of `target` and returns how many bytes that took; `hear` is told all that was read. */
export async function compress(
  source: FileHandle,
  target: FileHandle,
  encoding: Encoding,
  hear: (chunk: Buffer) => void,
): Promise<number> {
  const compressor = createCompressor(encoding)
  const fed = feed(source, compressor, hear).catch((error) => {
    compressor.destroy(error)
    throw error
  })
  // Both have ended before either error is thrown: the files are closed only then.
  const [ended, written] = await Promise.allSettled([fed, drain(compressor, target)])
  if (written.status === 'rejected') throw written.reason
  if (ended.status === 'rejected') throw ended.reason
  return written.value
}

async function feed(source: FileHandle, compressor: Transform, hear: (chunk: Buffer) => void): Promise<void> {
  let [buffer, other] = [Buffer.allocUnsafeSlow(READ_BYTES), Buffer.allocUnsafeSlow(READ_BYTES)]
  let compressed: Promise<void> = Promise.resolve()
  for (;;) {
    const { bytesRead } = await source.read(buffer, 0, READ_BYTES, null)
    const chunk = buffer.subarray(0, bytesRead)
    hear(chunk)
    await compressed
    if (bytesRead === 0) break
    compressed = write(compressor, chunk)
    // Its failure is met above; until then it must not count as unhandled.
    compressed.catch(() => {})
    ;[buffer, other] = [other, buffer]
  }
  compressor.end()
}

// Called back when all of the chunk was compressed: only then may its memory be written to again.
function write(compressor: Transform, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => compressor.write(chunk, (error) => (error ? reject(error) : resolve())))
}

async function drain(compressor: Transform, target: FileHandle): Promise<number> {
  let written = 0
  for await (const chunk of compressor) {
    await target.appendFile(chunk)
    written += chunk.length
  }
  return written
}

function createCompressor(encoding: Encoding): Transform {
  if (encoding === 'gzip') return createGzip({ level: GZIP_LEVEL, chunkSize: WRITE_BYTES })
  const params = { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_checksumFlag]: 1 }
  return createZstdCompress({ params, chunkSize: WRITE_BYTES })
}
