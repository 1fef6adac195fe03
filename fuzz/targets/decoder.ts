/**
 * The decoder of uploads, against Python and `zstd`. The first five bytes say how: the encoding and whether the rest is on the wire as
 * it is or is compressed first, a member for each piece; the size of the chunks; the limits; and where a byte is damaged, and how.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { type Encoding as AnyEncoding, decode } from '@splitcart/data-management/inbox/decode.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { PYTHON_MISSING, Python } from '../python.ts'
import type { Target } from '../target.ts'
import { OF_DECODED } from './decoded.ts'

const MIB = 1024 * 1024
// Those with a dictionary have a target of their own.
type Encoding = Exclude<AnyEncoding, 'dcz'>

const ENCODINGS: readonly Encoding[] = ['gzip', 'zstd', 'identity']
const CHUNKS_MAX = 24
const BETWEEN_MEMBERS = '\u00ff\u00fe'
const NOT_SOUND = new Set(['body_damaged', 'body_empty'])
const ZSTD_MISSING = spawnSync('zstd', ['--version']).status !== 0

const GUNZIP = `
import zlib, hashlib
def answer(frame):
    content, rest, members = b'', frame, 0
    while rest or not members:
        member = zlib.decompressobj(31)
        try: content += member.decompress(rest) + member.flush()
        except zlib.error: return None
        if not member.eof: return None
        rest, members = member.unused_data, members + 1
    return hashlib.sha256(content).hexdigest()
`

type Case = Readonly<{ encoding: Encoding; wire: Buffer; size: number; contentBytesMax: number }>

function read(input: Buffer): Case {
  const [how = 0, size = 0, limit = 0, at = 0, damage = 0] = input
  const encoding = ENCODINGS[how % 3]!
  const rest = Buffer.from(input.subarray(5))
  const wire = how & 0x80 && encoding !== 'identity' ? packed(encoding, rest) : rest
  if (wire.length > 0) wire[Math.floor((at / 256) * wire.length)]! ^= damage
  return {
    encoding,
    wire,
    size: Math.max(size, wire.length / CHUNKS_MAX),
    contentBytesMax: limit & 1 ? 16 * limit : MIB,
  }
}

function packed(encoding: 'gzip' | 'zstd', content: Buffer): Buffer {
  const compress = encoding === 'gzip' ? gzipSync : zstdCompressSync
  const pieces = content.toString('latin1').split(BETWEEN_MEMBERS)
  return Buffer.concat(pieces.map((piece) => compress(Buffer.from(piece, 'latin1'))))
}

async function answer(input: Buffer): Promise<string> {
  const { encoding, wire, size, contentBytesMax } = read(input)
  const limits = { bodyBytesMax: MIB, contentBytesMax, contentRatioMax: 1000, linesMax: 1000, idleMsMax: 10_000 }
  const hash = createHash('sha256')
  let bytes = 0
  const part: Pick<FileHandle, 'appendFile'> = {
    appendFile: async (chunk) => {
      hash.update(chunk as Buffer)
      bytes += (chunk as Buffer).length
    },
  }
  try {
    const body = Readable.from(chunks(wire, size), { objectMode: false })
    const result = await decode({ body, encoding, bodyBytes: size }, limits, part)
    if (result.wireBytes !== wire.length) throw new Error(`${result.wireBytes} of ${wire.length} bytes were counted`)
    if (result.bytes !== bytes || result.sha256 !== hash.digest('hex'))
      throw new Error('what was written is not what was said')
    return JSON.stringify(result)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (bytes > contentBytesMax) throw new Error(`${bytes} bytes were written, ${contentBytesMax} may be`)
    return `!${error.code}`
  }
}

function* chunks(bytes: Buffer, size: number): Generator<Buffer> {
  const step = Math.max(1, Math.ceil(size))
  for (let from = 0; from < bytes.length; from += step) yield bytes.subarray(from, from + step)
}

/** The digest of the decoded content by another program; null when it refuses; undefined when there is none to ask. */
async function digestBy(python: Python | undefined, { encoding, wire }: Case): Promise<string | null | undefined> {
  if (encoding === 'gzip') return python?.ask(wire) as Promise<string | null> | undefined
  if (encoding === 'identity') return wire.length === 0 ? null : createHash('sha256').update(wire).digest('hex')
  if (ZSTD_MISSING) return undefined
  try {
    const content = execFileSync('zstd', ['-d', '-c', '-q'], { input: wire, stdio: 'pipe', maxBuffer: 64 * MIB })
    return wire.length === 0 ? null : createHash('sha256').update(content).digest('hex')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOBUFS') return undefined
    return null
  }
}

export function decoder(): Target {
  const python = PYTHON_MISSING === false ? new Python(GUNZIP) : undefined
  return {
    about: 'the decoder of uploads, against Python for gzip and zstd for zstd',
    bytesMax: 1024,
    words: [
      '\u001f\u008b\u0008',
      '\u0028\u00b5\u002f\u00fd',
      '\u0050\u002a\u004d\u0018\u0002\u0000\u0000\u0000ab',
      BETWEEN_MEMBERS,
      '\n',
      '\u0000',
      '\u0001\u0000\u0000\u00ff\u00ff',
      '\u0003\u0000',
    ],
    answer,
    faultOf: () => undefined,
    slowFaultOf: async (input, given) => {
      const code = given.startsWith('!') ? given.slice(1) : undefined
      // A limit was reached: it may have been sound or not.
      if (code !== undefined && !NOT_SOUND.has(code)) return undefined
      const digest = await digestBy(python, read(input))
      if (digest === undefined) return undefined
      const own = code === undefined ? (JSON.parse(given) as { sha256: string }).sha256 : null
      return own === digest ? undefined : `it answers ${given}, another program ${digest ?? 'refuses it'}`
    },
    slowEvery: 100,
    ...OF_DECODED,
    msMax: 2000,
    close: async () => python?.close(),
  }
}
