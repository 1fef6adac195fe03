/** Bodies in dcz that are to be refused: by chance, of each kind. */
import { createHash } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import { DCZ_HEAD_BYTES, dczHead } from '@splitcart/shared/dictionary/dcz.ts'
import type { Chance } from '../packages/data-management/test/random.ts'

/** `refusals`: the codes that an answer may have. */
export type HostileBody = Readonly<{
  kind: string
  body: Buffer
  sha256: string | undefined
  refusals: readonly string[]
}>

/** `own`: what the key has sent; `others`: what another key has. */
export type Known = Readonly<{ own: Buffer; others: Buffer }>

const MIB = 1024 * 1024
const DAMAGED = [
  'body_damaged',
  'body_empty',
  'digest_mismatch',
  'window_too_large',
  'ratio_too_large',
  'members_too_many',
]

/** How a body of each kind is made. */
const KINDS: Readonly<Record<string, (known: Known, chance: Chance) => Omit<HostileBody, 'kind'>>> = {
  'a dictionary that never was': (known, chance) => {
    const sha256 = sha256Of(String(below(1e9, chance)))
    return { ...sound(known, chance, sha256), refusals: ['dictionary_unknown'] }
  },
  "another key's dictionary": ({ others }, chance) => ({
    ...sound({ own: others, others }, chance),
    refusals: ['dictionary_unknown'],
  }),
  'packed with another dictionary than it names': ({ own, others }, chance) => ({
    ...sound({ own: others, others }, chance, sha256Of(own)),
    refusals: DAMAGED,
  }),
  'a bomb': ({ own }, chance) => {
    const text = Buffer.alloc(chance.between(2, 8) * MIB, chance.between(0, 255))
    return { body: packed(text, own), sha256: sha256Of(text), refusals: ['ratio_too_large', 'lines_too_many'] }
  },
  'cut anywhere': (known, chance) => {
    const { body, sha256 } = sound(known, chance)
    return { body: body.subarray(0, below(body.length, chance)), sha256, refusals: DAMAGED }
  },
  'a window that is too large': ({ own }, chance) => {
    const text = changed(own, chance)
    const body = Buffer.concat([dczHead(sha256Of(own)), frameWithWindow(chance.between(24, 41), text)])
    return { body, sha256: sha256Of(text), refusals: ['window_too_large'] }
  },
  'a byte that is not what it was': (known, chance) => {
    const { body, sha256 } = sound(known, chance)
    const damaged = Buffer.from(body)
    // What lies in the head of a frame may be another one, and the content be the same.
    const at = chance.is(0.5) ? below(DCZ_HEAD_BYTES, chance) : chance.between(DCZ_HEAD_BYTES + 20, damaged.length - 1)
    damaged[at]! ^= chance.between(1, 255)
    return { body: damaged, sha256, refusals: [...DAMAGED, 'dictionary_unknown'] }
  },
  'without a digest': (known, chance) => ({ ...sound(known, chance), sha256: undefined, refusals: ['digest_missing'] }),
  'with the digest of something else': (known, chance) => ({
    ...sound(known, chance),
    sha256: sha256Of('something else'),
    refusals: ['digest_mismatch'],
  }),
  'something behind its end': (known, chance) => {
    const { body, sha256 } = sound(known, chance)
    return { body: Buffer.concat([body, Buffer.from('x'.repeat(chance.between(1, 9)))]), sha256, refusals: DAMAGED }
  },
  'zstd without a head': ({ own }, chance) => {
    const text = changed(own, chance)
    return { body: zstdCompressSync(text), sha256: sha256Of(text), refusals: ['body_damaged'] }
  },
}

/** So many, the kinds in turn. */
export function* hostileBodies(count: number, known: Known, chance: Chance): Generator<HostileBody> {
  const kinds = Object.entries(KINDS)
  for (let index = 0; index < count; index++) {
    const [kind, make] = kinds[index % kinds.length]!
    yield { kind, ...make(known, chance) }
  }
}

function sound({ own }: Known, chance: Chance, named = sha256Of(own)) {
  const text = changed(own, chance)
  return { body: Buffer.concat([dczHead(named), packed(text, own).subarray(40)]), sha256: sha256Of(text) }
}

/** What nobody has sent yet. */
function changed(bytes: Buffer, chance: Chance): Buffer {
  return Buffer.from(bytes.toString().replace('1.5', String(below(1e9, chance))))
}

function packed(text: Buffer, dictionary: Buffer): Buffer {
  const params = { [constants.ZSTD_c_compressionLevel]: 5, [constants.ZSTD_c_checksumFlag]: 1 }
  return Buffer.concat([dczHead(sha256Of(dictionary)), zstdCompressSync(text, { dictionary, params })])
}

/** One raw block in a frame that asks for a window of its own (RFC 8878, section 3.1.1). */
function frameWithWindow(windowLog: number, text: Buffer): Buffer {
  const content = text.subarray(0, 0xffff)
  const block = Buffer.alloc(3)
  block.writeUIntLE((content.length << 3) | 1, 0, 3)
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3]), block, content])
}

function below(max: number, chance: Chance): number {
  return chance.between(0, max - 1)
}

function sha256Of(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}
