/**
 * What a crawler of Crawlee or Apify pushes into its dataset, into the outbox too: `Dataset.pushData` is where every item comes by, whether it is
 * called by itself, by a request handler, or by an actor.
 */
import { rowOf } from './intake/mapping.ts'
import { type Committed, JsonlWriter } from './jsonl-writer.ts'

type Item = Readonly<Record<string, unknown>>

/** The class `Dataset`, as far as it matters here. */
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

/**
 * Opens a file in the outbox, and writes what is pushed from now on. `commit` it with the result of the crawl; a crawl that failed, or is
 * disposed of, leaves nothing.
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
    const take = (items: readonly unknown[]) => this.#take(items, options)
    // What the dataset refuses is no row: its own way comes first.
    prototype.pushData = async function (this: unknown, data: unknown): Promise<void> {
      await pushData.call(this, data)
      await take([data].flat())
    }
    this.#release = () => {
      prototype.pushData = pushData
    }
  }

  /** Hands the file to the outbox, unless a request failed for good or a row could not be written: then it throws, and nothing is left. */
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

  async #take(items: readonly unknown[], { rowOf: own = (item) => item, date = localDate(), ...ofAll }: HookOptions) {
    try {
      for (const item of items) {
        await this.#writer.write(rowOf({ at: 'item', fields: own(item as Item) }, undefined, { ...ofAll, date }))
        this.#rows++
      }
    } catch (cause) {
      // Crawlee tries the request again, and may get through: a row is missing all the same.
      this.#fault ??= cause
      throw cause
    }
  }
}

function localDate(now = new Date()): string {
  const two = (number: number) => String(number).padStart(2, '0')
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}
