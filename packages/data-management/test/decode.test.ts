/** From the bytes on the wire to the bytes of the file: what is sound arrives whole, and nothing else arrives. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { constants, createGzip, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib'
import { realDisk } from '@splitcart/shared/disk.ts'
import { writePart } from '@splitcart/shared/durable-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import fc from 'fast-check'
import { type TemporaryFolder, temporaryFolder } from '../../../test/folders.ts'
import { type DecodedContent, type DecodeLimits, decode, type Encoding } from '../inbox/decode.ts'

const MIB = 1024 * 1024
const LIMITS: DecodeLimits = {
  bodyBytesMax: 64 * MIB,
  contentBytesMax: 64 * MIB,
  contentRatioMax: 1e6,
  linesMax: 1e6,
  idleMsMax: 5_000,
}
const TEXT = Buffer.from('{"product": "Käse 🧀"}\n{"product": "milk"}\nno newline at the end')
const MILK = Buffer.from('{"product": "milk"}\n')
const CHECKED = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }
const COMPRESSED = { gzip: gzipSync, zstd: (content: Buffer) => zstdCompressSync(content, CHECKED) }
const ENCODINGS = ['gzip', 'zstd'] as const

/** Decodes chunks as they come into a file of the folder. */
async function decoded(
  at: TemporaryFolder,
  encoding: Encoding,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  limits: Partial<DecodeLimits> = {},
): Promise<DecodedContent> {
  const body = Readable.from(chunks, { objectMode: false })
  const part = join(at.path, 'part')
  return writePart(realDisk(), part, (file) => decode({ body, encoding }, { ...LIMITS, ...limits }, file))
}

/** The code of the problem that chunks are refused with; nothing of them may be left. */
async function refusal(...given: Parameters<typeof decoded>): Promise<string> {
  const error = await decoded(...given).then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Problem)) throw error
  assert.deepEqual(await readdir(given[0].path), [])
  return error.code
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function* portions(bytes: Buffer, size: number): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

for (const encoding of ['gzip', 'zstd', 'identity'] as const)
  test(`${encoding}: the bytes of the file, its digest, its size and its lines`, async () => {
    await using at = await temporaryFolder()
    const body = encoding === 'identity' ? TEXT : COMPRESSED[encoding](TEXT)
    const result = await decoded(at, encoding, [body])
    assert.deepEqual(result, { sha256: sha256Of(TEXT), bytes: TEXT.length, lines: 3, wireBytes: body.length })
    assert.deepEqual(await readFile(join(at.path, 'part')), TEXT)
  })

