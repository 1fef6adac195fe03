import type { Committed } from '@splitcart/jsonl-writer'

type Item = Readonly<Record<string, unknown>>

/** The class `Dataset` of Crawlee or Apify. */
export type DatasetClass = Readonly<{ prototype: { pushData(data: never): Promise<void> } }>

/** What is true of all items, where they do not say it; `rowsMin`: with fewer rows the scrape is not complete. */
export type HookOptions = Readonly<{
  company?: string
  store?: string
  storeName?: string
  date?: string
  /** What becomes of an item; an object with product and metadata is a row, any other one the product of a row. */
  rowOf?: (item: Item) => Item
  rowsMin?: number
}>

/** What `crawler.run()` resolves to, as far as it matters here. */
export type CrawlResult = Readonly<{ requestsFailed?: number }>

/** Opens a file in the outbox, and writes what is pushed into any dataset from now on. */
export declare function intoOutbox(dataset: DatasetClass, dataDir: string, options?: HookOptions): Promise<OutboxHook>

/** The hook, until it is committed or disposed of. */
export declare class OutboxHook {
  private constructor()
  /** Hands the file to the outbox, unless a request failed for good or a row could not be written: then it throws, and nothing is left. */
  commit(result?: CrawlResult): Promise<Committed>
  [Symbol.asyncDispose](): Promise<void>
}
