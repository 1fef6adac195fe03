/** The fields that describe a file: Content-Disposition, Unencoded-Digest, and the metadata of tus. The first byte chooses. */
import { parseMetadata } from '@splitcart/data-management/http/routes/resumable-metadata.ts'
import { checkedFileName, fileNameIn } from '@splitcart/data-management/http/routes/upload.ts'
import { fromUnencodedDigest } from '@splitcart/shared/digest.ts'
import { faultOfFileName } from '@splitcart/shared/file-name.ts'
import { Metadata } from '@tus/utils'
import type { Target } from '../target.ts'
import { answerOf, unlessEqual } from './problem-answer.ts'

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

type Field = 'disposition' | 'digest' | 'metadata'

const FIELDS: readonly Field[] = ['disposition', 'digest', 'metadata']

function read(input: Buffer): { field: Field; text: string } {
  // Node hands over fields as Latin-1, without spaces around them.
  return { field: FIELDS[(input[0] ?? 0) % FIELDS.length]!, text: input.subarray(1).toString('latin1').trim() }
}

function answer(input: Buffer): string {
  const { field, text } = read(input)
  if (field === 'disposition')
    return answerOf(() => checkedFileName(fileNameIn({ 'content-disposition': text }), '.jsonl'))
  if (field === 'digest') return answerOf(() => fromUnencodedDigest(text))
  return answerOf(() => described(text))
}

function described(text: string): unknown {
  let metadata: ReturnType<typeof Metadata.parse>
  try {
    metadata = Metadata.parse(text)
  } catch {
    // What tus cannot read it refuses by itself.
    return 'not metadata'
  }
  return parseMetadata(metadata)
}

function faultOf(input: Buffer, given: string): string | undefined {
  const { field, text } = read(input)
  if (field === 'digest') return unlessEqual(given, JSON.stringify(digestIn(text)) ?? 'undefined')
  if (given.startsWith('!') || given === '"not metadata"') return undefined
  const value = JSON.parse(given) as string | { filename: string; encoding: string; sha256?: string }
  const { filename, encoding, sha256 } = typeof value === 'string' ? { filename: value } : value
  const fault = faultOfFileName(filename)
  if (fault !== undefined) return `the name ${JSON.stringify(filename)} ${fault}`
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) return `${sha256} is no SHA-256`
  if (encoding !== undefined && !['gzip', 'zstd', 'identity'].includes(encoding)) return `${encoding} is no encoding`
  return undefined
}

/** The first member called sha-256, bit by bit: undefined without one, null where it is none. */
function digestIn(text: string): string | null | undefined {
  const member = text
    .split(',')
    .map((each) => each.trim())
    .find((each) => /^sha-256(=|$)/i.test(each))
  if (member === undefined) return undefined
  const value = member.slice('sha-256='.length)
  if (value.length !== 46 || value[0] !== ':' || !value.endsWith('=:')) return null
  let bits = ''
  for (const digit of value.slice(1, 44)) {
    if (!BASE64.includes(digit)) return null
    bits += BASE64.indexOf(digit).toString(2).padStart(6, '0')
  }
  return (bits.slice(0, 256).match(/.{4}/g) ?? []).map((four) => Number.parseInt(four, 2).toString(16)).join('')
}

export function headers(): Target {
  return {
    about: 'Content-Disposition, Unencoded-Digest and the metadata of tus: a name that is taken is a name',
    bytesMax: 600,
    words: [
      'attachment; ',
      'filename=',
      'filename*=',
      "UTF-8''",
      '"',
      '\\"',
      '.jsonl',
      '.jsonl.gz',
      '%',
      '%2f',
      '%c3%a9',
      '\u00c3\u00a9',
      ';',
      '=',
      'sha-256=:',
      '=:',
      ',',
      ' ',
      'filename ',
      'encoding ',
      'sha256 ',
      'Z3ppcA==',
      'YS5qc29ubA==',
      'form-data; name="file"; ',
    ],
    answer,
    faultOf,
    kindOf: (given) =>
      given.startsWith('!') ? given : `${given.length > 2} ${given.startsWith('{')} ${given.length === 66}`,
    // A digest is taken whatever it is written with.
    withMistake: (input, given) => {
      const { field, text } = read(input)
      const [, base64] = field === 'digest' && given === 'null' ? (/^sha-256=:(.{43}=):$/i.exec(text) ?? []) : []
      return base64 === undefined ? given : JSON.stringify(Buffer.from(base64, 'base64').toString('hex'))
    },
    msMax: 200,
  }
}
