/**
 * A sample of the listings of a scrape: those with the smallest hashes of their codes. Two samples contain the same
 * shared listings up to the smaller of their largest hashes, so that they are comparable.
 */

/** A listing in a sample. Texts are hashes (0: absent), money is whole cents and flags are 0 or 1 (-1: absent). */
export type SampledListing = Readonly<{
  hash: number
  price: number
  name: number
  brand: number
  barcode: number
  size: number
  top: number
  second: number
  available: number
  special: number
  url: number
  image: number
}>

/**
 * A sample in base64, as stored in figures. `addresses`: the hashes of url and image_url; figures made by an older
 * version lack them, and older clients ignore them.
 */
export type EncodedSample = Readonly<{ sample: string; addresses?: string }>

/** The maximum number of listings in a sample. */
export const SAMPLE_MAX = 256

const LISTING_BYTES = 21
const ADDRESS_BYTES = 4

/** Encodes a sample: 21 bytes per listing, and 4 for its addresses. */
export function encodeSample(sample: readonly SampledListing[]): Required<EncodedSample> {
  const addresses = Buffer.alloc(sample.length * ADDRESS_BYTES)
  for (const [place, { url, image }] of sample.entries()) {
    addresses.writeUInt16LE(url, place * ADDRESS_BYTES)
    addresses.writeUInt16LE(image, place * ADDRESS_BYTES + 2)
  }
  return { sample: encodeListings(sample), addresses: addresses.toString('base64') }
}

function encodeListings(sample: readonly SampledListing[]): string {
  const bytes = Buffer.alloc(sample.length * LISTING_BYTES)
  for (const [place, each] of sample.entries()) {
    const at = place * LISTING_BYTES
    bytes.writeUInt32LE(each.hash, at)
    bytes.writeInt32LE(each.price, at + 4)
    const texts = [each.name, each.brand, each.barcode, each.size, each.top, each.second]
    for (const [index, hash] of texts.entries()) bytes.writeUInt16LE(hash, at + 8 + 2 * index)
    bytes[at + 20] = each.available + 1 + 4 * (each.special + 1)
  }
  return bytes.toString('base64')
}

const decodedSamples = new WeakMap<object, readonly SampledListing[]>()

/** The decoded sample of some figures, cached. */
export function sampleOf(figures: EncodedSample): readonly SampledListing[] {
  const known = decodedSamples.get(figures) ?? decodeSample(figures)
  decodedSamples.set(figures, known)
  return known
}

/** Decodes a sample; bytes that make no whole listing are left out. */
function decodeSample({ sample: text, addresses = '' }: EncodedSample): SampledListing[] {
  const bytes = Buffer.from(text, 'base64')
  const addressBytes = Buffer.from(addresses, 'base64')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const sample: SampledListing[] = []
  for (let at = 0; at + LISTING_BYTES <= bytes.length; at += LISTING_BYTES) {
    const hashAt = (index: number) => view.getUint16(at + 8 + 2 * index, true)
    const flags = bytes[at + 20]!
    const addressAt = (at / LISTING_BYTES) * ADDRESS_BYTES
    const hasAddresses = addressAt + ADDRESS_BYTES <= addressBytes.length
    sample.push({
      hash: view.getUint32(at, true),
      price: view.getInt32(at + 4, true),
      name: hashAt(0),
      brand: hashAt(1),
      barcode: hashAt(2),
      size: hashAt(3),
      top: hashAt(4),
      second: hashAt(5),
      available: (flags & 3) - 1,
      special: (flags >> 2) - 1,
      url: hasAddresses ? addressBytes.readUInt16LE(addressAt) : 0,
      image: hasAddresses ? addressBytes.readUInt16LE(addressAt + 2) : 0,
    })
  }
  return sample
}

/** The items with the smallest hashes, ascending; of equal hashes only the first item. At most `SAMPLE_MAX`. */
export function smallestHashes<Each extends Readonly<{ hash: number }>>(all: readonly Each[]): Each[] {
  // Each number combines a hash and an index, so that the native numeric sort needs no comparator.
  const keys = new Float64Array(all.length)
  for (let place = 0; place < keys.length; place++) keys[place] = all[place]!.hash * INDEX_FACTOR + place
  keys.sort()
  const smallest: Each[] = []
  let last = -1
  for (let at = 0; at < keys.length && smallest.length < SAMPLE_MAX; at++) {
    const each = all[keys[at]! % INDEX_FACTOR]!
    if (each.hash !== last) smallest.push(each)
    last = each.hash
  }
  return smallest
}

// More items than are ever sorted at once; multiplied by a 32-bit hash it is still a safe integer.
const INDEX_FACTOR = 2 ** 20

/** The largest hash up to which a sample contains all listings of its scrape; Infinity if it contains all. */
export function largestCompleteHash(sample: readonly Readonly<{ hash: number }>[]): number {
  return sample.length < SAMPLE_MAX ? Number.POSITIVE_INFINITY : sample.at(-1)!.hash
}
