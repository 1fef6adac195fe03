/** Bodies that are bombs, are damaged, hide something behind their end, or are not what they say. */
import { createHash } from 'node:crypto'
import { constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { GZIP, ROWS } from './contents.ts'
import { type HostileCase, uploadOf } from './hostile-case.ts'

const MIB = 1024 * 1024
const ZSTD = zstdCompressSync(ROWS, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
const ZSTD_FIELDS = { 'Content-Type': 'application/jsonl', 'Content-Encoding': 'zstd' }
const PLAIN = { 'Content-Type': 'application/jsonl' }
const NO_MEMBER = gzipSync('')
// A frame that a decoder skips: sixteen magic numbers are set aside for these.
const SKIPPED = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4])
const KEPT = { statuses: [201], kept: ['x.jsonl'] } as const

type Fields = Readonly<Record<string, string>>

function refused(what: string, status: number, code: string, bytes: Buffer): HostileCase {
  return { what, bytes, statuses: [status], code }
}

function damaged(what: string, body: Buffer | string, fields: Fields = {}): HostileCase {
  return refused(what, 400, 'body_damaged', uploadOf(body, fields))
}

function changed(bytes: Buffer, at: number, by = 0xff): Buffer {
  const copy = Buffer.from(bytes)
  copy[at < 0 ? copy.length + at : at]! ^= by
  return copy
}

/** A gzip header with flags and what they announce. */
function header(flags: number, announced: string): Buffer {
  return Buffer.concat([Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]), Buffer.from(announced, 'latin1')])
}

const DAMAGED: HostileCase[] = [
  refused('an empty body', 400, 'body_empty', uploadOf('')),
  refused('an empty body said to be zstd', 400, 'body_empty', uploadOf('', ZSTD_FIELDS)),
  damaged('text said to be gzip', ROWS),
  damaged('one byte', '\x1f'),
  damaged('the magic number of gzip alone', Buffer.from([0x1f, 0x8b])),
  damaged('zlib said to be gzip', deflateSync(ROWS)),
  damaged('deflate said to be gzip', deflateRawSync(ROWS)),
  damaged('zstd said to be gzip', ZSTD),
  damaged('gzip said to be zstd', GZIP, ZSTD_FIELDS),
  damaged('text said to be zstd', ROWS, ZSTD_FIELDS),
  damaged('another method of compression', changed(GZIP, 2, 1)),
  damaged('reserved flags', changed(GZIP, 3, 0xe0)),
  damaged('a wrong CRC', changed(GZIP, -8)),
  damaged('a wrong size', changed(GZIP, -1)),
  damaged('a flipped bit in the middle', changed(GZIP, GZIP.length >> 1, 1)),
  damaged('an end without its last byte', GZIP.subarray(0, -1)),
  damaged('an end without its trailer', GZIP.subarray(0, -8)),
  damaged('an end in the middle', GZIP.subarray(0, GZIP.length >> 1)),
  damaged('an end behind the header', GZIP.subarray(0, 10)),
  damaged('a name in the header that does not end', header(8, 'x'.repeat(5_000))),
  damaged('a comment in the header that does not end', header(16, 'x'.repeat(5_000))),
  damaged('a second member that breaks off', Buffer.concat([GZIP, GZIP.subarray(0, 20)])),
  damaged('a second member with a wrong CRC', Buffer.concat([GZIP, changed(GZIP, -8)])),
  damaged('a byte behind the end', Buffer.concat([GZIP, Buffer.from('x')])),
  damaged('a NUL behind the end', Buffer.concat([GZIP, Buffer.alloc(1)])),
  damaged('a page of NULs behind the end', Buffer.concat([GZIP, Buffer.alloc(4096)])),
  damaged('a NUL and then rows behind the end', Buffer.concat([GZIP, Buffer.alloc(1), Buffer.from(ROWS)])),
  damaged('a NUL between two members', Buffer.concat([GZIP, Buffer.alloc(1), GZIP])),
  damaged('zstd behind the end of gzip', Buffer.concat([GZIP, ZSTD])),
  damaged('zstd with a flipped bit', changed(ZSTD, ZSTD.length >> 1, 1), ZSTD_FIELDS),
  damaged('zstd that breaks off', ZSTD.subarray(0, -5), ZSTD_FIELDS),
  damaged('zstd with a byte behind its end', Buffer.concat([ZSTD, Buffer.from('x')]), ZSTD_FIELDS),
  damaged('zstd with a NUL behind its end', Buffer.concat([ZSTD, Buffer.alloc(1)]), ZSTD_FIELDS),
  damaged('zstd with half a frame behind its end', Buffer.concat([ZSTD, ZSTD.subarray(0, 9)]), ZSTD_FIELDS),
]

