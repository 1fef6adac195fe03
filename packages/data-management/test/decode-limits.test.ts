/** What the decoder takes of content that is made to be too much for it: a limit each, and a body just below it is taken. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { constants, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { realDisk } from '@splitcart/shared/disk.ts'
import { writePart } from '@splitcart/shared/durable-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { computing } from '../../../test/times.ts'
import { type DecodeLimits, decode, type Encoding } from '../inbox/decode.ts'
import { MEMBERS_MAX } from '../inbox/members.ts'
import { LIMITS } from './receiver.ts'

const MIB = 1024 * 1024
const MILK = Buffer.from('{"product": "milk"}\n')
const NONE = Buffer.alloc(0)
const SKIPPED = Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 0x28, 0xb5])

/** What becomes of a body in chunks of a size: how many bytes of content, or the code of the problem, and nothing on the disk. */
async function outcome(
  encoding: Encoding,
  body: Buffer,
  limits: Partial<DecodeLimits> = {},
  size = 65_536,
): Promise<number | string> {
  await using at = await temporaryFolder()
  const part = join(at.path, 'part')
  const source = Readable.from(portions(body, size), { objectMode: false })
  try {
    const take = (file: Parameters<typeof decode>[2]) =>
      decode({ body: source, encoding }, { ...LIMITS, ...limits }, file)
    return (await writePart(realDisk(), part, take)).bytes
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    assert.deepEqual(await readdir(at.path), [])
    return error.code
  }
}

function* portions(bytes: Buffer, size: number): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

function times(count: number, member: Buffer): Buffer {
  return Buffer.concat(new Array<Buffer>(count).fill(member))
}

/** How many bytes of content have been written when a body is refused. */
async function writtenOf(encoding: Encoding, body: Buffer, limits: Partial<DecodeLimits>): Promise<number> {
  let written = 0
  const part = {
    appendFile: async (chunk: unknown) => {
      written += (chunk as Buffer).length
    },
  }
  const source = Readable.from(portions(body, 65_536), { objectMode: false })
  await assert.rejects(decode({ body: source, encoding }, { ...LIMITS, ...limits }, part), Problem)
  return written
}

test('of content that is too large not a byte more is written than may be', async () => {
  const zeros = Buffer.alloc(2 * MIB)
  for (const contentBytesMax of [1, MIB - 1, MIB, MIB + 1]) {
    for (const encoding of ['gzip', 'zstd'] as const)
      assert.ok((await writtenOf(encoding, COMPRESSED[encoding](zeros), { contentBytesMax })) <= contentBytesMax)
    assert.ok((await writtenOf('identity', zeros, { contentBytesMax })) <= contentBytesMax)
  }
})

const COMPRESSED = { gzip: gzipSync, zstd: zstdCompressSync }

for (const encoding of ['gzip', 'zstd'] as const) {
  const compress = COMPRESSED[encoding]

  test(`${encoding}: content many times larger than the body is refused after its first MiB`, async () => {
    const zeros = compress(Buffer.alloc(2 * MIB))
    assert.equal(await outcome(encoding, zeros, { contentRatioMax: 500 }), 'ratio_too_large')
    assert.equal(await outcome(encoding, zeros, { contentRatioMax: 50_000 }), 2 * MIB)
    assert.equal(await outcome(encoding, compress(Buffer.alloc(MIB)), { contentRatioMax: 500 }), MIB)
  })

  test(`${encoding}: a body of up to ${MEMBERS_MAX} members is taken, however it is cut, and one more is refused`, async () => {
    const most = times(MEMBERS_MAX, compress(MILK))
    for (const size of [64, 65_536]) {
      assert.equal(await outcome(encoding, most, {}, size), MEMBERS_MAX * MILK.length, `in chunks of ${size}`)
      const more = Buffer.concat([most, compress(NONE)])
      assert.equal(await outcome(encoding, more, {}, size), 'members_too_many', `in chunks of ${size}`)
    }
  })

  test(`${encoding}: a million tiny members are refused at once`, async () => {
    for (const content of [NONE, Buffer.from('\n')]) {
      const body = times(1_000_000, compress(content))
      const computed = computing()
      assert.equal(await outcome(encoding, body, { bodyBytesMax: 64 * MIB }), 'members_too_many')
      assert.ok(computed() < 2000)
    }
  })

  test(`${encoding}: compressed content inside compressed content stays what it is`, async () => {
    const inner = compress(Buffer.alloc(100 * MIB))
    assert.equal(await outcome(encoding, compress(inner)), inner.length)
  })
}

