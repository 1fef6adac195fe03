/** Lines: the same whatever the chunks, and in constant memory whatever the line. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../../test/properties.ts'
import { countLines, isBlank, type Line, LineSplitter, readLines } from '../lines.ts'

const NEWLINE = 0x0a

/** The definition, in its plainest form. */
function naive(bytes: Buffer): string[] {
  const withoutMark = bytes.subarray(bytes.indexOf('\ufeff') === 0 ? 3 : 0)
  const lines = withoutMark.toString('latin1').split('\n')
  // What follows the last newline is a line only when there is something; a file that is only a mark has one line.
  if (lines.at(-1) === '' && bytes.at(-1) !== 0xbf) lines.pop()
  return lines
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length))
}

async function linesOf(chunks: readonly Buffer[], lineBytesMax?: number): Promise<Line[]> {
  const lines: Line[] = []
  for await (const some of readLines(chunks, lineBytesMax)) lines.push(...some.map(copied))
  return lines
}

// A line shares the memory of its chunk.
function copied(line: Line): Line {
  return { ...line, bytes: Buffer.from(line.bytes) }
}

async function textsOf(...chunks: (string | Buffer)[]): Promise<string[]> {
  const lines = await linesOf(chunks.map((chunk) => Buffer.from(chunk)))
  return lines.map(({ bytes }) => bytes.toString())
}

const BYTES = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.nat(255) }, { weight: 1, arbitrary: fc.constant(NEWLINE) }))
  .map((bytes) => Buffer.from(bytes))

test('any bytes in any chunks give the lines of a plain split at 0x0A', async () => {
  await fc.assert(
    fc.asyncProperty(BYTES, fc.array(fc.nat()), async (bytes, at) => {
      const lines = await linesOf(cut(bytes, at))
      assert.deepEqual(
        lines.map((line) => line.bytes.toString('latin1')),
        naive(bytes),
      )
      assert.deepEqual(
        lines.map((line) => line.number),
        lines.map((_, index) => index + 1),
      )
    }),
    { numRuns: 1000 },
  )
})

test('counting lines gives the number of lines that are read', async () => {
  await fc.assert(
    fc.asyncProperty(BYTES, fc.array(fc.nat()), async (bytes, at) => {
      const count = { lines: 0, open: false }
      for (const chunk of cut(bytes, at)) countLines(count, chunk)
      assert.equal(count.lines + (count.open ? 1 : 0), (await linesOf([bytes])).length)
    }),
  )
})

test('a byte order mark at the start of the file belongs to no line, anywhere else it does', async () => {
  assert.deepEqual(await textsOf('\ufeffa\n\ufeffb\n'), ['a', '\ufeffb'])
  assert.deepEqual(await textsOf('\ufeff\ufeffa\n'), ['\ufeffa'])
  assert.deepEqual(await textsOf(Buffer.from([0xef]), Buffer.from([0xbb]), Buffer.from([0xbf, 0x61])), ['a'])
})

test('a carriage return stays in its line, and a line of white space is blank', async () => {
  assert.deepEqual(await textsOf('a\r\n\r\nb\rc'), ['a\r', '\r', 'b\rc'])
  assert.equal(isBlank(Buffer.from(' \t\r')), true)
  assert.equal(isBlank(Buffer.from('')), true)
  assert.equal(isBlank(Buffer.from('\u00a0')), false)
  assert.equal(isBlank(Buffer.from('\0')), false)
})

test('U+2028, U+2029, U+0085 and form feed end no line', async () => {
  const line = '"a\u2028b\u2029c\u0085d\fe\vf"'
  assert.deepEqual(await textsOf(`${line}\n${line}\n`), [line, line])
})

test('a last line without a newline counts, and after a newline nothing follows', async () => {
  assert.deepEqual(await textsOf('a\nb'), ['a', 'b'])
  assert.deepEqual(await textsOf('a\nb\n'), ['a', 'b'])
  assert.deepEqual(await textsOf('\n\n'), ['', ''])
  assert.deepEqual(await textsOf(''), [])
  assert.deepEqual(await textsOf(), [])
})

test('a line of exactly the limit is taken, one byte more is too long, in any chunks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1000, max: 1060 }), fc.array(fc.nat()), async (length, at) => {
      const bytes = Buffer.from(`a\n${'x'.repeat(length)}\nb`)
      const [before, line, after] = await linesOf(cut(bytes, at), 1030)
      assert.equal(before?.bytes.toString(), 'a')
      assert.equal(line?.tooLong, length > 1030)
      assert.equal(line.bytes.toString(), 'x'.repeat(length > 1030 ? 1024 : length))
      assert.equal(after?.bytes.toString(), 'b')
    }),
  )
})

test('a line far over the limit is read past, keeping 1,024 bytes of it and little memory', () => {
  const splitter = new LineSplitter(64 * 1024)
  const chunk = Buffer.alloc(64 * 1024, 'x')
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  assert.equal([...splitter.push(Buffer.from('first\n'))].length, 1)
  for (let chunks = 0; chunks < 4000; chunks++) {
    assert.deepEqual([...splitter.push(chunk)], [])
    if (chunks % 100 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  const [long, last] = splitter.push(Buffer.from('end\nlast\n'))
  assert.equal(long?.number, 2)
  assert.equal(long.tooLong, true)
  assert.equal(long.bytes.toString(), 'x'.repeat(1024))
  assert.equal(last?.bytes.toString(), 'last')
  assert.ok(most < 4 * 1024 * 1024, `250 MiB of one line took ${most} bytes`)
})