const BOMBS: HostileCase[] = [
  refused('32 MiB of zeros in gzip', 413, '', uploadOf(gzipSync(Buffer.alloc(32 * MIB)))),
  refused('32 MiB of zeros in zstd', 413, '', uploadOf(zstdCompressSync(Buffer.alloc(32 * MIB)), ZSTD_FIELDS)),
  refused('zeros in many members', 413, '', uploadOf(Buffer.concat(Array(40).fill(gzipSync(Buffer.alloc(MIB)))))),
  refused('ten thousand empty members', 400, '', uploadOf(Buffer.concat(Array(10_000).fill(NO_MEMBER)))),
  refused(
    'ten thousand frames to be skipped',
    400,
    '',
    uploadOf(Buffer.concat([...Array(10_000).fill(SKIPPED), ZSTD]), ZSTD_FIELDS),
  ),
  refused('more lines than are taken', 413, '', uploadOf(gzipSync('\n'.repeat(1_500_000)))),
  refused('a body that says it is too large', 413, 'body_too_large', uploadOf(GZIP, { 'Content-Length': '4194305' })),
  refused(
    'a body that says it is larger than any',
    413,
    'body_too_large',
    uploadOf(GZIP, { 'Content-Length': '9007199254740993' }),
  ),
  refused('a body that is too large', 413, 'body_too_large', uploadOf(Buffer.alloc(4 * MIB + 1, '\n'), PLAIN)),
  refused(
    'a window of zstd that is too large',
    400,
    'window_too_large',
    uploadOf(Buffer.from('28b52ffd00f0', 'hex'), ZSTD_FIELDS),
  ),
]

const SAID_WRONG: HostileCase[] = [
  ...['br', 'deflate', 'compress', 'gzip, gzip', 'gzip,identity', '*', 'gzip;q=1'].map((coding) =>
    refused(
      `the encoding ${coding}`,
      415,
      'encoding_unsupported',
      uploadOf(GZIP, { ...PLAIN, 'Content-Encoding': coding }),
    ),
  ),
  refused('gzip twice', 415, 'encoding_unsupported', uploadOf(GZIP, { 'Content-Encoding': 'gzip' })),
  ...['', 'text/html', 'application/json', 'application/zip', 'application/x-www-form-urlencoded', '*/*', 'x'].map(
    (type) =>
      refused(`the media type "${type}"`, 415, 'media_type_unsupported', uploadOf(GZIP, { 'Content-Type': type })),
  ),
  ...['sha-256=:AAAA:', 'sha-256=x', `sha-256=${'0'.repeat(64)}`, 'sha-256=::'].map((digest) =>
    refused(`the digest ${digest}`, 400, 'digest_invalid', uploadOf(GZIP, { 'Unencoded-Digest': digest })),
  ),
  refused(
    'the digest of the compressed bytes',
    400,
    'digest_mismatch',
    uploadOf(GZIP, { 'Unencoded-Digest': `sha-256=:${createHash('sha256').update(GZIP).digest('base64')}:` }),
  ),
]

// Strange, and yet a file like any other: its rows are judged one by one when it is loaded.
const TAKEN: HostileCase[] = [
  { what: 'a scrape without rows', bytes: uploadOf(NO_MEMBER), ...KEPT },
  { what: 'gzip in gzip: a file that is gzip', bytes: uploadOf(gzipSync(GZIP)), ...KEPT },
  { what: 'two members', bytes: uploadOf(Buffer.concat([GZIP, GZIP])), ...KEPT },
  {
    what: 'two frames and one that is skipped',
    bytes: uploadOf(Buffer.concat([ZSTD, SKIPPED, ZSTD]), ZSTD_FIELDS),
    ...KEPT,
  },
  { what: 'bytes of chance', bytes: uploadOf(changed(Buffer.alloc(999, 'x'), 7), PLAIN), ...KEPT },
  { what: 'a bomb of brackets', bytes: uploadOf('['.repeat(100_000), PLAIN), ...KEPT },
  { what: 'a row named __proto__', bytes: uploadOf('{"__proto__": {"x": 1}}\n', PLAIN), ...KEPT },
  {
    what: 'a file name in the gzip header',
    bytes: uploadOf(Buffer.concat([header(8, '../../evil\0'), GZIP.subarray(10)])),
    ...KEPT,
  },
]

export const BODIES: readonly HostileCase[] = [...DAMAGED, ...BOMBS, ...SAID_WRONG, ...TAKEN]
