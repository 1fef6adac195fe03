/** Caches product pictures in memory for a day. The server fetches them, so browsers never contact the shops. */
import { lookup } from 'node:dns/promises'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { fetchPicture, type Internet, NoPicture, type Picture } from './fetch-picture.ts'
import { isPublicAddress } from './public-address.ts'

const BYTES_MAX = 32 * 1024 * 1024
const PICTURES_MAX = 2_000
const FRESH_MS = DAY_MS
// How long the failure to fetch a picture is cached.
const RETRY_FAILED_MS = 10 * 60 * 1000
const FETCHES_MAX = 8

/** The network access of this machine, limited to public addresses. */
export const INTERNET: Internet = {
  resolve: (host) => lookup(host, { all: true }),
  isAllowed: isPublicAddress,
}

type CacheEntry = Readonly<{ picture: Picture | string; until: number }>

/** A cache of pictures; the least recently used are dropped first. */
export class PictureCache {
  readonly #internet: Internet
  readonly #now: () => number
  readonly #entries = new Map<string, CacheEntry>()
  readonly #pending = new Map<string, Promise<Picture | string>>()
  #bytes = 0

  constructor(internet: Internet = INTERNET, now: () => number = () => performance.now()) {
    this.#internet = internet
    this.#now = now
  }

  /** The picture at a URL, or why there is none; undefined if `FETCHES_MAX` pictures are being fetched now. */
  async get(address: string): Promise<Picture | string | undefined> {
    const kept = this.#entries.get(address)
    if (kept !== undefined && this.#now() < kept.until) {
      this.#drop(address)
      this.#store(address, kept)
      return kept.picture
    }
    const coming = this.#pending.get(address)
    if (coming !== undefined) return await coming
    if (this.#pending.size >= FETCHES_MAX) return undefined
    const fetched = this.#fetch(address)
    this.#pending.set(address, fetched)
    try {
      return await fetched
    } finally {
      this.#pending.delete(address)
    }
  }

  async #fetch(address: string): Promise<Picture | string> {
    const picture = await fetchPicture(address, this.#internet).catch((error: unknown) => {
      if (error instanceof NoPicture) return error.message
      throw error
    })
    this.#drop(address)
    this.#store(address, { picture, until: this.#now() + (typeof picture === 'string' ? RETRY_FAILED_MS : FRESH_MS) })
    return picture
  }

  #store(address: string, kept: CacheEntry): void {
    this.#entries.set(address, kept)
    this.#bytes += sizeOf(kept)
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= BYTES_MAX && this.#entries.size <= PICTURES_MAX) break
      this.#drop(oldest)
    }
  }

  #drop(address: string): void {
    const kept = this.#entries.get(address)
    if (kept === undefined) return
    this.#entries.delete(address)
    this.#bytes -= sizeOf(kept)
  }
}

function sizeOf({ picture }: CacheEntry): number {
  return typeof picture === 'string' ? 0 : picture.bytes.length
}
