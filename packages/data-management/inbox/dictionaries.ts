/**
 * The files that a sender may name as dictionaries (dcz, RFC 9842): its own uploads, from wherever their bytes lie, in memory while they
 * are in demand.
 *
 * Invariants:
 *  1. A key's dictionaries are the uploads that it has sent. Of all others, and of what never was, it is told the same.
 *  2. Bytes are handed out only when their SHA-256 is right: a damaged file is no dictionary.
 *  3. Those that are kept, and those that are in use, take bounded memory. Who comes when it is full sends without one.
 */
import { DICTIONARY_BYTES_MAX, isDictionary } from '@splitcart/shared/dictionary/dcz.ts'
import { isLoadedKind } from '@splitcart/shared/kinds.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Upload } from '../ledger/uploads.ts'
import type { inboxOf } from './folder/folder-inbox.ts'
import { openContent } from './open-content.ts'

// A decoder has a copy of its own, and a window.
const IN_USE_TIMES_KEPT = 4

/** `bytesKept`: how much is kept in memory; `daysKept`: for how long files stay after they were received. */
export type DictionaryLimits = Readonly<{ bytesKept: number; daysKept: number }>

type InboxStores = Parameters<typeof inboxOf>[0] & Readonly<{ ledger: Ledger }>

/** A dictionary in use. Dispose of it. */
export type Lease = Disposable & Readonly<{ bytes: Buffer }>

/** The dictionaries of all keys. */
export class Dictionaries {
  readonly #places: InboxStores
  readonly #limits: DictionaryLimits
  readonly #kept = new Map<string, Buffer>()
  #bytesKept = 0
  #bytesInUse = 0

  constructor(places: InboxStores, limits: DictionaryLimits) {
    this.#places = places
    this.#limits = limits
  }

  /** Throws `dictionary_unknown` unless a key has sent this upload and it may serve as a dictionary. */
  async check(sha256: string, keyId: string): Promise<Upload> {
    const upload = await this.#places.ledger.uploads.findSent(keyId, sha256)
    if (upload === undefined || !mayServe(upload)) throw unknown()
    return upload
  }

  /** Takes a dictionary into use, or throws `dictionary_unknown`. */
  async take(sha256: string, keyId: string): Promise<Lease> {
    const upload = await this.check(sha256, keyId)
    const size = upload.bytes
    if (this.#bytesInUse + size > IN_USE_TIMES_KEPT * Math.max(this.#limits.bytesKept, DICTIONARY_BYTES_MAX))
      throw unknown()
    this.#bytesInUse += size
    const release = () => {
      this.#bytesInUse -= size
    }
    try {
      const bytes = this.#again(sha256) ?? this.#keep(sha256, await this.#read(upload))
      if (!isDictionary(bytes)) throw unknown()
      return { bytes, [Symbol.dispose]: release }
    } catch (error) {
      release()
      throw error
    }
  }

  /** A receipt, with until when its upload may serve as a dictionary at least. */
  told<R extends Receipt>(receipt: R): R {
    const { kind, bytes, received_at } = receipt
    if (bytes === 0 || !mayServe({ kind: kind ?? '', bytes })) return receipt
    const until = Date.parse(received_at) + this.#limits.daysKept * DAY_MS
    return { ...receipt, dictionary_until: new Date(until).toISOString() }
  }

  async #read(upload: Upload): Promise<Buffer> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of await openContent(this.#places, upload)) chunks.push(chunk)
    } catch (error) {
      // Pruned, damaged, or out of reach: the file can be sent without it.
      throw unknown({ cause: error })
    }
    return Buffer.concat(chunks)
  }

  #again(sha256: string): Buffer | undefined {
    const bytes = this.#kept.get(sha256)
    if (bytes === undefined) return undefined
    this.#kept.delete(sha256)
    this.#kept.set(sha256, bytes)
    return bytes
  }

  #keep(sha256: string, bytes: Buffer): Buffer {
    this.#bytesKept += bytes.length - (this.#kept.get(sha256)?.length ?? 0)
    this.#kept.set(sha256, bytes)
    for (const [oldest, { length }] of this.#kept) {
      if (this.#bytesKept <= this.#limits.bytesKept) break
      this.#kept.delete(oldest)
      this.#bytesKept -= length
    }
    return bytes
  }
}

/** What is handed over to a program of the owner's does not stay here. */
function mayServe({ kind, bytes }: Pick<Upload, 'kind' | 'bytes'>): boolean {
  return isLoadedKind(kind) && bytes <= DICTIONARY_BYTES_MAX
}

function unknown(options?: ErrorOptions): Problem {
  return new Problem('dictionary_unknown', 'this key has no such upload whose bytes are at hand', options)
}