for (const encoding of ENCODINGS) {
  const compress = COMPRESSED[encoding]

  test(`${encoding}: several members one after the other are one content, wherever they are cut`, async () => {
    const members = Buffer.concat([compress(MILK), compress(Buffer.alloc(0)), compress(TEXT)])
    for (const size of [1, 7, 20, 33, members.length]) {
      await using at = await temporaryFolder()
      const result = await decoded(at, encoding, portions(members, size))
      assert.equal(result.sha256, sha256Of(Buffer.concat([MILK, TEXT])), `in portions of ${size}`)
    }
  })

  test(`${encoding}: data cut off at any byte are refused`, async () => {
    await using at = await temporaryFolder()
    const whole = compress(TEXT)
    for (let length = 1; length < whole.length; length++)
      assert.equal(await refusal(at, encoding, [whole.subarray(0, length)]), 'body_damaged', `${length} bytes`)
  })

  test(`${encoding}: whatever stands behind the end is refused, however it arrives`, async () => {
    await using at = await temporaryFolder()
    const whole = compress(TEXT)
    const behind = {
      'a NUL': Buffer.alloc(1),
      NULs: Buffer.alloc(100_000),
      text: Buffer.from('and more'),
      'a cut member': whole.subarray(0, -3),
      'NULs and a member': Buffer.concat([Buffer.alloc(9), whole]),
    }
    for (const [what, bytes] of Object.entries(behind))
      for (const chunks of [[Buffer.concat([whole, bytes])], [whole, bytes], [whole, ...portions(bytes, 7)]])
        assert.equal(await refusal(at, encoding, chunks), 'body_damaged', `${what} in ${chunks.length} chunks`)
  })

  test(`${encoding}: a member that goes no further than some first bytes is refused, whatever the one before ends with`, async () => {
    for (const ending of ['x', '(', 'P', '_', '(\xb5', '(\xb5/', 'P*', 'P*M', '\x1f', '\x1f\x8b']) {
      const content = Buffer.concat([MILK, Buffer.from(ending, 'latin1')])
      // Without a checksum: what is not compressed ends the frame with the content's own bytes.
      const whole = encoding === 'zstd' ? zstdCompressSync(content) : gzipSync(content, { level: 0 })
      for (const size of [1, whole.length - 1, whole.length + 20]) {
        await using at = await temporaryFolder()
        for (let length = 1; length < 18; length++) {
          const cut = Buffer.concat([whole, whole.subarray(0, length)])
          assert.equal(await refusal(at, encoding, portions(cut, size)), 'body_damaged', `${ending}, ${length} bytes`)
        }
        for (let length = 1; size === 1 && length < whole.length; length++)
          assert.equal(await refusal(at, encoding, portions(whole.subarray(0, length), size)), 'body_damaged', ending)
        assert.equal((await decoded(at, encoding, portions(whole, size))).sha256, sha256Of(content), ending)
      }
    }
  })

  test(`${encoding}: what follows the end is refused at once, not when the sender tires`, async () => {
    await using at = await temporaryFolder()
    const body = new PassThrough()
    body.write(Buffer.concat([compress(MILK), Buffer.alloc(3)]))
    // Else it would be late first.
    assert.equal(await refusal(at, encoding, body, { idleMsMax: HOUR_MS }), 'body_damaged')
  })

  test(`${encoding}: a bit that fell over is noticed, or makes no difference to the content`, async () => {
    await using at = await temporaryFolder()
    const whole = compress(TEXT)
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      const result = await decoded(at, encoding, [flipped]).catch((error: unknown) => error)
      if (result instanceof Problem) {
        assert.equal(result.code, 'body_damaged', `bit ${bit}`)
        continue
      }
      assert.equal((result as DecodedContent).sha256, sha256Of(TEXT), `bit ${bit}`)
      await realDisk().unlink(join(at.path, 'part'))
    }
  })

  test(`${encoding}: any chunks of the same bytes give the same digest`, async () => {
    const whole = Buffer.concat([compress(TEXT), compress(MILK)])
    const cuts = fc.array(fc.nat(whole.length), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(cuts, async (given) => {
        await using at = await temporaryFolder()
        const ends = [...given.sort((one, other) => one - other), whole.length]
        const chunks = ends.map((end, index) => whole.subarray(ends[index - 1] ?? 0, end))
        const { sha256, wireBytes } = await decoded(at, encoding, chunks)
        assert.deepEqual([sha256, wireBytes], [sha256Of(Buffer.concat([TEXT, MILK])), whole.length])
      }),
      { numRuns: 100 },
    )
  })

  test(`${encoding}: a gigabyte of zeros stops at the limit, in little memory`, async () => {
    await using at = await temporaryFolder()
    const compressor = encoding === 'gzip' ? createGzip() : createZstdCompress()
    const bomb: Buffer[] = await Readable.from(zeros(1024)).pipe(compressor).toArray()
    const before = process.memoryUsage().rss
    let peak = before
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5)
    const code = await refusal(at, encoding, bomb, { contentBytesMax: 16 * MIB }).finally(() => clearInterval(watch))
    assert.equal(code, 'content_too_large')
    assert.ok(peak - before < 64 * MIB, `${(peak - before) / MIB} MiB more memory`)
  })

  test(`${encoding}: nothing, compressed, is a file without lines`, async () => {
    await using at = await temporaryFolder()
    const { bytes, lines } = await decoded(at, encoding, [compress(Buffer.alloc(0))])
    assert.deepEqual({ bytes, lines }, { bytes: 0, lines: 0 })
  })

  test(`${encoding}: other data are refused`, async () => {
    await using at = await temporaryFolder()
    const other = encoding === 'gzip' ? zstdCompressSync(TEXT) : gzipSync(TEXT)
    for (const body of [other, TEXT]) assert.equal(await refusal(at, encoding, [body]), 'body_damaged')
  })
}

for (const encoding of ['gzip', 'zstd', 'identity'] as const) {
  test(`${encoding}: a body without a byte is refused`, async () => {
    await using at = await temporaryFolder()
    assert.equal(await refusal(at, encoding, []), 'body_empty')
  })

  test(`${encoding}: a body that stands still is refused when its time is over`, async () => {
    await using at = await temporaryFolder()
    const body = new PassThrough()
    body.write(encoding === 'identity' ? TEXT : COMPRESSED[encoding](TEXT))
    assert.equal(await refusal(at, encoding, body, { idleMsMax: 50 }), 'body_late')
    assert.equal(body.destroyed, false, 'the connection is needed for the answer')
  })

  test(`${encoding}: a body that breaks off is refused`, async () => {
    await using at = await temporaryFolder()
    const body = new PassThrough()
    body.write(encoding === 'identity' ? TEXT : COMPRESSED[encoding](TEXT))
    const refused = refusal(at, encoding, body)
    while (body.readableLength > 0) await sleep(1)
    body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
    assert.equal(await refused, 'body_damaged')
  })
}

test('a slow sender is waited for as long as bytes come', async () => {
  await using at = await temporaryFolder()
  async function* slowly() {
    for (const portion of portions(gzipSync(TEXT), 8)) {
      await sleep(150)
      yield portion
    }
  }
  const { sha256 } = await decoded(at, 'gzip', slowly(), { idleMsMax: 1_000 })
  assert.equal(sha256, sha256Of(TEXT))
})

test('a body over the limit is refused when it gets there, not at its end', async () => {
  await using at = await temporaryFolder()
  let sent = 0
  function* endless() {
    for (; ; sent++) yield Buffer.alloc(64 * 1024, 'x')
  }
  assert.equal(await refusal(at, 'identity', endless(), { bodyBytesMax: MIB }), 'body_too_large')
  assert.ok(sent < 40, `${sent} portions of 64 KiB were read`)
})

function* zeros(count: number): Generator<Buffer> {
  const portion = Buffer.alloc(MIB)
  for (let number = 0; number < count; number++) yield portion
}
