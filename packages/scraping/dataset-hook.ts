/**
 * Also writes the items that a Crawlee or Apify crawler pushes into its dataset to the outbox, by wrapping
 * `Dataset.pushData`: every item passes it, whether pushed directly, by a request handler, or by an actor.
 */
import { localDate } from '@splitcart/shared/date.ts'
import { rowOf } from './intake/mapping.ts'
import { type Committed, JsonlWriter } from './jsonl-writer.ts'

type Item = Readonly<Record<string, unknown>>

/** The part of the class `Dataset` that is used here. */
export type DatasetClass = Readonly<{ prototype: { pushData(data: never): Promise<void> } }>

/** Defaults for fields that items lack; `rowsMin`: with fewer rows the scrape is incomplete (default 1). */
export type HookOptions = Readonly<{
  company?: string
  store?: string
  storeName?: string
  date?: string
  /** Converts an item: an object with product and metadata is a row, any other one is the product of a row. */
  rowOf?: (item: Item) => Item
  rowsMin?: number
}>

/** The part of the result of `crawler.run()` that is used here. */
export type CrawlResult = Readonly<{ requestsFailed?: number }>

/**
 * Opens a file for the outbox and writes every item pushed from now on. Call `commit` with the result of the crawl; a
 * failed or disposed hook leaves no file.
 */
export async function intoOutbox(
  dataset: DatasetClass,
  dataDir: string,
  options: HookOptions = {},
): Promise<OutboxHook> {
  return new OutboxHook(dataset, await JsonlWriter.open(dataDir), options)
}

/** The hook, until it is committed or disposed of. */
export class OutboxHook implements AsyncDisposable {
  readonly #writer: JsonlWriter
  readonly #release: () => void
  readonly #rowsMin: number
  #rows = 0
  #fault: unknown

  constructor(dataset: DatasetClass, writer: JsonlWriter, options: HookOptions) {
    this.#writer = writer
    this.#rowsMin = options.rowsMin ?? 1
    const { prototype } = dataset as Readonly<{ prototype: { pushData(data: unknown): Promise<void> } }>
    const { pushData } = prototype
    const take = (items: readonly unknown[]) => this.#write(items, options)
    // The dataset comes first: an item that it refuses is not a row.
    prototype.pushData = async function (this: unknown, data: unknown): Promise<void> {
      await pushData.call(this, data)
      await take([data].flat())
    }
    this.#release = () => {
      prototype.pushData = pushData
    }
  }

  /** Moves the file to the outbox. Throws and leaves no file if requests failed, or rows are missing or too few. */
  async commit({ requestsFailed = 0 }: CrawlResult = {}): Promise<Committed> {
    this.#release()
    try {
      if (this.#fault !== undefined) throw this.#fault
      if (requestsFailed > 0) throw new Error(`The scrape is not complete: ${requestsFailed} requests failed.`)
      if (this.#rows < this.#rowsMin) throw new Error(`The scrape is not complete: ${this.#rows} rows came.`)
      return await this.#writer.commit()
    } catch (cause) {
      await this.#writer[Symbol.asyncDispose]()
      throw cause
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#release()
    await this.#writer[Symbol.asyncDispose]()
  }

  async #write(items: readonly unknown[], { rowOf: own = (item) => item, date = localDate(), ...ofAll }: HookOptions) {
    try {
      for (const item of items) {
        await this.#writer.write(rowOf({ at: 'item', fields: own(item as Item) }, undefined, { ...ofAll, date }))
        this.#rows++
      }
    } catch (cause) {
      // Crawlee may retry the request successfully, but the row is still missing.
      this.#fault ??= cause
      throw cause
    }
  }
}
