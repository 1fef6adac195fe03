/** Caches pictures of shops in memory for a day: this server fetches each once, and the browsers of users never do. */
import { lookup } from 'node:dns/promises'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { fetchPicture, type Internet, NoPicture, type Picture } from './fetch-picture.ts'
import { isPublicAddress } from './public-address.ts'

const BYTES_MAX = 32 * 1024 * 1024
const KEPT_MAX = 2_000
const KEPT_MS = DAY_MS
// For a picture that could not be fetched.
const FAILED_MS = 10 * 60 * 1000
const AT_ONCE_MAX = 8

/** The internet as this machine reaches it. */
export const INTERNET: Internet = {
  resolve: (host) => lookup(host, { all: true }),
  isAllowed: isPublicAddress,
}

type Kept = Readonly<{ picture: Picture | string; until: number }>

/** The cache of pictures, least recently used first. */
export class Pictures {
  readonly #internet: Internet
  readonly #now: () => number
  readonly #kept = new Map<string, Kept>()
  readonly #coming = new Map<string, Promise<Picture | string>>()
  #bytes = 0

  constructor(internet: Internet = INTERNET, now: () => number = () => performance.now()) {
    this.#internet = internet
    this.#now = now
  }

  /** The picture at an address, or why there is none; undefined if `AT_ONCE_MAX` are being fetched: retry. */
  async get(address: string): Promise<Picture | string | undefined> {
    const kept = this.#kept.get(address)
    if (kept !== undefined && this.#now() < kept.until) {
      this.#forget(address)
      this.#keep(address, kept)
      return kept.picture
    }
    const coming = this.#coming.get(address)
    if (coming !== undefined) return await coming
    if (this.#coming.size >= AT_ONCE_MAX) return undefined
    const fetched = this.#fetch(address)
    this.#coming.set(address, fetched)
    try {
      return await fetched
    } finally {
      this.#coming.delete(address)
    }
  }

  async #fetch(address: string): Promise<Picture | string> {
    const picture = await fetchPicture(address, this.#internet).catch((error: unknown) => {
      if (error instanceof NoPicture) return error.message
      throw error
    })
    this.#forget(address)
    this.#keep(address, { picture, until: this.#now() + (typeof picture === 'string' ? FAILED_MS : KEPT_MS) })
    return picture
  }

  #keep(address: string, kept: Kept): void {
    this.#kept.set(address, kept)
    this.#bytes += bytesOf(kept)
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= BYTES_MAX && this.#kept.size <= KEPT_MAX) break
      this.#forget(oldest)
    }
  }

  #forget(address: string): void {
    const kept = this.#kept.get(address)
    if (kept === undefined) return
    this.#kept.delete(address)
    this.#bytes -= bytesOf(kept)
  }
}

function bytesOf({ picture }: Kept): number {
  return typeof picture === 'string' ? 0 : picture.bytes.length
}
