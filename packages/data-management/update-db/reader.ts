/** Reads files into batches, one after the other. */
import type { AcceptedRepair } from '@splitcart/shared/truth/finding.ts'
import { ListingCache } from '../catalogue/load/listing-cache.ts'
import type { RowBatch } from '../catalogue/load/row-batch.ts'
import type { StoredFile } from '../inbox/stored.ts'
import { ReaderNumbers } from './numbers.ts'
import { RowBatchReader } from './row-batch-reader.ts'

/** A file to read. `bytes` opens it from its start; `stored`: its place, for a reader that opens it by itself. */
export type ReadRequest = Readonly<{
  bytes: () => AsyncIterable<Buffer>
  stored?: StoredFile | undefined
  lineBytesMax: number
  /** The companies, and stores as company/store, that the sender may write for; null or not given: all. */
  onlyFor?: readonly string[] | null
  /** The repair of each row; null or omitted: none. */
  repair?: AcceptedRepair | null
}>

/** A reader of files. `cache` resolves the numbers in its batches; `expect` announces the next file. */
export type Reader = Readonly<{
  cache: ListingCache
  batches: (order: ReadRequest) => AsyncIterable<RowBatch>
  expect?: (order: ReadRequest) => void
}>

/** Reads in this thread. */
export class LocalReader implements Reader {
  readonly cache = new ListingCache()
  readonly #numbers = new ReaderNumbers()

  async *batches(request: ReadRequest): AsyncGenerator<RowBatch> {
    for await (const batch of batchesOf(request, this.#numbers)) {
      this.cache.add(batch)
      yield batch
    }
  }
}

/** Reads one file. */
export async function* batchesOf(
  { bytes, lineBytesMax, onlyFor = null, repair = null }: ReadRequest,
  numbers: ReaderNumbers,
): AsyncGenerator<RowBatch> {
  const reader = new RowBatchReader({ lineBytesMax, onlyFor, repair: repair?.repair ?? null }, numbers)
  for await (const chunk of bytes()) yield* reader.read(chunk)
  yield* reader.end()
}
