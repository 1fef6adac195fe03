/**
 * Bodies in dcz, against the same library asked for all of it at once. The first four bytes say how: whose dictionary the head names and
 * whether the rest is on the wire as it is or is compressed first; the size of the chunks; and where a byte is damaged, and how.
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { decode } from '@splitcart/data-management/inbox/decode.ts'
import { compressionOptions, DCZ_HEAD_BYTES, dczHead, dictionarySha256In } from '@splitcart/shared/dictionary/dcz.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Target } from '../target.ts'
import { OF_DECODED } from './decoded.ts'

const MIB = 1024 * 1024
const LIMITS = { bodyBytesMax: MIB, contentBytesMax: MIB, contentRatioMax: 1000, linesMax: 1000, idleMsMax: 10_000 }
const ROW = '{"product":{"sku":"s1","name":"Milk","price_current":1.5},"metadata":{"company":"aldi"}}\n'
const OWN = Buffer.from(Array.from({ length: 40 }, (_, index) => ROW.replace('s1', `s${index}`)).join(''))
const OTHERS = Buffer.from(OWN.toString().replaceAll('Milk', 'Mild'))
const CHUNKS_MAX = 24
const NOT_SOUND = new Set(['body_damaged', 'body_empty', 'dictionary_unknown'])

/** `content`: what a body holds that was packed as it should be, and came whole. */
type Case = Readonly<{ wire: Buffer; size: number; content?: Buffer }>

function read(input: Buffer): Case {
  const [how = 0, size = 0, at = 0, damage = 0] = input
  const rest = Buffer.from(input.subarray(4))
  const head = how & 0x01 ? dczHead(sha256Of(how & 0x02 ? OTHERS : OWN)) : Buffer.alloc(0)
  const packedWith = how & 0x04 ? OTHERS : OWN
  const wire = Buffer.concat([
    head,
    how & 0x80 ? zstdCompressSync(rest, compressionOptions(packedWith, rest.length)) : rest,
  ])
  if (wire.length > 0) wire[Math.floor((at / 256) * wire.length)]! ^= damage
  const isSound = (how & 0x87) === 0x81 && damage === 0
  return { wire, size: Math.max(size, wire.length / CHUNKS_MAX, 1), ...(isSound && { content: rest }) }
}

async function answer(input: Buffer): Promise<string> {
  const { wire, size } = read(input)
  const hash = createHash('sha256')
  let bytes = 0
  const appendFile = async (chunk: unknown) => {
    hash.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
  }
  const dictionary = async (sha256: string) => {
    if (sha256 !== sha256Of(OWN)) throw new Problem('dictionary_unknown')
    return { bytes: OWN, [Symbol.dispose]: () => {} }
  }
  try {
    const body = Readable.from(portions(wire, Math.ceil(size)), { objectMode: false })
    const result = await decode({ body, encoding: 'dcz', dictionary }, LIMITS, { appendFile })
    if (result.bytes !== bytes || result.sha256 !== hash.digest('hex'))
      throw new Error('what was written is not what was said')
    return JSON.stringify(result)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (bytes > LIMITS.contentBytesMax) throw new Error(`${bytes} bytes were written`)
    return `!${error.code}`
  }
}

/** The digest of the content; null where the body is none that may be taken. */
function digestBy(wire: Buffer): string | null {
  if (dictionarySha256In(wire) !== sha256Of(OWN) || wire.length === DCZ_HEAD_BYTES) return null
  try {
    const params = { [constants.ZSTD_d_windowLogMax]: 23 }
    return sha256Of(zstdDecompressSync(wire, { dictionary: OWN, params, maxOutputLength: 64 * MIB }))
  } catch {
    return null
  }
}

export function dcz(): Target {
  return {
    about: 'bodies that refer to a dictionary, against zstd asked for all of it at once',
    bytesMax: 1024,
    words: ['\u005e\u002a\u004d\u0018\u0020\u0000\u0000\u0000', '\u0028\u00b5\u002f\u00fd', ROW, '\n\n\n\n\n'],
    answer,
    faultOf: (input, given) => {
      const code = given.startsWith('!') ? given.slice(1) : undefined
      // A limit was reached: it may have been sound or not.
      if (code !== undefined && !NOT_SOUND.has(code)) return undefined
      const { wire, content } = read(input)
      if (code !== undefined) return content === undefined ? undefined : `it answers ${given} to a sound body`
      const digest = digestBy(wire)
      const own = (JSON.parse(given) as { sha256: string }).sha256
      // What was packed here must come out; of all else, nothing but what the library makes of it, which also leaves out what it cannot read.
      const right = content === undefined ? digest : sha256Of(content)
      return own === right ? undefined : `it answers ${given}, zstd ${right ?? 'refuses it'}`
    },
    ...OF_DECODED,
    msMax: 2000,
  }
}

function* portions(bytes: Buffer, size: number): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
