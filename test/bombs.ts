/** Bodies that are made to be much more than they look: each with what it is refused with. Made without ever being unpacked. */
import { constants, crc32, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'

export type Bomb = Readonly<{
  name: string
  headers: Readonly<Record<string, string>>
  body: Buffer
  /** The status and code of the answer. Where there is no code, the file is taken: it is small, whatever it seems. */
  answer: readonly [status: number, code?: string]
}>

const MIB = 1024 * 1024
const GIB_IN_MIB = 1024

const GZIP = { 'content-type': 'application/gzip', 'content-disposition': 'attachment; filename="bomb.jsonl.gz"' }
const ZSTD = {
  'content-type': 'application/jsonl',
  'content-encoding': 'zstd',
  'content-disposition': 'attachment; filename="bomb.jsonl"',
}
const BOUNDARY = 'a-boundary'
const FORM = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }

/** The limits that the bombs are made for, in the settings of `serve`. */
export const BOMB_LIMITS = { CONTENT_BYTES_MAX: String(64 * MIB), LINES_MAX: '100000' }

/** All bombs. */
export function makeBombs(): Bomb[] {
  const zeros = gzipOf(Buffer.alloc(MIB), GIB_IN_MIB)
  const noise = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * index * 7919) >>> 7))
  return [
    bomb('1 GiB of zeros as gzip', GZIP, zeros, [413, 'ratio_too_large']),
    bomb('1 GiB of zeros as a form', FORM, formOf(zeros), [413, 'ratio_too_large']),
    bomb('1 GiB of zeros as zstd', ZSTD, zstdOf(GIB_IN_MIB), [413, 'ratio_too_large']),
    bomb('1 GiB with a little noise', GZIP, gzipOf(mixed(noise), GIB_IN_MIB), [413, 'content_too_large']),
    bomb('1 GiB of empty lines', GZIP, gzipOf(Buffer.alloc(MIB, '\n'), GIB_IN_MIB), [413, 'lines_too_many']),
    bomb('512 gzip members of 2 MiB each', GZIP, times(512, gzipSync(Buffer.alloc(2 * MIB))), [413, 'ratio_too_large']),
    bomb('a million tiny gzip members', GZIP, times(1e6, gzipSync('')), [400, 'members_too_many']),
    bomb('a million tiny zstd frames', ZSTD, times(1e6, zstdCompressSync('')), [400, 'members_too_many']),
    bomb('a zstd window of 128 MiB', ZSTD, zstdOf(256, 27), [400, 'window_too_large']),
    bomb('a zstd window of 1 GiB', ZSTD, zstdOf(256, 30), [400, 'window_too_large']),
    bomb('gzip of gzip of 1 GiB, said to be twice encoded', { ...GZIP, 'content-encoding': 'gzip' }, gzipSync(zeros), [
      415,
      'encoding_unsupported',
    ]),
    bomb('gzip of gzip of 1 GiB: one layer is unpacked', GZIP, gzipSync(zeros), [201]),
  ]
}

function bomb(name: string, headers: Bomb['headers'], body: Buffer, answer: Bomb['answer']): Bomb {
  return { name, headers, body, answer }
}

/** One gzip member of the same chunk many times: compressed once, with an end that lets it be repeated. */
function gzipOf(chunk: Buffer, count: number): Buffer {
  const block = deflateRawSync(chunk, { finishFlush: constants.Z_FULL_FLUSH })
  const head = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])
  const tail = Buffer.alloc(10)
  tail[0] = 3
  let checksum = 0
  for (let number = 0; number < count; number++) checksum = crc32(chunk, checksum)
  tail.writeUInt32LE(checksum, 2)
  tail.writeUInt32LE((chunk.length * count) >>> 0, 6)
  return Buffer.concat([head, times(count, block), tail])
}

/** Zstd frames of 64 MiB of zeros each; with a window, each asks for that much memory. */
function zstdOf(mebibytes: number, windowLog?: number): Buffer {
  const params = {
    [constants.ZSTD_c_contentSizeFlag]: 0,
    ...(windowLog === undefined ? {} : { [constants.ZSTD_c_windowLog]: windowLog }),
  }
  return times(mebibytes / 64, zstdCompressSync(Buffer.alloc(64 * MIB), { params }))
}

/** A MiB of which a part cannot be compressed: below the limit on the ratio. */
function mixed(noise: Buffer): Buffer {
  return Buffer.concat([noise, Buffer.alloc(MIB - noise.length)])
}

function times(count: number, bytes: Buffer): Buffer {
  return Buffer.alloc(count * bytes.length, bytes)
}

function formOf(file: Buffer): Buffer {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="bomb.jsonl.gz"\r\n\r\n`
  return Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)])
}
