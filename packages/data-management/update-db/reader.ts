/** Reads files into portions, one after the other. */
import type { RepairedBy } from '@splitcart/shared/truth/verdict.ts'
import { ListingMemory } from '../catalogue/load/listing-memory.ts'
import type { Portion } from '../catalogue/load/portion.ts'
import type { Stored } from '../inbox/stored.ts'
import { Numbers } from './numbers.ts'
import { PortionReader } from './portion-reader.ts'

/** A file to read. `bytes` opens it from its start; `stored`: its place, for a reader that opens it by itself. */
export type ReadRequest = Readonly<{
  bytes: () => AsyncIterable<Buffer>
  stored?: Stored | undefined
  lineBytesMax: number
  /** The companies, and stores as company/store, that the sender may write for; null or not given: all. */
  onlyFor?: readonly string[] | null
  /** The repair of each row; null or omitted: none. */
  repair?: RepairedBy | null
}>

/** A reader of files. `memory` resolves the numbers in its portions; `expect` announces the next file. */
export type Reader = Readonly<{
  memory: ListingMemory
  portions: (order: ReadRequest) => AsyncIterable<Portion>
  expect?: (order: ReadRequest) => void
}>

/** Reads in this thread. */
export class LocalReader implements Reader {
  readonly memory = new ListingMemory()
  readonly #numbers = new Numbers()

  async *portions(order: ReadRequest): AsyncGenerator<Portion> {
    for await (const portion of portionsOf(order, this.#numbers)) {
      this.memory.note(portion)
      yield portion
    }
  }
}

/** Reads one file. */
export async function* portionsOf(
  { bytes, lineBytesMax, onlyFor = null, repair = null }: ReadRequest,
  numbers: Numbers,
): AsyncGenerator<Portion> {
  const reader = new PortionReader({ lineBytesMax, onlyFor, repair: repair?.repair ?? null }, numbers)
  for await (const chunk of bytes()) yield* reader.read(chunk)
  yield* reader.end()
}
