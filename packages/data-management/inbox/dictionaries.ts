/**
 * The files that a sender may name as dictionaries (dcz, RFC 9842): its own uploads, wherever their bytes lie. Those
 * used last stay in memory.
 *
 * Invariants:
 *  1. A key's dictionaries are the uploads that it has sent. For the uploads of others it gets the same error as for
 *     uploads that never existed.
 *  2. Bytes are handed out only if their SHA-256 is right: a damaged file is not a dictionary.
 *  3. The cached dictionaries and those in use take bounded memory. When it is full, a sender sends without one.
 */
import { DICTIONARY_BYTES_MAX, isRawDictionary } from '@splitcart/shared/dictionary/dcz.ts'
import { isLoadedKind } from '@splitcart/shared/kinds.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Upload } from '../ledger/uploads.ts'
import type { inboxOf } from './folder/folder-inbox.ts'
import { openContent } from './open-content.ts'

// The most bytes in use at a time, as a multiple of the cache's size (at least of one largest dictionary). Each use
// also costs the decoder's own copy and a window.
const IN_USE_FACTOR = 4

/** `bytesKept`: the size of the cache in memory; `daysKept`: for how many days after receipt files are kept. */
export type DictionaryLimits = Readonly<{ bytesKept: number; daysKept: number }>

type ContentStores = Parameters<typeof inboxOf>[0] & Readonly<{ ledger: Ledger }>

/** A dictionary in use, which counts against the memory limit until it is disposed of. */
export type Lease = Disposable & Readonly<{ bytes: Buffer }>

/** The dictionaries of all keys, with a cache: the least recently used ones go first. */
export class Dictionaries {
  readonly #stores: ContentStores
  readonly #limits: DictionaryLimits
  readonly #cache = new Map<string, Buffer>()
  #bytesCached = 0
  #bytesInUse = 0

  constructor(stores: ContentStores, limits: DictionaryLimits) {
    this.#stores = stores
    this.#limits = limits
  }

  /** The upload that a key names as a dictionary. Throws `dictionary_unknown` if it is not the key's, or unfit. */
  async find(sha256: string, keyId: string): Promise<Upload> {
    const upload = await this.#stores.ledger.uploads.findSentBy(keyId, sha256)
    if (upload === undefined || !canBeDictionary(upload)) throw dictionaryUnknown()
    return upload
  }

  /** Takes a dictionary into use. Throws `dictionary_unknown`, also if its bytes are gone or too many are in use. */
  async lease(sha256: string, keyId: string): Promise<Lease> {
    const upload = await this.find(sha256, keyId)
    const size = upload.bytes
    if (this.#bytesInUse + size > IN_USE_FACTOR * Math.max(this.#limits.bytesKept, DICTIONARY_BYTES_MAX))
      throw dictionaryUnknown()
    this.#bytesInUse += size
    const release = () => {
      this.#bytesInUse -= size
    }
    try {
      const bytes = this.#cached(sha256) ?? this.#addToCache(sha256, await this.#read(upload))
      return { bytes, [Symbol.dispose]: release }
    } catch (error) {
      release()
      throw error
    }
  }

  /** Adds `dictionary_until` to a receipt, if its file can be a dictionary: the time until which it is kept for that. */
  withDictionaryUntil<R extends Receipt>(receipt: R): R {
    const { kind, bytes, received_at } = receipt
    if (bytes === 0 || !canBeDictionary({ kind: kind ?? '', bytes })) return receipt
    const until = Date.parse(received_at) + this.#limits.daysKept * DAY_MS
    return { ...receipt, dictionary_until: new Date(until).toISOString() }
  }

  async #read(upload: Upload): Promise<Buffer> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of await openContent(this.#stores, upload)) chunks.push(chunk)
    } catch (error) {
      // Pruned, damaged, or unreachable: the sender can send its file without a dictionary.
      throw dictionaryUnknown({ cause: error })
    }
    const bytes = Buffer.concat(chunks)
    if (!isRawDictionary(bytes)) throw dictionaryUnknown()
    return bytes
  }

  #cached(sha256: string): Buffer | undefined {
    const bytes = this.#cache.get(sha256)
    if (bytes === undefined) return undefined
    this.#cache.delete(sha256)
    this.#cache.set(sha256, bytes)
    return bytes
  }

  #addToCache(sha256: string, bytes: Buffer): Buffer {
    // A larger one would evict all others, and then itself.
    if (bytes.length > this.#limits.bytesKept) return bytes
    this.#bytesCached += bytes.length - (this.#cache.get(sha256)?.length ?? 0)
    this.#cache.set(sha256, bytes)
    for (const [oldest, { length }] of this.#cache) {
      if (this.#bytesCached <= this.#limits.bytesKept) break
      this.#cache.delete(oldest)
      this.#bytesCached -= length
    }
    return bytes
  }
}

/** Whether an upload can be a dictionary. Files of kinds that are not loaded here are handed over and not kept. */
function canBeDictionary({ kind, bytes }: Pick<Upload, 'kind' | 'bytes'>): boolean {
  return isLoadedKind(kind) && bytes <= DICTIONARY_BYTES_MAX
}

function dictionaryUnknown(options?: ErrorOptions): Problem {
  return new Problem('dictionary_unknown', 'this key has no such upload whose bytes are at hand', options)
}
