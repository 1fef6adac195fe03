/**
 * A sample of the listings of a scrape: those with the smallest hashes of their codes. Two scrapes that show a listing have it in their
 * samples both or neither, up to the smaller of the hashes where they end; so what two samples share tells what the scrapes share.
 */

/** A listing in a sample. Texts are hashes (0: not told), money is whole cents (-1: not told), flags are 0, 1 and -1. */
export type Sampled = Readonly<{
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
}>

/** How many listings a sample has at most. */
export const SAMPLE_MAX = 256

const BYTES = 21

/** A sample as text. */
export function encodeSample(sample: readonly Sampled[]): string {
  const bytes = Buffer.alloc(sample.length * BYTES)
  for (const [place, each] of sample.entries()) {
    const at = place * BYTES
    bytes.writeUInt32LE(each.hash, at)
    bytes.writeInt32LE(each.price, at + 4)
    const texts = [each.name, each.brand, each.barcode, each.size, each.top, each.second]
    for (const [index, hash] of texts.entries()) bytes.writeUInt16LE(hash, at + 8 + 2 * index)
    bytes[at + 20] = each.available + 1 + 4 * (each.special + 1)
  }
  return bytes.toString('base64')
}

const decoded = new WeakMap<object, readonly Sampled[]>()

/** The sample of some figures; it is read once. */
export function sampleOf(figures: Readonly<{ sample: string }>): readonly Sampled[] {
  const known = decoded.get(figures) ?? decodeSample(figures.sample)
  decoded.set(figures, known)
  return known
}

/** Reads a sample; what is not one is an empty sample. */
function decodeSample(text: string): Sampled[] {
  const bytes = Buffer.from(text, 'base64')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const sample: Sampled[] = []
  for (let at = 0; at + BYTES <= bytes.length; at += BYTES) {
    const hashAt = (index: number) => view.getUint16(at + 8 + 2 * index, true)
    const flags = bytes[at + 20]!
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
    })
  }
  return sample
}

/** Those with the smallest hashes, in their order, each hash once: the one that came first. */
export function smallestOf<Each extends Readonly<{ hash: number }>>(all: readonly Each[]): Each[] {
  // Numbers of a hash and a place behind it: sorted without a comparison of our own.
  const keys = new Float64Array(all.length)
  for (let place = 0; place < keys.length; place++) keys[place] = all[place]!.hash * PLACES + place
  keys.sort()
  const smallest: Each[] = []
  let last = -1
  for (let at = 0; at < keys.length && smallest.length < SAMPLE_MAX; at++) {
    const each = all[keys[at]! % PLACES]!
    if (each.hash !== last) smallest.push(each)
    last = each.hash
  }
  return smallest
}

// More than are ever sorted together; with 32 bits of a hash it is a number without a fraction.
const PLACES = 2 ** 20

/** The largest hash up to which a sample has all listings of its scrape. */
export function reachOf(sample: readonly Readonly<{ hash: number }>[]): number {
  return sample.length < SAMPLE_MAX ? Number.POSITIVE_INFINITY : sample.at(-1)!.hash
}