test('content with too many lines is refused, whatever its encoding', async () => {
  const lines = times(1000, MILK)
  for (const [encoding, body] of [['identity', lines] as const, ['gzip', gzipSync(lines)] as const]) {
    assert.equal(await outcome(encoding, body, { linesMax: 1000 }), lines.length)
    assert.equal(await outcome(encoding, body, { linesMax: 999 }), 'lines_too_many')
  }
})

test('millions of empty lines are refused within seconds', async () => {
  const limits = { linesMax: 5_000_000, contentRatioMax: 2000 }
  const computed = computing()
  assert.equal(await outcome('gzip', gzipSync(Buffer.alloc(8 * MIB, '\n')), limits), 'lines_too_many')
  assert.ok(computed() < 5000)
})

test('the bytes that a member starts with may stand inside one', async () => {
  const pieces = Buffer.concat([Buffer.from('1f8b08', 'hex'), Buffer.from('28b52ffd', 'hex'), SKIPPED])
  const stored = { level: 0 }
  for (const size of [1, 2, 3, 5, 65_536]) {
    assert.equal(await outcome('gzip', gzipSync(times(10, pieces), stored), {}, size), 10 * pieces.length)
    assert.equal(await outcome('zstd', zstdCompressSync(pieces), {}, size), pieces.length)
  }
})

test('frames that are to be skipped count as frames and are no content', async () => {
  const frame = zstdCompressSync(MILK)
  for (const size of [1, 4, 7, 65_536]) {
    const body = Buffer.concat([SKIPPED, frame, SKIPPED, SKIPPED, frame, SKIPPED])
    assert.equal(await outcome('zstd', body, {}, size), 2 * MILK.length, `in chunks of ${size}`)
  }
  assert.equal(await outcome('zstd', times(MEMBERS_MAX + 1, SKIPPED)), 'members_too_many')
})

test('a frame that breaks off in its head is refused, also when a frame follows, wherever they are cut', async () => {
  const magic = Buffer.from('28b52ffd', 'hex')
  const frame = zstdCompressSync(MILK)
  // zstd takes 502a4d18 for the rest of the head when both come at once, and forgets the head when they do not.
  const bodies = {
    'a frame to be skipped': Buffer.concat([magic, Buffer.from('502a4d18020000006162', 'hex')]),
    'one in a long head': Buffer.concat([magic, Buffer.from('c00030000000', 'hex'), SKIPPED]),
    'a frame': Buffer.concat([magic, frame]),
    'a frame behind many beginnings': Buffer.concat([magic, magic, magic, magic, SKIPPED, frame]),
    nothing: magic,
  }
  for (const [what, body] of Object.entries(bodies))
    for (let size = 1; size <= body.length; size++)
      assert.equal(await outcome('zstd', body, {}, size), 'body_damaged', `${what}, in chunks of ${size}`)
})

test('a zstd window is taken up to 8 MiB and refused beyond', async () => {
  const content = Buffer.alloc(9 * MIB)
  const withWindow = (log: number) =>
    zstdCompressSync(content, {
      params: { [constants.ZSTD_c_windowLog]: log, [constants.ZSTD_c_contentSizeFlag]: 0 },
    })
  const limits = { contentRatioMax: 1e6 }
  assert.equal(await outcome('zstd', withWindow(23), limits), content.length)
  for (const log of [24, 27, 30])
    assert.equal(await outcome('zstd', withWindow(log), limits), 'window_too_large', `2^${log}`)
})

test('a gzip header without end costs no memory', async () => {
  const header = Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3])
  const body = Buffer.concat([header, Buffer.alloc(3 * MIB, 'x')])
  assert.equal(await outcome('gzip', body), 'body_damaged')
  const whole = Buffer.concat([body, Buffer.alloc(1), deflateRawSync(NONE), Buffer.alloc(8)])
  assert.equal(await outcome('gzip', whole), 0)
})
